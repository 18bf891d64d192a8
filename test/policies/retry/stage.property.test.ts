import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { StreamRecovery } from '../../../src/core/call.ts';
import { ERROR_KINDS, type ErrorReason } from '../../../src/core/error-kinds.ts';
import { ProviderError } from '../../../src/core/errors.ts';
import { isOutput, type ProviderEvent } from '../../../src/core/events.ts';
import { recovery } from '../../../src/policies/recovery/stage.ts';
import { RetryBudget } from '../../../src/policies/retry/budget.ts';
import { DEFAULT_RETRY } from '../../../src/policies/retry/options.ts';
import { retry } from '../../../src/policies/retry/stage.ts';
import { aCall, completed, type Drained, drain, started, text } from '../../support/events.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { fewOrMany } from '../../support/long.ts';
import { TelemetryProbe } from '../../support/telemetry.ts';
import { type Script, ScriptedAttempts } from './scripted-attempts.ts';

const RUNS = fewOrMany(300, 2_000);
const MOST_ATTEMPTS = 5;
const RETRYABLE: readonly ErrorReason[] = [
  'RATE_LIMIT_EXCEEDED',
  'SERVICE_UNAVAILABLE',
  'NETWORK_ERROR',
  'TIMEOUT',
];

const output: fc.Arbitrary<ProviderEvent> = fc.oneof(
  fc.string({ minLength: 1 }).map((value) => text(value)),
  fc.string({ minLength: 1 }).map((value) => ({ type: 'reasoningDelta' as const, text: value })),
  fc.string({ minLength: 1 }).map((value) => ({ type: 'refusalDelta' as const, text: value })),
  fc.string().map((value) => ({
    type: 'toolCallDelta' as const,
    index: 0,
    id: '',
    name: '',
    argumentsFragment: value,
  })),
);

const reason = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(...RETRYABLE) },
  { weight: 1, arbitrary: fc.constantFrom(...(Object.keys(ERROR_KINDS) as ErrorReason[])) },
);

const failure = reason.map((name) => new ProviderError(name, { upstreamStatus: 500 }));

/** An attempt that ends well one time in three. */
const script: fc.Arbitrary<Script> = fc
  .record({
    begins: fc.boolean(),
    outputs: fc.oneof(fc.constant([]), fc.array(output, { maxLength: 6 })),
    end: fc.oneof({ weight: 2, arbitrary: failure }, { weight: 1, arbitrary: fc.constant('ok') }),
  })
  .map(({ begins, outputs, end }) => {
    if (!(end instanceof ProviderError)) return [started(), ...outputs, completed()];
    return begins || outputs.length > 0 ? [started(), ...outputs, end] : [end];
  });

/** More than can be made, so that one too many is seen. */
const scripts = fc.array(script, { minLength: MOST_ATTEMPTS + 1, maxLength: MOST_ATTEMPTS + 1 });
const maxAttempts = fc.integer({ min: 1, max: MOST_ATTEMPTS });
const recoveries = fc.constantFrom<StreamRecovery>('fail', 'restart', 'hold_back');

const { instruments } = new TelemetryProbe();

/** Both stages over scripted attempts, without waits and with retries enough. */
function open(all: readonly Script[], most: number) {
  const clock = new FakeClock();
  const attempts = new ScriptedAttempts(...all);
  const options = { ...DEFAULT_RETRY, maxAttempts: most };
  const budget = new RetryBudget(options, clock);
  const deps = { clock, random: () => 0, budget, instruments, maxWaitMs: 0, isPaced: () => false };
  return { attempts, handler: recovery()(retry(options, deps)(attempts.answer)) };
}

function run(all: readonly Script[], most: number, mode: StreamRecovery): Promise<Drained> {
  return drain((emit) => open(all, most).handler(aCall({ recovery: mode }), emit));
}

/** As it reaches the caller: of what was held back, neighbouring pieces of a kind are one. */
function delivered(events: readonly ProviderEvent[], mode: StreamRecovery): ProviderEvent[] {
  if (mode !== 'hold_back') return [...events];
  const merged: ProviderEvent[] = [];
  for (const event of events) {
    const last = merged.at(-1);
    if (event.type !== last?.type || !isOutput(event)) merged.push(event);
    else if (event.type === 'toolCallDelta' && last.type === 'toolCallDelta') {
      const argumentsFragment = last.argumentsFragment + event.argumentsFragment;
      merged[merged.length - 1] = { ...event, argumentsFragment };
    } else if ('text' in event && 'text' in last) {
      merged[merged.length - 1] = { ...event, text: last.text + event.text };
    }
  }
  return merged;
}

function eventsOf(one: Script): ProviderEvent[] {
  return one.filter((event): event is ProviderEvent => !(event instanceof Error));
}

function errorOf(one: Script): ProviderError | undefined {
  return one.find((event) => event instanceof ProviderError);
}

