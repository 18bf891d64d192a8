import { describe, expect, it } from '@jest/globals';
import type { Call, Emit } from '../../../src/core/call.ts';
import { newCallRecord } from '../../../src/core/call-record.ts';
import type { ErrorReason } from '../../../src/core/error-kinds.ts';
import { ProviderError } from '../../../src/core/errors.ts';
import type { ProviderEvent } from '../../../src/core/events.ts';
import { RetryBudget } from '../../../src/policies/retry/budget.ts';
import { DEFAULT_RETRY, type RetryOptions } from '../../../src/policies/retry/options.ts';
import { retry } from '../../../src/policies/retry/stage.ts';
import { METRICS } from '../../../src/telemetry/metrics.ts';
import { settled } from '../../money/budget/books.ts';
import { until } from '../../openai/open-upstream.ts';
import { aCall, completed, drain, replay, started, text } from '../../support/events.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { TelemetryProbe } from '../../support/telemetry.ts';
import { endOf, type Script, ScriptedAttempts, unavailable } from './scripted-attempts.ts';

const ANSWER = [started(), text('a'), text('b'), completed()];
const ELSEWHERE = [{ upstream: 'default', model: 'gpt-other' }];

/** A retry stage over scripted attempts, on a clock that stands still. Back-off is half of its most. */
function open(
  scripts: readonly Script[],
  options: Partial<RetryOptions> = {},
  paces: ReadonlySet<ErrorReason> = new Set(),
) {
  const clock = new FakeClock();
  const attempts = new ScriptedAttempts(...scripts);
  const telemetry = new TelemetryProbe();
  const all = { ...DEFAULT_RETRY, ...options };
  const stage = retry(all, {
    clock,
    random: () => 0.5,
    budget: new RetryBudget(all, clock),
    instruments: telemetry.instruments,
    maxWaitMs: 2_000,
    isPaced: (_call, error) => paces.has(error.reason),
  });
  const run = (fields: Partial<Call> = {}, onEvent: Emit = () => {}) =>
    drain((emit) =>
      stage(attempts.answer)(aCall(fields), (event) => {
        emit(event);
        onEvent(event);
      }),
    );
  /** The whole call, every pause passing at once. */
  const result = async (fields: Partial<Call> = {}) => {
    let over = false;
    const outcome = run(fields).finally(() => {
      over = true;
    });
    for (;;) {
      await until(() => over || clock.pending > 0);
      if (over) return outcome;
      clock.advance(10_000);
    }
  };
  return { clock, attempts, telemetry, stage, run, result };
}

/** Retried after no wait at all. */
const NO_WAIT = { baseDelayMs: 0 };

function limited(retryAfterMs: number): ProviderError {
  return new ProviderError('RATE_LIMIT_EXCEEDED', { upstreamStatus: 429, retryAfterMs });
}

