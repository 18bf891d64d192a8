import { describe, expect, it } from '@jest/globals';
import { QueryQueue } from '../../../src/money/ledger/query-queue.ts';

/** Work that ends when it is told to. */
function work() {
  const { promise, resolve } = Promise.withResolvers<string>();
  const state = { began: false };
  const run = () => {
    state.began = true;
    return promise;
  };
  return { run, state, end: resolve };
}

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

describe('queries of the ledger', () => {
  it('run one at a time, in their order', async () => {
    const queue = new QueryQueue();
    const [one, two] = [work(), work()];
    const results = [queue.run(one.run), queue.run(two.run)];
    await turn();
    expect(two.state.began).toBe(false);
    one.end('one');
    await turn();
    expect(two.state.began).toBe(true);
    two.end('two');
    expect(await Promise.all(results)).toEqual(['one', 'two']);
    expect(await queue.run(async () => 'three')).toBe('three');
  });

  it('are refused beyond 16 that wait', async () => {
    const queue = new QueryQueue();
    const first = work();
    const results = [queue.run(first.run)];
    for (let waiting = 0; waiting < 16; waiting++) results.push(queue.run(async () => 'later'));
    await expect(queue.run(async () => 'too many')).rejects.toMatchObject({
      reason: 'RATE_LIMIT_EXCEEDED',
      message: '16 queries of the ledger wait already; ask again when they are answered.',
    });
    first.end('first');
    expect(await Promise.all(results)).toHaveLength(17);
  });

  it('leave when their signal ends the wait, and are not run', async () => {
    const queue = new QueryQueue();
    const [one, two] = [work(), work()];
    const first = queue.run(one.run);
    const controller = new AbortController();
    const second = queue.run(two.run, controller.signal);
    controller.abort();
    await expect(second).rejects.toMatchObject({ reason: 'CANCELLED' });
    one.end('one');
    await first;
    await turn();
    expect(two.state.began).toBe(false);
  });

  it('make room if one fails', async () => {
    const queue = new QueryQueue();
    const failing = queue.run(() => Promise.reject(new Error('away')));
    const next = queue.run(async () => 'next');
    await expect(failing).rejects.toThrow('away');
    expect(await next).toBe('next');
  });
});
