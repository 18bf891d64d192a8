import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterEach, describe, expect, it, jest } from '@jest/globals';
import type { Call, Emit, Handler } from '../../../src/core/call.ts';
import type { ErrorReason } from '../../../src/core/error-kinds.ts';
import { ProviderError } from '../../../src/core/errors.ts';
import type { AnswerEvent, Completed } from '../../../src/core/events.ts';
import { CircuitBreakers } from '../../../src/policies/breaker/breakers.ts';
import { PROBE_MS } from '../../../src/policies/breaker/circuit.ts';
import { type BreakerOptions, DEFAULT_BREAKER } from '../../../src/policies/breaker/options.ts';
import { breaker } from '../../../src/policies/breaker/stage.ts';
import { WaitingRoom } from '../../../src/policies/breaker/waiting-room.ts';
import { ModelLabels } from '../../../src/telemetry/model-label.ts';
import { aCall, completed, drain, replay, started, text } from '../../support/events.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { TelemetryProbe } from '../../support/telemetry.ts';

const OPTIONS: BreakerOptions = { ...DEFAULT_BREAKER, firstOpenForMs: 10_000, minimumAttempts: 4 };
const MODEL = 'gpt-test';
const DOWN = new ProviderError('SERVICE_UNAVAILABLE');
const NEUTRAL: readonly ErrorReason[] = [
  'RATE_LIMIT_EXCEEDED',
  'QUOTA_EXCEEDED',
  'INVALID_API_KEY',
  'PERMISSION_DENIED',
  'MODEL_NOT_FOUND',
  'CONTEXT_TOO_LONG',
  'CONTENT_FILTERED',
  'INVALID_REQUEST',
  'UNSUPPORTED_PARAMETER',
  'BUDGET_EXCEEDED',
  'INTERNAL',
];

let open: CircuitBreakers[] = [];

afterEach(() => {
  for (const breakers of open) breakers.close();
  open = [];
});

function setUp(options: Partial<BreakerOptions> = {}) {
  const { instruments } = new TelemetryProbe();
  const log = { info: jest.fn(), warn: jest.fn() };
  const labels = new ModelLabels([MODEL]);
  const clock = new FakeClock();
  const room = new WaitingRoom(clock);
  const deps = { clock, instruments, labels, log, random: () => 0, room };
  const breakers = new CircuitBreakers('default', { ...OPTIONS, ...options }, deps);
  open.push(breakers);
  const stage = breaker(breakers);
  const start = (next: Handler, fields: Partial<Call> = {}) =>
    drain((emit) => stage(next)(aCall(fields), emit));
  const run = (...events: Parameters<typeof replay>) => start(replay(...events));
  const succeed = () => run(started(), text('Hi'), completed());
  const fail = (reason: ErrorReason = 'SERVICE_UNAVAILABLE') => run(new ProviderError(reason));
  const state = () => breakers.state(MODEL);
  /** Makes the circuit open. */
  const trip = async () => {
    for (let i = 0; i < OPTIONS.minimumAttempts; i++) await fail();
    expect(state()).toBe('open');
  };
  /** Makes the circuit half open. */
  const recover = async () => {
    await trip();
    clock.advance(OPTIONS.openForMs);
    expect(state()).toBe('half_open');
  };
  return { breakers, clock, log, start, run, succeed, fail, state, trip, recover };
}

/** An attempt whose events come when the test says so. */
class Attempt {
  readonly #end = Promise.withResolvers<Completed>();
  #emit: Emit = () => {};

  readonly handler: Handler = (_call, emit) => {
    this.#emit = emit;
    return this.#end.promise;
  };

  send(event: AnswerEvent): void {
    this.#emit(event);
  }

  end(): void {
    this.#end.resolve(completed());
  }

  fail(error: unknown): void {
    this.#end.reject(error);
  }
}

describe('breaker', () => {
  it('is not there if it is switched off', () => {
    const { breakers } = setUp({ enabled: false });
    const next = replay(completed());
    expect(breaker(breakers)(next)).toBe(next);
  });

  it('passes an answer on as it is', async () => {
    const { run } = setUp();
    const events = [started(), text('Hi'), completed()];
    expect(await run(...events)).toEqual({ events });
  });
});

