import { describe, expect, it } from '@jest/globals';
import type { Priority } from '../../../src/policies/rate-limit/priority.ts';
import { type Queued, WaitQueue } from '../../../src/policies/rate-limit/wait-queue.ts';

function queueOf(...entries: readonly (readonly [Priority, number])[]) {
  const queue = new WaitQueue<Queued>();
  const added = entries.map(([priority, tokens]) => ({ priority, tokens }));
  for (const entry of added) queue.add(entry);
  return { queue, added };
}

describe('WaitQueue', () => {
  it('is in order of priority, and of coming within one', () => {
    const { queue, added } = queueOf([2, 1], [1, 2], [0, 3], [1, 4]);
    const [flex, first, urgent, second] = added;
    expect([...queue]).toEqual([urgent, first, second, flex]);
    expect(queue.head).toBe(urgent);
    expect(queue.size).toBe(4);
  });

  it('knows what somebody who comes now has ahead', () => {
    const { queue, added } = queueOf([2, 1], [1, 20], [0, 300]);
    expect(queue.ahead(0)).toEqual({ requests: 1, tokens: 300 });
    expect(queue.ahead(1)).toEqual({ requests: 2, tokens: 320 });
    expect(queue.ahead(2)).toEqual({ requests: 3, tokens: 321 });
    const [flex] = added;
    if (flex !== undefined) queue.resized(flex, 9);
    expect(queue.ahead(2).tokens).toBe(330);
  });

  it('is left from anywhere, once', () => {
    const { queue, added } = queueOf([1, 1], [1, 2], [1, 3]);
    const [first, middle, last] = added as [Queued, Queued, Queued];
    queue.delete(middle);
    queue.delete(middle);
    expect(queue.has(middle)).toBe(false);
    expect([...queue]).toEqual([first, last]);
    expect(queue.ahead(1)).toEqual({ requests: 2, tokens: 4 });
    queue.delete(first);
    queue.delete(last);
    expect(queue.head).toBeUndefined();
    expect(queue.ahead(2)).toEqual({ requests: 0, tokens: 0 });
  });
});
