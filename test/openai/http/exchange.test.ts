import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterEach, describe, expect, it } from '@jest/globals';
import type { Dispatcher } from 'undici';
import { Exchange } from '../../../src/openai/http/exchange.ts';

const KIB_64 = Buffer.alloc(64 * 1024);

/** An exchange that has begun, and what it does with its connection and tells its listener. */
function begun() {
  const told: string[] = [];
  const aborted: Error[] = [];
  const state = { reading: true };
  const controller = {
    pause: () => Object.assign(state, { reading: false }),
    resume: () => Object.assign(state, { reading: true }),
    abort: (error: Error) => void aborted.push(error),
  } as unknown as Dispatcher.DispatchController;
  const note = (what: string) => () => void told.push(what);
  const exchange = new Exchange(new AbortController().signal, {
    onConnected: note('connected'),
    onHeaders: note('headers'),
    onData: note('data'),
    onEnd: note('end'),
    onError: note('error'),
    onAbort: note('abort'),
  });
  exchange.begin(() => {});
  exchange.onRequestStart(controller);
  const receive = () => exchange.onResponseData(controller, KIB_64);
  /** Receives more until it is told to wait; the last piece is not told of yet. */
  const fill = () => {
    let pieces = 0;
    for (; state.reading; pieces += 1) receive();
    return pieces;
  };
  return { exchange, controller, told, aborted, state, receive, fill };
}

describe('a body that always has more', () => {
  afterEach(() => nextTurn());

  it('is read at most 256 KiB at a time, and others have their turn', async () => {
    const { exchange, state, told, fill } = begun();
    const pieces = fill();
    expect(pieces).toBeGreaterThan(1);
    expect(pieces).toBeLessThanOrEqual(5);
    expect(told).toHaveLength(pieces);
    expect(exchange.unread).toBe(true);
    await nextTurn();
    expect(exchange.unread).toBe(false);
    expect(state.reading).toBe(true);
    expect(told).toHaveLength(1 + pieces);
  });

  it('shares that with all others, each of which has its turn', async () => {
    const [one, other, third] = [begun(), begun(), begun()];
    one.fill();
    other.receive();
    third.receive();
    expect([other, third].map(({ told }) => told)).toEqual([['connected'], ['connected']]);
    await nextTurn();
    expect([other, third].map(({ told }) => told.length)).toEqual([2, 2]);
  });

  it('is not read on while its reader is slow', async () => {
    const { exchange, state, told, fill } = begun();
    const pieces = fill();
    exchange.pause();
    await nextTurn();
    expect(state.reading).toBe(false);
    expect(told).toHaveLength(pieces);
    exchange.resume();
    expect(state.reading).toBe(true);
    expect(told).toHaveLength(1 + pieces);
  });

  it('waits for its turn also when its reader was slow in between', async () => {
    const { exchange, state, fill } = begun();
    fill();
    exchange.pause();
    exchange.resume();
    expect(state.reading).toBe(false);
    await nextTurn();
    expect(state.reading).toBe(true);
  });

  it('is told whole before its end, and before its error', () => {
    const [good, bad] = [begun(), begun()];
    const pieces = good.fill();
    bad.receive();
    good.exchange.onResponseEnd();
    bad.exchange.onResponseError(bad.controller, new Error('reset'));
    expect(good.told).toEqual(['connected', ...Array(pieces).fill('data'), 'end']);
    expect(bad.told).toEqual(['connected', 'data', 'error']);
  });
});

it('informational responses are passed over, up to a hundred', () => {
  const { exchange, controller, told, aborted } = begun();
  for (let response = 0; response < 100; response += 1)
    exchange.onResponseStart(controller, 103, {});
  expect(aborted).toEqual([]);
  exchange.onResponseStart(controller, 103, {});
  expect(aborted).toMatchObject([{ code: 'UND_ERR_HEADERS_OVERFLOW' }]);
  expect(told).toEqual(['connected']);
});