describe('retry', () => {
  it('passes an answer on, and asks once', async () => {
    const { attempts, result } = open([ANSWER]);
    expect(await result()).toEqual({ events: ANSWER });
    expect(attempts.made).toBe(1);
  });

  it('passes an answer without output on', async () => {
    const { result } = open([[started(), completed()]]);
    expect(await result()).toEqual({ events: [started(), completed()] });
  });

  it('asks again after a failure before output, of which nothing is seen', async () => {
    const second = [started({ attempt: 2 }), text('a'), completed()];
    const { attempts, result } = open([[started(), unavailable], second]);
    expect(await result()).toEqual({ events: second });
    expect(attempts.made).toBe(2);
  });

  it('withholds `started` until output follows it', async () => {
    const { stage } = open([]);
    const { promise, resolve: speak } = Promise.withResolvers<void>();
    const { promise: told, resolve: end } = Promise.withResolvers<void>();
    const seen: ProviderEvent[] = [];
    const handler = stage(async (_call, emit) => {
      emit(started());
      await promise;
      emit(text('a'));
      await told;
      return completed();
    });
    const outcome = handler(aCall(), (event) => seen.push(event));
    await settled();
    expect(seen).toEqual([]);
    speak();
    await settled();
    expect(seen).toEqual([started(), text('a')]);
    end();
    expect(await outcome).toEqual(completed());
  });

  it('passes on only the last `started` of an attempt that had to begin anew', async () => {
    const last = started({ responseId: 'second' });
    const { result } = open([[started(), last, text('a'), completed()]]);
    expect((await result()).events[0]).toBe(last);
    expect((await result()).events).not.toContain(started());
  });

  it('gives up with the last error after the attempts that are allowed', async () => {
    const last = new ProviderError('NETWORK_ERROR');
    const { attempts, result } = open([[unavailable], [unavailable], [last]]);
    expect(await result()).toEqual({ events: [], error: last });
    expect(attempts.made).toBe(3);
  });

  it.each(['INVALID_REQUEST', 'QUOTA_EXCEEDED', 'BUDGET_EXCEEDED', 'CIRCUIT_OPEN'] as const)(
    'does not ask again after %s',
    async (reason) => {
      const refusal = new ProviderError(reason);
      const { attempts, result } = open([[refusal]]);
      expect(await result()).toEqual({ events: [], error: refusal });
      expect(attempts.made).toBe(1);
    },
  );

  it('makes INTERNAL of what is not a ProviderError, and does not ask again', async () => {
    const { attempts, result } = open([[new TypeError('bug')]]);
    expect(await result()).toMatchObject({ error: { reason: 'INTERNAL' } });
    expect(attempts.made).toBe(1);
  });

  it('counts every attempt below, as with several keys', async () => {
    const { stage } = open([], { ...NO_WAIT, maxAttempts: 4 });
    const { record } = aCall();
    const twice = stage((call, emit) => {
      call.record.attempts += 2;
      return replay(unavailable)(call, emit);
    });
    expect((await drain((emit) => twice(aCall({ record }), emit))).error).toBe(unavailable);
    expect(record.attempts).toBe(4);
  });

  it('counts what a stage below refused without an attempt', async () => {
    const { stage } = open([], { ...NO_WAIT, maxAttempts: 4 });
    let passes = 0;
    const refusing = stage((call, emit) => {
      passes += 1;
      return replay(unavailable)(call, emit);
    });
    expect((await drain((emit) => refusing(aCall(), emit))).error).toBe(unavailable);
    expect(passes).toBe(4);
  });
});

describe('retry: when', () => {
  it('does not ask before the wait is over', async () => {
    const { attempts, clock, run } = open([[limited(20_000)], ANSWER]);
    const outcome = run();
    await until(() => clock.pending > 0);
    clock.advance(20_249);
    expect(clock.pending).toBe(1);
    expect(attempts.made).toBe(1);
    clock.advance(1);
    expect(await outcome).toEqual({ events: ANSWER });
  });

  it('notes how long it waited, also when the caller leaves during the wait', async () => {
    const { attempts, clock, run } = open([[limited(2_000)], [limited(2_000)], ANSWER]);
    const controller = new AbortController();
    const record = newCallRecord(0);
    const outcome = run({ record, signal: controller.signal });
    await until(() => clock.pending > 0);
    clock.advance(2_250);
    await until(() => attempts.made === 2 && clock.pending > 0);
    clock.advance(100);
    controller.abort();
    expect((await outcome).error).toMatchObject({ reason: 'CANCELLED' });
    expect(record.backoffMs).toBe(2_350);
  });

  it('fails at once if the wait does not fit before the deadline, and says how long it is', async () => {
    const { clock, attempts, run } = open([[limited(20_000)]]);
    const outcome = await run({ deadline: clock.now() + 20_000 });
    expect(outcome.error).toMatchObject({
      reason: 'RATE_LIMIT_EXCEEDED',
      facts: { retryAfterMs: 20_250 },
    });
    expect(attempts.made).toBe(1);
  });

  it('leaves a silent upstream at once if there is somewhere else to go', async () => {
    const silent = new ProviderError('TIMEOUT');
    const { attempts, result } = open([[silent], [silent], [silent]]);
    expect((await result({ alternatives: ELSEWHERE })).error).toBe(silent);
    expect(attempts.made).toBe(1);
  });
});

