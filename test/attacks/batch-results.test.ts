import { describe, expect, it } from '@jest/globals';
import { readResults } from '../../src/batch/read-results.ts';
import type { BatchLineResult } from '../../src/core/upstream-batches.ts';
import { linesOf } from '../../src/openai/batches/lines.ts';
import { toUpstreamBatch } from '../../src/openai/batches/upstream-batch.ts';

async function* endless(block: Buffer): AsyncGenerator<Buffer> {
  for (;;) yield block;
}

/** How many lines there were until the file was given up. */
async function linesUntilRefused(block: string): Promise<number> {
  let lines = 0;
  const read = async () => {
    for await (const _line of linesOf(endless(Buffer.from(block)), 100)) lines += 1;
  };
  await expect(read()).rejects.toThrow('with a line that is too long, or with too many lines');
  return lines;
}

it('what is told to be wrong with a file is not made an error before somebody asks', () => {
  let read = 0;
  const wrong = {
    code: 'x',
    get message() {
      read += 1;
      return 'No.';
    },
  };
  const data = Array.from({ length: 1_000 }, () => wrong);
  const { errors } = toUpstreamBatch({ id: 'batch_1', status: 'failed', errors: { data } });
  expect(errors).toHaveLength(1_000);
  expect(read).toBe(0);
  expect(errors[999]?.error.message).toBeTruthy();
  expect(read).toBeGreaterThan(0);
});

describe('a file of results', () => {
  it('without an end is given up, though its lines are empty', async () => {
    expect(await linesUntilRefused('\n'.repeat(65_536))).toBe(0);
  });

  it('without an end is given up sooner where its lines are too long', async () => {
    expect(await linesUntilRefused(`${'x'.repeat(101)}\n`.repeat(20))).toBe(100);
  });

  it('leaves other work its turn between its lines', async () => {
    let turns = 0;
    let over = false;
    const count = (): void => {
      turns += 1;
      if (!over) setImmediate(count);
    };
    setImmediate(count);
    let lines = 0;
    const file = (async function* () {
      yield Buffer.from('x\n'.repeat(20_000));
    })();
    for await (const _line of linesOf(file, 100)) lines += 1;
    over = true;
    expect(lines).toBe(20_000);
    expect(turns).toBeGreaterThanOrEqual(15);
  });

  it('with large lines is not held until there are a hundred', async () => {
    const asked: number[] = [];
    const line = (at: number): BatchLineResult => ({
      size: 3 * 2 ** 20,
      customId: `item-${at}`,
      answer: () => Promise.reject(new Error('Nobody asks for it.')),
    });
    const file = (async function* () {
      for (let at = 0; at < 7; at += 1) yield line(at);
    })();
    const books = {
      findItems: async (_batch: string, customIds: readonly string[]) => {
        asked.push(customIds.length);
        return [];
      },
    };
    const deps = { books } as unknown as Parameters<typeof readResults>[2];
    const of = { batch: 'batch_1' } as Parameters<typeof readResults>[1];
    for await (const { results } of readResults(file, of, deps)) expect(results).toEqual([]);
    expect(asked).toEqual([2, 2, 2, 1]);
  });
});