describe('a closed circuit', () => {
  it('opens when the share of failures is reached, not before the minimum of attempts', async () => {
    const { fail, succeed, state } = setUp();
    await succeed();
    await succeed();
    await fail();
    expect(state()).toBe('closed');
    await fail();
    expect(state()).toBe('open');
  });

  it('stays closed below the share of failures', async () => {
    const { fail, succeed, state } = setUp();
    for (let i = 0; i < 10; i++) {
      await succeed();
      await succeed();
      await fail();
    }
    expect(state()).toBe('closed');
  });

  it('opens at a share of 1 if every attempt fails', async () => {
    const { fail, state } = setUp({ failureShare: 1 });
    for (let i = 0; i < 4; i++) await fail();
    expect(state()).toBe('open');
    const other = setUp({ failureShare: 1 });
    await other.succeed();
    for (let i = 0; i < 20; i++) await other.fail();
    expect(other.state()).toBe('closed');
  });

  it.each(['TIMEOUT', 'SERVICE_UNAVAILABLE', 'NETWORK_ERROR', 'PROVIDER_ERROR'] as const)(
    'counts %s',
    async (reason) => {
      const { fail, state } = setUp();
      for (let i = 0; i < 4; i++) expect((await fail(reason)).error).toMatchObject({ reason });
      expect(state()).toBe('open');
    },
  );

  it('counts a break in the middle of an answer as a failure beside its success', async () => {
    const { run, state } = setUp();
    for (let i = 0; i < 2; i++) {
      expect(state()).toBe('closed');
      const { events, error } = await run(started(), text('Hi'), DOWN);
      expect(events).toHaveLength(2);
      expect(error).toMatchObject({ reason: DOWN.reason });
    }
    expect(state()).toBe('open');
  });

  it('takes the first output as the success, not the end of the answer', async () => {
    const { start, fail, state } = setUp();
    const running = Array.from({ length: 5 }, () => {
      const attempt = new Attempt();
      const result = start(attempt.handler);
      attempt.send(text('a'));
      return { attempt, result };
    });
    for (let i = 0; i < 4; i++) await fail();
    expect(state()).toBe('closed');
    for (const { attempt, result } of running) {
      attempt.end();
      await result;
    }
    await fail();
    expect(state()).toBe('open');
  });

  it.each(NEUTRAL)('counts %s neither as a failure nor as a success', async (reason) => {
    const { fail, state } = setUp();
    for (let i = 0; i < 3; i++) await fail();
    for (let i = 0; i < 50; i++) await fail(reason);
    expect(state()).toBe('closed');
    await fail();
    expect(state()).toBe('open');
  });

  it('counts for nothing what the caller, the deadline or the drain ended', async () => {
    const { start, fail, state } = setUp();
    for (let i = 0; i < 3; i++) await fail();
    for (const reason of ['CANCELLED', 'DEADLINE_EXCEEDED', 'SHUTTING_DOWN'] as const) {
      const ended = { signal: AbortSignal.abort() };
      await start(replay(started(), new ProviderError(reason)), ended);
      await start(replay(started(), new ProviderError('NETWORK_ERROR')), ended);
    }
    expect(state()).toBe('closed');
    await fail();
    expect(state()).toBe('open');
  });

  it("counts for nothing a time-out that is the caller's own", async () => {
    const { start, state } = setUp();
    const slow = new ProviderError('TIMEOUT', { timeoutPhase: 'first_token' });
    for (let i = 0; i < 10; i++) await start(replay(slow), { firstTokenTimeoutMs: 1 });
    expect(state()).toBe('closed');
    for (let i = 0; i < 4; i++) await start(replay(slow));
    expect(state()).toBe('open');
  });

  it('gives no verdict from failures alone while most attempts still run', async () => {
    const { start, fail, state } = setUp();
    const running = Array.from({ length: 20 }, () => {
      const attempt = new Attempt();
      return { attempt, result: start(attempt.handler) };
    });
    for (let i = 0; i < 19; i++) await fail();
    expect(state()).toBe('closed');
    await fail();
    expect(state()).toBe('open');
    for (const { attempt, result } of running) {
      attempt.end();
      await result;
    }
  });

  it('forgets what is older than the window', async () => {
    const { clock, fail, succeed, state } = setUp();
    for (let i = 0; i < 3; i++) await fail();
    clock.advance(OPTIONS.windowMs);
    for (let i = 0; i < 3; i++) await fail();
    expect(state()).toBe('closed');
    clock.advance(OPTIONS.windowMs / 2);
    await succeed();
    expect(state()).toBe('closed');
    await fail();
    expect(state()).toBe('open');
  });

  it('is one per model', async () => {
    const { breakers, start, trip, succeed } = setUp();
    await trip();
    const model = { ...aCall().target.model, id: 'gpt-other' };
    const target = { ...aCall().target, model };
    const { error } = await start(replay(completed()), { target });
    expect(error).toBeUndefined();
    expect((await succeed()).error).toMatchObject({ reason: 'CIRCUIT_OPEN' });
    expect([...breakers.states()]).toEqual([
      ['gpt-other', 'closed'],
      [MODEL, 'open'],
    ]);
  });
});

