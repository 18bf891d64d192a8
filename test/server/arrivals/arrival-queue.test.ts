import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, it } from '@jest/globals';
import { ArrivalQueue } from '../../../src/server/arrivals/arrival-queue.ts';

interface Arrival {
  readonly of: string;
  readonly call: number;
}

function begun(arrivals: readonly Arrival[]) {
  const connections = new Map<string, object>();
  const reads: string[] = [];
  const note = (what: string) => (key: object) => {
    for (const [name, one] of connections) if (one === key) reads.push(`${what} ${name}`);
  };
  const queue = new ArrivalQueue({ stop: note('stop'), start: note('start') });
  const connection = (name: string): object => {
    const known = connections.get(name) ?? {};
    connections.set(name, known);
    return known;
  };
  const calls: string[] = [];
  for (const { of, call } of arrivals) {
    queue.add(connection(of), () => void calls.push(`${of}${call}`));
  }
  return { calls, queue, connection, reads };
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

it('reads no further of a connection of which many calls wait, until few do', async () => {
  const { calls: all, reads } = begun([...calls('a', ...many.slice(0, 64)), ...calls('b', 1)]);
  expect(reads).toEqual(['stop a']);
  while (all.length < 64 - 16 + 1) {
    expect(reads).toEqual(['stop a']);
    await nextTurn();
  }
  expect(reads).toEqual(['stop a', 'start a']);
});

it('stops one again that goes on all the same', () => {
  expect(begun(calls('a', ...many)).reads).toEqual(['stop a', 'stop a']);
});

it('reads one such connection again in a turn', async () => {
  const names = ['a', 'b', 'c', 'd'];
  const { calls: all, reads } = begun(names.flatMap((of) => calls(of, ...many.slice(0, 64))));
  let started = 0;
  while (all.length < 256) {
    await nextTurn();
    const now = reads.filter((one) => one.startsWith('start')).length;
    expect(now - started).toBeLessThanOrEqual(1);
    started = now;
  }
  for (let turn = 0; turn < 4; turn += 1) await nextTurn();
  expect(reads.slice(4).sort()).toEqual(names.map((of) => `start ${of}`));
});