function hasOutput(one: Script): boolean {
  return eventsOf(one).some(isOutput);
}

/** The attempts that are to be made: up to the first that ends well or may not be followed. */
function expected(all: readonly Script[], most: number, mode: StreamRecovery): readonly Script[] {
  const last = all.findIndex((one, index) => {
    const error = errorOf(one);
    if (error === undefined || index + 1 === most || !RETRYABLE.includes(error.reason)) return true;
    // The same silent target is not asked a third time.
    if (error.reason === 'TIMEOUT' && index > 0) return true;
    return mode === 'fail' && hasOutput(one);
  });
  return all.slice(0, last + 1);
}

/** What the caller holds after the last reset. */
function held(events: readonly ProviderEvent[]): readonly ProviderEvent[] {
  return events.slice(events.findLastIndex(({ type }) => type === 'attemptReset') + 1);
}

describe('recovery over retry, for any sequence of attempts', () => {
  it('makes the attempts that it should and no more', async () => {
    await fc.assert(
      fc.asyncProperty(scripts, maxAttempts, recoveries, async (all, most, mode) => {
        const { attempts, handler } = open(all, most);
        await drain((emit) => handler(aCall({ recovery: mode }), emit));
        expect(attempts.made).toBeLessThanOrEqual(most);
        expect(attempts.made).toBe(expected(all, most, mode).length);
        expect(attempts.ended).toBe(attempts.made);
      }),
      { numRuns: RUNS },
    );
  });

  it('ends well with the whole of one answer and nothing else, or not at all', async () => {
    await fc.assert(
      fc.asyncProperty(scripts, maxAttempts, recoveries, async (all, most, mode) => {
        const last = expected(all, most, mode).at(-1) ?? [];
        const { events, error } = await run(all, most, mode);
        const ends = events.flatMap(({ type }, index) => (type === 'completed' ? [index] : []));
        if (errorOf(last) === undefined) {
          expect(error).toBeUndefined();
          expect(held(events)).toEqual(delivered(eventsOf(last), mode));
          expect(ends).toEqual([events.length - 1]);
        } else {
          expect(error).toBeInstanceOf(ProviderError);
          expect(ends).toEqual([]);
        }
      }),
      { numRuns: RUNS },
    );
  });

  it('leaves a caller who fails with what the last attempt brought, if that was delivered', async () => {
    await fc.assert(
      fc.asyncProperty(scripts, maxAttempts, recoveries, async (all, most, mode) => {
        const last = expected(all, most, mode).at(-1) ?? [];
        const failed = errorOf(last);
        fc.pre(failed !== undefined);
        const { events, error } = await run(all, most, mode);
        const seen = mode !== 'hold_back' && hasOutput(last);
        expect(held(events)).toEqual(seen ? eventsOf(last) : []);
        const interrupted = seen && failed?.kind.upstreamFault === true;
        expect((error as ProviderError).reason).toBe(
          interrupted ? 'STREAM_INTERRUPTED' : failed?.reason,
        );
      }),
      { numRuns: RUNS },
    );
  });

  it('tells of a reset exactly where delivered output became void, and only with restart', async () => {
    await fc.assert(
      fc.asyncProperty(scripts, maxAttempts, recoveries, async (all, most, mode) => {
        const made = expected(all, most, mode);
        const { events } = await run(all, most, mode);
        const resets = made
          .slice(0, -1)
          .flatMap((one, index) =>
            mode === 'restart' && hasOutput(one)
              ? [{ type: 'attemptReset', attempt: index + 2, reason: errorOf(one)?.reason }]
              : [],
          );
        expect(events.filter(({ type }) => type === 'attemptReset')).toEqual(resets);
      }),
      { numRuns: RUNS },
    );
  });

  it('begins nothing after its call was aborted, and ends what runs', async () => {
    const leaving = fc.record({ after: fc.nat(12), atOnce: fc.boolean() });
    await fc.assert(
      fc.asyncProperty(scripts, recoveries, leaving, async (all, mode, { after, atOnce }) => {
        const { attempts, handler } = open(all, MOST_ATTEMPTS);
        const controller = new AbortController();
        const call = aCall({ recovery: mode, signal: controller.signal });
        let seen = 0;
        let madeThen = Number.POSITIVE_INFINITY;
        const leave = () => {
          madeThen = Math.min(madeThen, attempts.made);
          controller.abort();
        };
        await drain((emit) =>
          handler(call, (event) => {
            emit(event);
            seen += 1;
            if (seen <= after) return;
            if (atOnce) leave();
            else queueMicrotask(leave);
          }),
        );
        expect(attempts.made).toBeLessThanOrEqual(madeThen);
        expect(attempts.ended).toBe(attempts.made);
      }),
      { numRuns: RUNS },
    );
  });
});
