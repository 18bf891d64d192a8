import { describe, expect, it } from '@jest/globals';
import type { Call } from '../../../src/provider/call.ts';
import { ProviderError } from '../../../src/provider/errors.ts';
import type { ProviderEvent } from '../../../src/provider/events.ts';
import { RetryBudget } from '../../../src/provider/retry/budget.ts';
import { DEFAULT_RETRY, type RetryOptions } from '../../../src/provider/retry/options.ts';
import { retry } from '../../../src/provider/stages/retry.ts';
import { METRIC } from '../../../src/telemetry/attributes.ts';
import { aCall, completed, drain, replay, started, text } from '../../support/events.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { TelemetryProbe } from '../../support/telemetry.ts';
import { until } from '../openai/open-upstream.ts';
import { type Script, ScriptedAttempts, unavailable } from '../retry/scripted-attempts.ts';

const ANSWER = [started(), text('a'), text('b'), completed()];
const ELSEWHERE = [{ upstream: 'default', model: 'gpt-other' }];

/** A retry stage over scripted attempts, on a clock that stands still. Back-off is half of its most. */
function open(scripts: readonly Script[], options: Partial<RetryOptions> = {}) {
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
  });
  const run = (fields: Partial<Call> = {}) => stage(attempts.answer)(aCall(fields));
  /** The whole call, every pause passing at once. */
  const result = async (fields: Partial<Call> = {}) => {
    let over = false;
    const outcome = drain(run(fields)).finally(() => {
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
    const { run } = open([ANSWER]);
    const seen: string[] = [];
    for await (const event of run()) {
      seen.push(event.type);
      if (event.type === 'textDelta') break;
    }
    expect(seen).toEqual(['started', 'textDelta']);
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
    const twice = stage((call) => {
      call.record.attempts += 2;
      return replay(unavailable)(call);
    });
    expect((await drain(twice(aCall({ record })))).error).toBe(unavailable);
    expect(record.attempts).toBe(4);
  });

  it('counts what a stage below refused without an attempt', async () => {
    const { stage } = open([], { ...NO_WAIT, maxAttempts: 4 });
    let passes = 0;
    const refusing = stage((call) => {
      passes += 1;
      return replay(unavailable)(call);
    });
    expect((await drain(refusing(aCall()))).error).toBe(unavailable);
    expect(passes).toBe(4);
  });
});

describe('retry: when', () => {
  it('does not ask before the wait is over', async () => {
    const { attempts, clock, run } = open([[limited(20_000)], ANSWER]);
    const outcome = drain(run());
    await until(() => clock.pending > 0);
    clock.advance(20_249);
    expect(clock.pending).toBe(1);
    expect(attempts.made).toBe(1);
    clock.advance(1);
    expect(await outcome).toEqual({ events: ANSWER });
  });

  it('fails at once if the wait does not fit before the deadline, and says how long it is', async () => {
    const { clock, attempts, run } = open([[limited(20_000)]]);
    const outcome = await drain(run({ deadline: clock.now() + 20_000 }));
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
    const outcome = drain(run({ signal: controller.signal }));
    await until(() => clock.pending > 0);
    controller.abort();
    expect((await outcome).error).toMatchObject({ reason: 'CANCELLED' });
    expect(attempts.made).toBe(1);
    expect(clock.pending).toBe(0);
  });

  it('makes no attempt if the call ended together with the attempt', async () => {
    const { attempts, run } = open([[unavailable], ANSWER]);
    const controller = new AbortController();
    const events = run({ signal: controller.signal })[Symbol.asyncIterator]();
    const next = events.next();
    controller.abort();
    await expect(next).rejects.toBe(unavailable);
    expect(attempts.made).toBe(1);
  });

  it('makes no attempt after a cancel while the caller reads the reset', async () => {
    const { attempts, run, clock } = open([[started(), text('a'), unavailable], ANSWER]);
    const controller = new AbortController();
    const events = run({ signal: controller.signal, recovery: 'restart' });
    const consumed = (async () => {
      for await (const event of events) if (event.type === 'attemptReset') controller.abort();
    })();
    await until(() => clock.pending > 0);
    clock.advance(250);
    await expect(consumed).rejects.toMatchObject({ reason: 'CANCELLED' });
    expect(attempts.made).toBe(1);
  });

  it('makes no attempt if the pause took until after the deadline', async () => {
    const { attempts, run, clock } = open([[unavailable], ANSWER]);
    const outcome = drain(run({ deadline: clock.now() + 251 }));
    await until(() => clock.pending > 0);
    clock.advance(300);
    expect((await outcome).error).toMatchObject({ reason: 'DEADLINE_EXCEEDED' });
    expect(attempts.made).toBe(1);
  });

  it('ends the running attempt when the consumer leaves, and begins no other', async () => {
    for (const leaveAt of ['started', 'textDelta', 'completed']) {
      const { attempts, run } = open([ANSWER, ANSWER]);
      for await (const event of run()) if (event.type === leaveAt) break;
      expect(attempts).toMatchObject({ made: 1, ended: 1 });
    }
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

  it('makes no further attempt after `completed`', async () => {
    const { attempts, result } = open([[...ANSWER, unavailable], second]);
    expect(await result({ recovery: 'restart' })).toEqual({ events: ANSWER, error: unavailable });
    expect(attempts.made).toBe(1);
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

describe('retry: metrics', () => {
  it('counts retries by target and reason', async () => {
    const { result, telemetry } = open([[unavailable], [limited(1)], ANSWER]);
    await result({ upstream: 'azure' });
    expect(await telemetry.measured(METRIC.retries)).toEqual([
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
    expect(await telemetry.measured(METRIC.retries)).toEqual([]);
  });
});
