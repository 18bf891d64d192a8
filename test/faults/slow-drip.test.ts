import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterEach, describe, expect, it } from '@jest/globals';
import { codeName, statusDetail } from '../support/grpc-client.ts';
import { type RunningApp, startApp } from '../support/running-app.ts';
import { type Behaviour, drip } from '../support/upstream/index.ts';
import { see } from './seen.ts';
import { SteppedClock } from './stepped-clock.ts';
import { QUICK_RETRIES, startTwo } from './two-upstreams.ts';

let running: RunningApp;
afterEach(() => running.stop());

const GOOD_TEXT = 'Hello from the stub.';
/** It does not reason, and so has a minute for its first token. */
const MODEL = { model: 'gpt-4o' };
const FIRST_TOKEN_MS = 60_000;

/** One byte a second: minutes for the first event. */
function dripBytes(clock: SteppedClock): Behaviour {
  return (exchange) => drip(1, seconds(clock, exchange.signal))(exchange);
}

async function* seconds(clock: SteppedClock, left: AbortSignal): AsyncGenerator<void> {
  while (!left.aborted) {
    clock.advance(1000);
    yield nextTurn();
  }
}

describe('an upstream that sends one byte a second', () => {
  it.each(['FAIL', 'sync'] as const)('takes no longer than two time-outs of %s', async (mode) => {
    const clock = new SteppedClock();
    running = await startApp(QUICK_RETRIES, {}, clock);
    const { stub, client } = running;
    const drips = dripBytes(clock);
    stub.enqueue(drips, drips);
    const startedAt = clock.now();
    const call = see(client, mode, MODEL);
    // The pause before the second attempt; the same silent target is not asked a third time.
    await clock.pass(1, 1);
    const { failure } = await call;

    if (failure === undefined) throw new Error('the call succeeded');
    expect(codeName(failure)).toBe('UNAVAILABLE');
    expect(statusDetail(failure, 'google.rpc.ErrorInfo')).toMatchObject({
      reason: 'TIMEOUT',
      metadata: { attempts: '2', timeout_phase: 'first_token' },
    });
    const elapsed = clock.now() - startedAt;
    expect(elapsed).toBeGreaterThanOrEqual(2 * FIRST_TOKEN_MS);
    expect(stub.requests).toHaveLength(2);
    await Promise.all(stub.requests.map(({ closed }) => closed));
    expect(stub.requests.map(({ closedBy }) => closedBy)).toEqual(['client', 'client']);
    expect(await see(client, mode, MODEL)).toMatchObject({ texts: [GOOD_TEXT] });
  });

  it.each(['FAIL', 'sync'] as const)('is left by %s for the fallback', async (mode) => {
    const clock = new SteppedClock();
    const two = await startTwo(QUICK_RETRIES, {}, clock);
    running = two;
    two.stub.enqueue(dripBytes(clock));

    expect(await see(two.client, mode, MODEL)).toMatchObject({
      texts: [GOOD_TEXT],
      answer: { target: 'second', attempts: 2 },
    });
    expect(two.stub.requests).toHaveLength(1);
    expect(await see(two.client, mode, MODEL)).toMatchObject({
      texts: [GOOD_TEXT],
      answer: { target: 'default', attempts: 1 },
    });
  });
});