describe('an open circuit', () => {
  it('refuses at once with the time it stays open, and asks nothing of the upstream', async () => {
    const { clock, start, trip } = setUp();
    await trip();
    clock.advance(3_000);
    const next = jest.fn<Handler>(replay(completed()));
    const { error } = await start(next);
    expect(error).toMatchObject({ reason: 'CIRCUIT_OPEN', facts: { retryAfterMs: 7_000 } });
    expect(next).not.toHaveBeenCalled();
  });

  it('says of the failure that opens it not to try again, which would only find it open', async () => {
    const { fail, run, state } = setUp();
    for (let i = 1; i < OPTIONS.minimumAttempts; i++) {
      expect((await fail()).error).not.toHaveProperty('facts.shouldRetry');
    }
    const { error } = await fail('NETWORK_ERROR');
    expect(state()).toBe('open');
    expect(error).toMatchObject({ reason: 'NETWORK_ERROR', facts: { shouldRetry: false } });
    expect(await run(DOWN)).toMatchObject({ error: { reason: 'CIRCUIT_OPEN' } });
  });

  it('lets a failure be tried again after the time the upstream asked for', async () => {
    const { fail, run } = setUp();
    for (let i = 1; i < OPTIONS.minimumAttempts; i++) await fail();
    const { error } = await run(new ProviderError('SERVICE_UNAVAILABLE', { retryAfterMs: 60_000 }));
    expect(error).not.toHaveProperty('facts.shouldRetry');
  });

  it('is not moved by attempts that began before', async () => {
    const { start, recover, succeed, state } = setUp();
    const attempts = [new Attempt(), new Attempt(), new Attempt()];
    const [good, bad, late] = attempts;
    const results = attempts.map(({ handler }) => start(handler));
    await recover();
    good?.end();
    await results[0];
    expect(state()).toBe('half_open');
    bad?.fail(DOWN);
    await results[1];
    expect(state()).toBe('half_open');
    await succeed();
    late?.fail(DOWN);
    await results[2];
    expect(state()).toBe('closed');
  });

  it('logs that it opens, and that it closes', async () => {
    const { log, recover, succeed } = setUp();
    await recover();
    const target = { target: 'default', model: MODEL };
    expect(log.warn.mock.calls).toEqual([[{ ...target, open_for_ms: 10_000 }, 'circuit opened']]);
    expect(log.info).not.toHaveBeenCalled();
    await succeed();
    expect(log.info.mock.calls).toEqual([[target, 'circuit closed']]);
  });

  it('logs an outage once, however many probes fail', async () => {
    const { clock, fail, log, recover, state, succeed, trip } = setUp();
    await recover();
    for (let probe = 0; probe < 5; probe++) {
      await fail();
      expect(state()).toBe('open');
      clock.advance(60 * OPTIONS.openForMs);
    }
    expect(log.warn).toHaveBeenCalledTimes(1);
    await succeed();
    await trip();
    expect(log.warn).toHaveBeenCalledTimes(2);
  });
});

/** It has another route. */
const ELSEWHERE = { alternatives: [{ upstream: 'azure', model: MODEL }] };