describe('retry: the end of a call', () => {
  it('begins no attempt for a call that has ended', async () => {
    const { attempts, clock, result } = open([ANSWER]);
    expect((await result({ signal: AbortSignal.abort() })).error).toMatchObject({
      reason: 'CANCELLED',
    });
    expect((await result({ deadline: clock.now() })).error).toMatchObject({
      reason: 'DEADLINE_EXCEEDED',
    });
    expect(attempts.made).toBe(0);
  });

  it('makes no attempt after a cancel during the pause', async () => {
    const { attempts, clock, run } = open([[unavailable], ANSWER]);
    const controller = new AbortController();
    const outcome = run({ signal: controller.signal });
    await until(() => clock.pending > 0);
    controller.abort();
    expect((await outcome).error).toMatchObject({ reason: 'CANCELLED' });
    expect(attempts.made).toBe(1);
    expect(clock.pending).toBe(0);
  });

  it('makes no attempt if the call ended together with the attempt', async () => {
    const { attempts, run } = open([[unavailable], ANSWER]);
    const controller = new AbortController();
    const outcome = run({ signal: controller.signal });
    controller.abort();
    expect((await outcome).error).toBe(unavailable);
    expect(attempts.made).toBe(1);
  });

  it('makes no attempt after a cancel while the caller is told of the reset', async () => {
    const { attempts, run, clock } = open([[started(), text('a'), unavailable], ANSWER]);
    const controller = new AbortController();
    const outcome = run({ signal: controller.signal, recovery: 'restart' }, ({ type }) => {
      if (type === 'attemptReset') controller.abort();
    });
    await until(() => clock.pending > 0);
    clock.advance(250);
    expect((await outcome).error).toMatchObject({ reason: 'CANCELLED' });
    expect(attempts.made).toBe(1);
  });

  it('makes no attempt if the pause took until after the deadline', async () => {
    const { attempts, run, clock } = open([[unavailable], ANSWER]);
    const outcome = run({ deadline: clock.now() + 251 });
    await until(() => clock.pending > 0);
    clock.advance(300);
    expect((await outcome).error).toMatchObject({ reason: 'DEADLINE_EXCEEDED' });
    expect(attempts.made).toBe(1);
  });

  it.each(['started', 'textDelta'])(
    'ends with the running attempt if it is aborted at %s, and begins no other',
    async (leaveAt) => {
      const { attempts, run } = open([ANSWER, ANSWER]);
      const controller = new AbortController();
      const fields = { signal: controller.signal, recovery: 'restart' } as const;
      const { error } = await run(fields, ({ type }) => {
        if (type === leaveAt) controller.abort();
      });
      expect(error).toMatchObject({ reason: 'CANCELLED' });
      expect(attempts).toMatchObject({ made: 1, ended: 1 });
    },
  );

  it('ends with the running attempt if nothing was heard of that, and begins no other', async () => {
    const { stage, clock } = open([]);
    const controller = new AbortController();
    let made = 0;
    const handler = stage((call) => {
      made += 1;
      return endOf(call);
    });
    const call = aCall({ signal: controller.signal, recovery: 'restart' });
    const outcome = drain((emit) => handler(call, emit));
    await settled();
    controller.abort();
    expect(await outcome).toMatchObject({ events: [], error: { reason: 'CANCELLED' } });
    expect(made).toBe(1);
    expect(clock.pending).toBe(0);
  });
});

describe('retry: after output', () => {
  const broken: Script = [started(), text('a'), unavailable];
  const second = [started({ attempt: 2 }), text('z'), completed()];
  const reset: ProviderEvent = { type: 'attemptReset', attempt: 2, reason: 'SERVICE_UNAVAILABLE' };

  it('makes no further attempt with recovery: fail', async () => {
    const { attempts, result } = open([broken, second]);
    expect(await result()).toEqual({ events: [started(), text('a')], error: unavailable });
    expect(attempts.made).toBe(1);
  });

  it.each(['restart', 'hold_back'] as const)(
    'takes back what was delivered with recovery: %s',
    async (recovery) => {
      const { result } = open([broken, second]);
      const events = [started(), text('a'), reset, ...second];
      expect(await result({ recovery })).toEqual({ events });
    },
  );

  it('takes nothing back where nothing was delivered', async () => {
    const { result } = open([[started(), unavailable], second]);
    expect(await result({ recovery: 'restart' })).toEqual({ events: second });
  });

  it('numbers the attempt over the whole call', async () => {
    const { result } = open([broken, second]);
    const record = { ...aCall().record, attempts: 4 };
    const { events } = await result({ recovery: 'restart', record });
    expect(events).toContainEqual({ ...reset, attempt: 6 });
  });
});

