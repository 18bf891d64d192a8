import { setImmediate as oneTurn } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { RequestTurns } from '../../../src/server/rpc/request-turns.ts';

const LARGE = 100 * 1024;

/** The next in which large ones are read: four are left to everything else. */
async function nextTurn(): Promise<void> {
  for (let turn = 0; turn < 5; turn += 1) await oneTurn();
}

/** Notes the requests of connections as they are read. */
function setUp() {
  const turns = new RequestTurns();
  const read: string[] = [];
  const ask = (key: object, name: string, bytes = LARGE) => {
    const turn = turns.wait(key, bytes);
    if (turn === undefined) read.push(name);
    else void turn.then(() => read.push(name));
  };
  return { ask, read };
}

describe('requests', () => {
  it('are read at once while they are small, however many wait', () => {
    const { ask, read } = setUp();
    const one = {};
    for (let request = 0; request < 5; request += 1) ask(one, 'large');
    ask(one, 'small', 16 * 1024);
    expect(read).toEqual(['large', 'large', 'small']);
  });

  it('are read a few in a turn if they are large, those of connections by turns', async () => {
    const { ask, read } = setUp();
    const [one, other] = [{}, {}];
    for (const name of ['1a', '1b', '1c', '1d', '1e', '1f']) ask(one, name);
    ask(other, '2a');
    ask(other, '2b');
    expect(read).toEqual(['1a', '1b']);
    await nextTurn();
    expect(read).toEqual(['1a', '1b', '1c', '2a']);
    await nextTurn();
    expect(read).toEqual(['1a', '1b', '1c', '2a', '1d', '2b']);
    await nextTurn();
    expect(read.slice(6)).toEqual(['1e', '1f']);
    await nextTurn();
    ask(one, 'later');
    expect(read.at(-1)).toBe('later');
  });
});
