import { describe, expect, it } from '@jest/globals';
import { booksInTurn } from '../../src/batch/books-in-turn.ts';
import type { BatchBooks } from '../../src/money/batches/batch-store.ts';

/** Books whose requests are answered when the test says so. */
function slowBooks() {
  const waiting: PromiseWithResolvers<undefined>[] = [];
  const asked: string[] = [];
  const get = (id: string) => {
    asked.push(id);
    const answer = Promise.withResolvers<undefined>();
    waiting.push(answer);
    return answer.promise;
  };
  const books = booksInTurn({ get } as unknown as BatchBooks, 4_096);
  const answer = async (): Promise<void> => {
    waiting.shift()?.resolve(undefined);
    for (let step = 0; step < 5; step += 1) await null;
  };
  return { books, asked, waiting, answer };
}

describe('what callers ask of the store of batches', () => {
  it('is asked some at a time, in order', async () => {
    const { books, asked, waiting, answer } = slowBooks();
    const all = Array.from({ length: 200 }, (_, at) => books.get(`batch-${at}`));
    expect(asked).toHaveLength(32);
    await answer();
    expect(asked.slice(32)).toEqual(['batch-32']);
    while (waiting.length > 0) await answer();
    await Promise.all(all);
    expect(asked).toEqual(Array.from({ length: 200 }, (_, at) => `batch-${at}`));
    const again = books.get('batch-0');
    expect(asked).toHaveLength(201);
    await answer();
    await again;
  });

  it('is refused, with a time to ask again, when thousands wait', async () => {
    const { books, waiting, answer } = slowBooks();
    const all = Array.from({ length: 32 + 4_096 }, () => books.get('batch-0'));
    await expect(books.get('batch-0')).rejects.toMatchObject({
      reason: 'RATE_LIMIT_EXCEEDED',
      facts: { retryAfterMs: 1_000 },
    });
    while (waiting.length > 0) await answer();
    await Promise.all(all);
  });

  it('leaves its turn to the next if it fails', async () => {
    const { books, asked, waiting, answer } = slowBooks();
    const all = Array.from({ length: 33 }, () => books.get('batch-0'));
    waiting.shift()?.reject(new Error('no disk'));
    await expect(all[0]).rejects.toThrow('no disk');
    expect(asked).toHaveLength(33);
    while (waiting.length > 0) await answer();
    await Promise.all(all.slice(1));
  });
});
