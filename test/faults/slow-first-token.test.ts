import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterEach, describe, expect, it } from '@jest/globals';
import { type RunningApp, startApp } from '../support/running-app.ts';
import { answer, type Behaviour } from '../support/upstream/index.ts';
import { see } from './seen.ts';
import { SteppedClock } from './stepped-clock.ts';
import { startTwo } from './two-upstreams.ts';

let running: RunningApp;
afterEach(() => running.stop());

const GOOD_TEXT = 'Hello from the stub.';
/** It does not reason. */
const MODEL = { model: 'gpt-4o' };
const FIRST_TOKEN_S = 20;

/** Each second takes a turn of the event loop, so that the headers are read in one of the first. */
function slowFirstToken(clock: SteppedClock): Behaviour {
  return async (exchange) => {
    exchange.headers();
    for (let second = 0; second < FIRST_TOKEN_S && !exchange.signal.aborted; second += 1) {
      clock.advance(1_000);
      await nextTurn();
    }
    if (!exchange.signal.aborted) await answer()(exchange);
  };
}

describe('an upstream whose headers come at once and whose first token after 20 s', () => {
  it.each(['FAIL', 'sync'] as const)(
    'is waited for by %s with nowhere else to go',
    async (mode) => {
      const clock = new SteppedClock();
      running = await startApp('', {}, clock);
      running.stub.enqueue(slowFirstToken(clock));

      expect(await see(running.client, mode, MODEL)).toMatchObject({
        texts: [GOOD_TEXT],
        answer: { attempts: 1 },
      });
      const [request, ...more] = running.stub.requests;
      expect(more).toEqual([]);
      expect(request).toMatchObject({ firstByteAt: Number(request?.receivedAt) + 20_000 });
    },
  );

  it.each(['FAIL', 'sync'] as const)('is left by %s after 10 s for the fallback', async (mode) => {
    const clock = new SteppedClock();
    const two = await startTwo('', {}, clock);
    running = two;
    const startedAt = clock.now();
    two.stub.enqueue(slowFirstToken(clock));

    expect(await see(two.client, mode, MODEL)).toMatchObject({
      texts: [GOOD_TEXT],
      answer: {
        target: 'second',
        attempts: 2,
        failedAttempts: [{ target: 'default', reason: 'ERROR_REASON_TIMEOUT' }],
      },
    });
    const [left] = two.stub.requests;
    await left?.closed;
    expect(clock.now() - startedAt).toBeGreaterThanOrEqual(10_000);
    expect(left?.closedBy).toBe('client');
    expect(two.stub.requests).toHaveLength(1);
    expect(two.second.requests).toHaveLength(1);
  });
});
