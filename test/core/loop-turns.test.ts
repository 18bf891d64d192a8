import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, it } from '@jest/globals';
import { LoopTurns } from '../../src/core/loop-turns.ts';

const ALL = 256 * 1024;

it('who waits comes in order, each turn as much as it can read', async () => {
  const turns = new LoopTurns(ALL);
  const read: string[] = [];
  expect([turns.take(ALL), turns.take(1)]).toEqual([true, false]);
  for (const who of ['a', 'b', 'c']) {
    turns.wait(() => read.push(`${who} ${turns.take(ALL)}`));
  }
  const byTurn: number[] = [];
  for (let turn = 0; turn < 3; turn += 1) {
    await nextTurn();
    byTurn.push(read.length);
  }
  expect(read).toEqual(['a true', 'b true', 'c true']);
  expect(byTurn).toEqual([1, 2, 3]);
});

it('runs what fits a turn at once, and the rest in the turns behind', async () => {
  const turns = new LoopTurns(2);
  const done: number[] = [];
  for (let work = 0; work < 5; work += 1) turns.run(() => done.push(work));
  expect(done).toEqual([0, 1]);
  await nextTurn();
  expect(done).toEqual([0, 1, 2, 3]);
  await nextTurn();
  expect(done).toEqual([0, 1, 2, 3, 4]);
});

it('leaves turns to everything else behind one in which something was done', async () => {
  const turns = new LoopTurns(10, 2);
  const done: string[] = [];
  const work = (who: string, amount: number) => {
    const turn = turns.turn(amount);
    if (turn === undefined) done.push(who);
    else void turn.then(() => done.push(who));
  };
  for (const who of ['a', 'b', 'c', 'd']) work(who, 5);
  const byTurn: string[] = [];
  for (let turn = 0; turn < 4; turn += 1) {
    byTurn.push(done.join(''));
    await nextTurn();
  }
  expect(byTurn).toEqual(['ab', 'ab', 'ab', 'abcd']);
});
