import { describe, expect, it } from '@jest/globals';
import type { Priority } from '../../../src/policies/rate-limit/priority.ts';
import { type Queued, WaitQueue } from '../../../src/policies/rate-limit/wait-queue.ts';

function queueOf(...entries: readonly (readonly [Priority, number, string?])[]) {
  const queue = new WaitQueue<Queued>();
  const added = entries.map(([priority, tokens, owner = '']) => ({ priority, tokens, owner }));
  for (const entry of added) queue.add(entry);
  return { queue, added };
}

describe('WaitQueue', () => {
  it('is in order of priority, and of coming within one', () => {
    const { queue, added } = queueOf([2, 1], [1, 2], [0, 3], [1, 4]);
    const [flex, first, urgent, second] = added;
    expect([...queue]).toEqual([urgent, first, second, flex]);
    expect(queue.size).toBe(4);
    expect([0, 1, 2].map((priority) => queue.isFree(priority as Priority))).toEqual([
      false,
      false,
      false,
    ]);
    queue.delete(urgent as Queued);
    expect(queue.isFree(0)).toBe(true);
  });

  it('goes by turns of the owners, and one who was served goes behind the others', () => {
    const { queue, added } = queueOf(
      [1, 1, 'many'],
      [1, 2, 'many'],
      [1, 3, 'many'],
      [1, 4, 'few'],
      [1, 5, 'one'],
      [1, 6, 'few'],
    );
    const order = () => [...queue].map(({ tokens }) => tokens);
    expect(order()).toEqual([1, 4, 5, 2, 6, 3]);
    queue.served(added[0] as Queued);
    expect(order()).toEqual([4, 5, 2, 6, 3]);
    // One that only left has had no turn.
    queue.delete(added[3] as Queued);
    expect(order()).toEqual([6, 5, 2, 3]);
    const served: number[] = [];
    for (const entry of queue) {
      served.push(entry.tokens);
      queue.served(entry);
    }
    expect([served, queue.size]).toEqual([[6, 5, 2, 3], 0]);
  });

  it('begins with one of the owner of whom fewest run, of those of the same priority', () => {
    const { queue } = queueOf([1, 1, 'many'], [1, 2, 'few'], [1, 3, 'few'], [1, 4, 'some']);
    expect(queue.hasOwners).toBe(true);
    queue.prefer(
      new Map([
        ['many', 9],
        ['few', 1],
        ['some', 3],
      ]),
    );
    for (const entry of queue) {
      expect(entry.tokens).toBe(2);
      queue.served(entry);
      break;
    }
    expect([...queue].map(({ tokens }) => tokens)).toEqual([1, 4, 3]);
  });

  it.each([
    // Those of the other, and its own.
    ['new', { requests: 2, tokens: 26 }],
    ['many', { requests: 5, tokens: 56 }],
    // Of the other, whose turn is before its own, two of four.
    ['few', { requests: 3, tokens: 36 }],
  ])('tells what has to go before the next of %s', (owner, ahead) => {
    const { queue } = queueOf(
      [1, 10, 'many'],
      [1, 10, 'many'],
      [1, 10, 'many'],
      [1, 10, 'many'],
      [1, 16, 'few'],
      [2, 99, 'new'],
    );
    expect(queue.ahead(1, owner)).toEqual(ahead);
  });

  it.each<[Priority, string, number | undefined]>([
    [1, 'new', 3],
    [1, 'few', 3],
    [1, 'many', undefined],
    [0, 'many', 5],
    [2, 'other', undefined],
  ])('tells who leaves for the next of priority %s of %s', (priority, owner, tokens) => {
    const { queue } = queueOf(
      [1, 1, 'many'],
      [1, 2, 'many'],
      [1, 3, 'many'],
      [1, 4, 'few'],
      ...(priority === 1 ? [] : [[2, 5, 'flex'] as const]),
    );
    expect(queue.lastOfMost(priority, owner)?.tokens).toBe(tokens);
  });

  it('knows what somebody who comes now has ahead', () => {
    const { queue, added } = queueOf([2, 1], [1, 20], [0, 300]);
    expect(queue.ahead(0, '')).toEqual({ requests: 1, tokens: 300 });
    expect(queue.ahead(1, '')).toEqual({ requests: 2, tokens: 320 });
    expect(queue.ahead(2, '')).toEqual({ requests: 3, tokens: 321 });
    const [flex] = added;
    if (flex !== undefined) queue.resized(flex, 9);
    expect(queue.ahead(2, '').tokens).toBe(330);
  });

  it('is left from anywhere, once', () => {
    const { queue, added } = queueOf([1, 1], [1, 2], [1, 3]);
    const [first, middle, last] = added as [Queued, Queued, Queued];
    queue.delete(middle);
    queue.delete(middle);
    expect(queue.has(middle)).toBe(false);
    expect([...queue]).toEqual([first, last]);
    expect(queue.ahead(1, '')).toEqual({ requests: 2, tokens: 4 });
    queue.delete(first);
    queue.delete(last);
    expect([...queue]).toEqual([]);
    expect(queue.ahead(2, '')).toEqual({ requests: 0, tokens: 0 });
  });
});
