import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, it } from '@jest/globals';
import { ArrivalQueue } from '../../src/server/arrival-queue.ts';

function begun(arrivals: readonly (readonly [connection: string, call: number])[]) {
  const queue = new ArrivalQueue();
  const begun: string[] = [];
  for (const [connection, call] of arrivals) {
    queue.add(connection, () => void begun.push(`${connection}${call}`));
  }
  return begun;
}

it('begins the calls of each connection in order, the connections in turn', async () => {
  const calls = begun([
    ['a', 1],
    ['a', 2],
    ['a', 3],
    ['b', 1],
    ['c', 1],
    ['c', 2],
  ]);
  expect(calls).toEqual([]);
  await nextTurn();
  expect(calls).toEqual(['a1', 'b1', 'c1', 'a2', 'c2', 'a3']);
});

it('lets the process do other work between some calls and the next', async () => {
  const many = Array.from({ length: 150 }, (_, call) => ['a', call] as const);
  const calls = begun([...many, ['b', 1]]);
  await nextTurn();
  expect(calls).toHaveLength(64);
  expect(calls[1]).toBe('b1');
  await nextTurn();
  await nextTurn();
  expect(calls).toHaveLength(151);
});