describe('retry: while the caller takes nothing', () => {
  /** A connection that brings something when it is read. */
  class Source {
    readonly unread = false;
    readonly log: string[] = [];
    #isRead = true;
    #onRead = () => {};

    pause(): void {
      this.log.push('pause');
      this.#isRead = false;
    }

    resume(): void {
      this.log.push('resume');
      this.#isRead = true;
      this.#onRead();
    }

    async read(): Promise<void> {
      if (!this.#isRead) await new Promise<void>((resolve) => (this.#onRead = resolve));
    }
  }

  /** The first attempt breaks off after output, the second one answers when it is read. */
  function breakingOff() {
    const { stage } = open([], NO_WAIT);
    const sources: Source[] = [];
    const handler = stage(async (call, emit) => {
      const source = new Source();
      sources.push(source);
      call.record.attempts += 1;
      call.flow.attach(source);
      try {
        if (sources.length === 1) {
          emit(started());
          emit(text('a'));
          throw unavailable;
        }
        await source.read();
        emit(started({ attempt: 2 }));
        emit(text('z'));
        return completed();
      } finally {
        call.flow.detach(source);
      }
    });
    const call = aCall({ recovery: 'restart' });
    // Its caller takes one piece of output, and then no more.
    const outcome = drain((emit) =>
      handler(call, (event) => {
        emit(event);
        if (event.type === 'textDelta' && sources.length === 1) call.flow.hold();
      }),
    );
    return { call, outcome, sources };
  }

  const reset: ProviderEvent = { type: 'attemptReset', attempt: 2, reason: 'SERVICE_UNAVAILABLE' };
  const broken = [started(), text('a'), reset];

  it('begins another attempt, which is not read before the caller takes more', async () => {
    const { call, outcome, sources } = breakingOff();
    await settled();
    expect(sources.map(({ log }) => log)).toEqual([['pause'], ['pause']]);
    call.flow.release();
    expect(sources.map(({ log }) => log)).toEqual([['pause'], ['pause', 'resume']]);
    expect(await outcome).toEqual({
      events: [...broken, started({ attempt: 2 }), text('z'), completed()],
    });
  });

  it('reads the other attempt at once if the caller takes more during the pause', async () => {
    const { call, outcome, sources } = breakingOff();
    expect(sources).toHaveLength(1);
    call.flow.release();
    expect((await outcome).events.at(-1)).toEqual(completed());
    // The first one is over and is not told of it.
    expect(sources.map(({ log }) => log)).toEqual([['pause'], []]);
  });
});

describe('retry: the budget', () => {
  it('does not ask again when it is spent', async () => {
    const { attempts, result } = open([[unavailable]], { budgetMinimum: 0, budgetRatio: 0.5 });
    expect((await result()).error).toBe(unavailable);
    expect(attempts.made).toBe(1);
  });

  it('gets its share from a call once, however many targets are tried', async () => {
    const scripts = [[unavailable], [unavailable], [unavailable]];
    const { attempts, result } = open(scripts, { budgetMinimum: 0, budgetRatio: 0.5 });
    const { record } = aCall();
    await result({ record });
    await result({ record });
    expect(attempts.made).toBe(2);
    await result();
    expect(attempts.made).toBe(3);
  });
});

describe('retry: the budget and refused rates', () => {
  const NOTHING = { budgetMinimum: 0, budgetRatio: 0 };
  const PACED = new Set<ErrorReason>(['RATE_LIMIT_EXCEEDED']);

  it('asks again without it after a refused rate that is paced below, so that a burst finds its turn', async () => {
    const { attempts, result } = open([[limited(1)], ANSWER], NOTHING, PACED);
    expect((await result()).error).toBeUndefined();
    expect(attempts.made).toBe(2);
  });

  it('does not where nothing paces it, nor after other failures', async () => {
    const unpaced = open([[limited(1)], ANSWER], NOTHING);
    expect((await unpaced.result()).error).toMatchObject({ reason: 'RATE_LIMIT_EXCEEDED' });
    const failing = open([[unavailable], ANSWER], NOTHING, PACED);
    expect((await failing.result()).error).toBe(unavailable);
    expect([unpaced.attempts.made, failing.attempts.made]).toEqual([1, 1]);
  });
});

describe('retry: metrics', () => {
  it('counts retries by target and reason', async () => {
    const { result, telemetry } = open([[unavailable], [limited(1)], ANSWER]);
    await result({ upstream: 'azure' });
    expect(await telemetry.measured(METRICS.retries.name)).toEqual([
      {
        attributes: {
          'tamma.provider.target': 'azure',
          'tamma.provider.reason': 'SERVICE_UNAVAILABLE',
        },
        value: 1,
        count: undefined,
      },
      {
        attributes: {
          'tamma.provider.target': 'azure',
          'tamma.provider.reason': 'RATE_LIMIT_EXCEEDED',
        },
        value: 1,
        count: undefined,
      },
    ]);
  });

  it('does not count an attempt that was not made', async () => {
    const { result, telemetry } = open([[new ProviderError('INVALID_REQUEST')]]);
    await result();
    expect(await telemetry.measured(METRICS.retries.name)).toEqual([]);
  });
});
