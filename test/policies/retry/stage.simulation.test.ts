import { describe, expect, it } from '@jest/globals';
import type { Handler } from '../../../src/core/call.ts';
import { RetryBudget } from '../../../src/policies/retry/budget.ts';
import { DEFAULT_RETRY } from '../../../src/policies/retry/options.ts';
import { retry } from '../../../src/policies/retry/stage.ts';
import { until } from '../../openai/open-upstream.ts';
import { aCall, completed, drain, replay, started, text } from '../../support/events.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { fewOrMany } from '../../support/long.ts';
import { random } from '../../support/random.ts';
import { TelemetryProbe } from '../../support/telemetry.ts';
import { unavailable } from './scripted-attempts.ts';

const CALLS = fewOrMany(6_000, 20_000);
const FAILURE_SHARE = 0.1;
const ANSWER = replay(started(), text('a'), completed());
const FAILURE = replay(started(), unavailable);

interface Outcome {
  succeeded: number;
  attempts: number;
  /** Failed calls, by the attempts that were made for them. */
  readonly failedAfter: Record<number, number>;
}

/** Calls in waves of `atOnce`, with the default policy; each attempt fails with a probability. */
async function simulate(calls: number, atOnce: number, failureShare: number): Promise<Outcome> {
  const clock = new FakeClock();
  const chance = random(2);
  const upstream: Handler = (call, emit) => {
    call.record.attempts += 1;
    return (chance() < failureShare ? FAILURE : ANSWER)(call, emit);
  };
  const handler = retry(DEFAULT_RETRY, {
    clock,
    random: chance,
    budget: new RetryBudget(DEFAULT_RETRY, clock),
    instruments: new TelemetryProbe().instruments,
    maxWaitMs: 2_000,
    isPaced: () => false,
  })(upstream);
  const outcome: Outcome = { succeeded: 0, attempts: 0, failedAfter: {} };
  for (let done = 0; done < calls; done += atOnce) {
    let running = atOnce;
    const one = async () => {
      const { record } = aCall();
      const { error } = await drain((emit) => handler(aCall({ record }), emit));
      running -= 1;
      outcome.attempts += record.attempts;
      if (error === undefined) outcome.succeeded += 1;
      else outcome.failedAfter[record.attempts] = (outcome.failedAfter[record.attempts] ?? 0) + 1;
    };
    const wave = Promise.all(Array.from({ length: atOnce }, one));
    while (running > 0) {
      await until(() => clock.pending === running);
      clock.advance(100);
    }
    await wave;
  }
  return outcome;
}

describe('retry, with the default policy', () => {
  it.each([1, 50, 1_000])(
    'fails one call in a thousand if 10% of attempts fail, with %i calls at once',
    async (atOnce) => {
      const { succeeded, failedAfter } = await simulate(CALLS, atOnce, FAILURE_SHARE);
      // None was denied a retry: those that failed had three attempts.
      expect(failedAfter).toEqual({ 3: CALLS - succeeded });
      // And that is a matter of chance: three standard deviations around what is to be expected.
      const expected = CALLS * FAILURE_SHARE ** 3;
      expect(CALLS - succeeded).toBeLessThan(expected + 3 * Math.sqrt(expected));
    },
  );

  it('asks an upstream that fails for everybody a fifth more often, not three times as often', async () => {
    const { succeeded, attempts } = await simulate(CALLS, 1_000, 1);
    expect(succeeded).toBe(0);
    expect(attempts).toBeLessThan(CALLS * 1.25);
  });
});
