import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, it } from '@jest/globals';
import { ArrivalQueue } from '../../src/server/arrival-queue.ts';

interface Arrival {
  readonly of: string;
  readonly call: number;
}

function begun(arrivals: readonly Arrival[]) {
  const queue = new ArrivalQueue();
  const connections = new Map<string, object>();
  const connection = (name: string): object => {
    const known = connections.get(name) ?? {};
    connections.set(name, known);
    return known;
  };
  const calls: string[] = [];
  for (const { of, call } of arrivals) {
    queue.add(connection(of), () => void calls.push(`${of}${call}`));
  }
  return { calls, queue, connection };
}

const calls = (of: string, ...all: readonly number[]) => all.map((call) => ({ of, call }));
const many = Array.from({ length: 150 }, (_, call) => call);

it('begins the calls of each connection in order, the connections in turn', async () => {
  const { calls: all } = begun([...calls('a', 1, 2, 3), ...calls('b', 1), ...calls('c', 1, 2)]);
  expect(all).toEqual([]);
  await nextTurn();
  expect(all).toEqual(['a1', 'b1', 'c1', 'a2', 'c2', 'a3']);
});

it('lets the process do other work between some calls and the next', async () => {
  const { calls: all } = begun([...calls('a', ...many), ...calls('b', 1)]);
  await nextTurn();
  expect(all).toHaveLength(8);
  expect(all[1]).toBe('b1');
  for (let turn = 1; turn < 19; turn += 1) await nextTurn();
  expect(all).toHaveLength(151);
});

it('begins the calls of a connection with few of them first', async () => {
  const { calls: all, queue, connection } = begun(calls('a', ...many));
  await nextTurn();
  for (const call of [1, 2, 3]) {
    queue.add(connection('b'), () => void all.push(`b${call}`));
  }
  await nextTurn();
  expect(all.slice(8, 12)).toEqual(['b1', 'b2', 'b3', 'a8']);
  // Those of the other are over: it has the fewest now.
  for (let ended = 0; ended < 13; ended += 1) queue.ended(connection('a'));
  queue.add(connection('b'), () => void all.push('b4'));
  await nextTurn();
  expect(all.slice(16, 20)).toEqual(['a13', 'a14', 'a15', 'b4']);
});