describe('an open circuit of an upstream that answers a part', () => {
  /** Opens it with every second attempt. */
  async function half(options: Partial<BreakerOptions> = {}) {
    const set = setUp({ minimumAttempts: 10, ...options });
    for (let i = 0; i < 5; i++) {
      await set.succeed();
      set.clock.advance(10);
      await set.fail();
    }
    expect(set.state()).toBe('open');
    const served = async (fields: Partial<Call> = {}) =>
      (await set.start(replay(text('Hi'), completed()), fields)).error === undefined;
    return { ...set, served };
  }

  /** Opens it with ten failures in a row. */
  async function setUpDown() {
    const set = setUp({ minimumAttempts: 10 });
    for (let i = 0; i < 10; i++) await set.fail();
    expect(set.state()).toBe('open');
    const served = async () =>
      (await set.start(replay(text('Hi'), completed()))).error === undefined;
    return { ...set, served };
  }

  it('lets those through who have nowhere else to go, and their failures be tried again', async () => {
    const { served, fail, state } = await half();
    expect(await served(ELSEWHERE)).toBe(false);
    expect(await served()).toBe(true);
    expect((await fail()).error).not.toHaveProperty('facts.shouldRetry');
    expect(state()).toBe('open');
  });

  it('refuses them, too, once nothing is answered any more', async () => {
    const { served, fail } = await half();
    for (let i = 0; i < 38; i++)
      expect((await fail()).error).toMatchObject({ reason: DOWN.reason });
    expect(await served()).toBe(true);
    // Of the others 86% failed.
    for (let i = 0; i < 77; i++)
      expect((await fail()).error).toMatchObject({ reason: DOWN.reason });
    expect((await fail()).error).toMatchObject({ reason: 'CIRCUIT_OPEN' });
  });

  it('is found out by a probe behind which hardly anything is answered', async () => {
    const { clock, start, fail, state, served } = await setUpDown();
    clock.advance(OPTIONS.openForMs);
    await served();
    expect(state()).toBe('closed');
    for (let i = 0; i < 10; i++) await fail();
    expect([state(), await served()]).toEqual(['open', true]);
    for (let i = 0; i < 400; i++) await fail();
    expect((await start(replay(text('Hi'), completed()))).error).toMatchObject({
      reason: 'CIRCUIT_OPEN',
    });
  });

  it('is found out by the answer to what was sent while others failed', async () => {
    const { clock, start, fail, state, served } = await half();
    for (let i = 0; i < 40; i++) await fail();
    expect(await served()).toBe(false);
    clock.advance(OPTIONS.openForMs);
    const late = new Attempt();
    await served();
    expect(state()).toBe('closed');
    await fail();
    const result = start(late.handler);
    for (let i = 0; i < 50; i++) await fail();
    expect([state(), await served()]).toEqual(['open', false]);
    late.end();
    await result;
    expect(await served()).toBe(true);
  });

  it('opens again with the next failure behind a probe that was answered, for what went before still counts', async () => {
    const { clock, served, fail, state } = await half();
    clock.advance(OPTIONS.openForMs);
    expect(await served(ELSEWHERE)).toBe(true);
    expect(state()).toBe('closed');
    for (let i = 0; i < 3; i++) await fail();
    expect([state(), await served(), await served(ELSEWHERE)]).toEqual(['open', true, false]);
  });

  it('is as any other once less than half as many fail', async () => {
    const { clock, served, fail, state } = await half({ windowMs: 600_000 });
    clock.advance(OPTIONS.openForMs);
    for (let i = 0; i < 40; i++) await served();
    for (let i = 0; i < 10; i++) await fail();
    expect([state(), await served()]).toEqual(['open', false]);
  });
});

describe('a half open circuit', () => {
  it('lets one probe through, and closes when it is complete', async () => {
    const { start, recover, succeed, state } = setUp();
    await recover();
    const probe = new Attempt();
    const result = start(probe.handler);
    for (let i = 0; i < 3; i++) {
      const { error } = await succeed();
      expect(error).toMatchObject({ reason: 'CIRCUIT_OPEN', facts: { retryAfterMs: PROBE_MS } });
    }
    probe.end();
    expect((await result).events).toEqual([completed()]);
    expect(state()).toBe('closed');
  });

  it('opens again when the probe fails, for the whole time', async () => {
    const { clock, recover, fail, succeed, state } = setUp();
    await recover();
    await fail();
    expect(state()).toBe('open');
    expect((await succeed()).error).toMatchObject({ facts: { retryAfterMs: 10_000 } });
    clock.advance(9_999);
    expect(state()).toBe('open');
    clock.advance(1);
    expect(state()).toBe('half_open');
  });

  it.each<[string, (run: ReturnType<typeof setUp>) => Promise<unknown>]>([
    ['is refused for its content', ({ fail }) => fail('CONTENT_FILTERED')],
    ['meets a rate limit', ({ fail }) => fail('RATE_LIMIT_EXCEEDED')],
    [
      'is cancelled',
      ({ start }) => start(replay(new ProviderError('CANCELLED')), { signal: AbortSignal.abort() }),
    ],
  ])('leaves the place to the next call when the probe %s', async (_, end) => {
    const test = setUp();
    await test.recover();
    await end(test);
    expect(test.state()).toBe('half_open');
    const probe = new Attempt();
    const result = test.start(probe.handler);
    expect((await test.succeed()).error).toMatchObject({ reason: 'CIRCUIT_OPEN' });
    probe.end();
    await result;
    expect(test.state()).toBe('closed');
  });

  it('closes with the first output of its probe, and counts a break behind it', async () => {
    const { start, recover, fail, state } = setUp();
    await recover();
    const probe = new Attempt();
    const result = start(probe.handler);
    probe.send(started());
    expect(state()).toBe('half_open');
    probe.send(text('a'));
    expect(state()).toBe('closed');
    for (let i = 0; i < 3; i++) await fail();
    probe.fail(DOWN);
    await result;
    expect(state()).toBe('open');
  });

  it('lets another probe through while one hangs, whichever is over first deciding', async () => {
    const { clock, start, recover, succeed, state } = setUp();
    await recover();
    const hanging = new Attempt();
    const result = start(hanging.handler);
    clock.advance(PROBE_MS);
    expect((await succeed()).error).toBeUndefined();
    expect(state()).toBe('closed');
    hanging.fail(DOWN);
    await result;
    expect(state()).toBe('closed');
  });

  it('keeps the place of a later probe when an earlier one ends without saying anything', async () => {
    const { clock, start, recover, succeed } = setUp();
    await recover();
    const probes = [new Attempt(), new Attempt()];
    const first = start(probes[0]?.handler ?? replay());
    clock.advance(PROBE_MS);
    const second = start(probes[1]?.handler ?? replay());
    probes[0]?.fail(new ProviderError('RATE_LIMIT_EXCEEDED'));
    await first;
    expect((await succeed()).error).toMatchObject({ reason: 'CIRCUIT_OPEN' });
    probes[1]?.end();
    await second;
  });

  it('lets the first of two outcomes at the same moment decide', async () => {
    const { clock, start, recover, state } = setUp();
    await recover();
    const probes = [new Attempt(), new Attempt()];
    const first = start(probes[0]?.handler ?? replay());
    clock.advance(PROBE_MS);
    const second = start(probes[1]?.handler ?? replay());
    probes[0]?.end();
    probes[1]?.fail(DOWN);
    expect((await first).error).toBeUndefined();
    expect((await second).error).toBe(DOWN);
    expect(state()).toBe('closed');
  });

  it('holds nothing from before against an upstream that has recovered', async () => {
    const { recover, succeed, fail, state } = setUp();
    await recover();
    await succeed();
    for (let i = 0; i < OPTIONS.minimumAttempts - 1; i++) await fail();
    expect(state()).toBe('closed');
    await fail();
    expect(state()).toBe('open');
  });
});

describe('with the default options', () => {
  it('closes within 15 s of a recovery, even if probes hang and answers are long', async () => {
    const { clock, start, fail, state } = setUp(DEFAULT_BREAKER);
    for (let i = 0; i < DEFAULT_BREAKER.minimumAttempts; i++) await fail();
    clock.advance(DEFAULT_BREAKER.openForMs);
    const hanging = new Attempt();
    const hung = start(hanging.handler);
    // The upstream recovers now; a call comes every 100 ms, and text of its answer as often.
    let recovered = 0;
    const answers: Attempt[] = [];
    while (state() !== 'closed') {
      const attempt = new Attempt();
      let admitted = true;
      void start(attempt.handler).then(() => {
        admitted = false;
      });
      attempt.send(text('a'));
      await nextTurn();
      if (admitted) answers.push(attempt);
      clock.advance(100);
      recovered += 100;
      for (const answer of answers) answer.send(text('b'));
    }
    expect(recovered).toBeLessThanOrEqual(15_000);
    expect(answers.length).toBeLessThanOrEqual(2);
    hanging.end();
    await hung;
  });
});
