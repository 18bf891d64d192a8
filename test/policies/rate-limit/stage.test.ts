import { describe, expect, it } from '@jest/globals';
import type { Call, Handler } from '../../../src/core/call.ts';
import { ProviderError } from '../../../src/core/errors.ts';
import type { ProviderEvent } from '../../../src/core/events.ts';
import type { RateHeadroom } from '../../../src/core/rate-headroom.ts';
import { RateLimiters } from '../../../src/policies/rate-limit/limiters.ts';
import {
  DEFAULT_RATE_LIMIT,
  type RateLimitOptions,
} from '../../../src/policies/rate-limit/options.ts';
import type { RateSource, RateSubject } from '../../../src/policies/rate-limit/source.ts';
import { rateLimit } from '../../../src/policies/rate-limit/stage.ts';
import { METRICS } from '../../../src/telemetry/metrics.ts';
import { aCall, completed, drain, scripted, started, text, usage } from '../../support/events.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { TelemetryProbe } from '../../support/telemetry.ts';

/** Endless, and keeps the balance. */
class Balance implements RateSource {
  taken = 0;

  take(amount: number): boolean {
    this.taken += amount;
    return true;
  }

  waitMs(): number {
    return 0;
  }

  give(amount: number): void {
    this.taken -= amount;
  }

  awaited(): void {}

  resize(): void {}

  onChange(): void {}
}

function setUp(options: Partial<RateLimitOptions> = {}) {
  const clock = new FakeClock();
  const telemetry = new TelemetryProbe();
  const limiters = new RateLimiters(
    'default',
    { ...DEFAULT_RATE_LIMIT, ...options },
    { clock, maxWaitMs: 2_000, sizes: { estimate: () => 100, count: async () => 100 } },
  );
  const stage = rateLimit(limiters, { instruments: telemetry.instruments });
  return { clock, telemetry, limiters, stage };
}

/** A stage whose limits are drawn from balances. */
function setUpBalances() {
  const balances = new Map<RateSubject, Balance>();
  const limiters = new RateLimiters(
    'default',
    { ...DEFAULT_RATE_LIMIT, requestsPerMinute: 1, tokensPerMinute: 1_000, requestsPerDay: 1 },
    {
      clock: new FakeClock(),
      maxWaitMs: 2_000,
      sizes: { estimate: () => 100, count: async () => 100 },
      newSource: ({ subject }) => {
        const balance = new Balance();
        balances.set(subject, balance);
        return balance;
      },
    },
  );
  const taken = () => ({
    requests: balances.get('requests per minute')?.taken,
    daily: balances.get('requests per day')?.taken,
    tokens: balances.get('tokens per minute')?.taken,
  });
  const { instruments } = new TelemetryProbe();
  return { limiters, taken, stage: rateLimit(limiters, { instruments }) };
}

/** An attempt: counted, and then these events or errors. */
function attempt(...events: (ProviderEvent | Error)[]): Handler {
  return scripted(async function* ({ record }) {
    record.attempts += 1;
    for (const event of events) {
      if (event instanceof Error) throw event;
      yield event;
    }
  });
}

function loadOf(limiters: RateLimiters): { running: number; queued: number } {
  const [{ running, queued } = { running: -1, queued: -1 }] = limiters.status();
  return { running, queued };
}

describe('rateLimit', () => {
  it('is not there if it is not enabled', () => {
    const { stage } = setUp({ enabled: false });
    const next = attempt(completed());
    expect(stage(next)).toBe(next);
  });

  it('begins the attempt at once, without as much as a promise, while there is room', () => {
    const { stage } = setUp({ requestsPerMinute: 60 });
    let begun = false;
    const next: Handler = (call, emit) => {
      begun = true;
      return attempt(completed())(call, emit);
    };
    void stage(next)(aCall(), () => {});
    expect(begun).toBe(true);
  });

  it('notes how long an attempt waited, and for what', async () => {
    const { clock, telemetry, stage } = setUp({ requestsPerMinute: 60 });
    const handler = stage(attempt(started(), completed()));
    await drain((emit) => handler(aCall(), emit));
    const call = aCall({ upstream: 'elsewhere' });
    call.record.queuedMs = 5;
    const answer = drain((emit) => handler(call, emit));
    clock.advance(1_011);
    expect((await answer).events).toHaveLength(2);
    expect(call.record.queuedMs).toBe(1_016);
    expect(await telemetry.measured(METRICS.queueDuration.name)).toEqual([
      {
        attributes: {
          'tamma.provider.target': 'elsewhere',
          'tamma.provider.waited_for': 'rate_limit',
        },
        value: 1.011,
        count: 1,
      },
    ]);
  });

  it('measures no wait where there was none', async () => {
    const { telemetry, stage } = setUp({ tokensPerMinute: 10_000 });
    const call = aCall();
    // Counted, because the prompt is a large share of the limit; that is no wait for it.
    expect((await drain((emit) => stage(attempt(completed()))(call, emit))).error).toBeUndefined();
    expect(call.record.queuedMs).toBe(0);
    expect(await telemetry.measured(METRICS.queueDuration.name)).toEqual([]);
  });

  it('refuses what would wait in vain', async () => {
    const { clock, stage } = setUp({ requestsPerMinute: 1 });
    const handler = stage(attempt(completed()));
    await drain((emit) => handler(aCall(), emit));
    const { error } = await drain((emit) => handler(aCall({ deadline: clock.now() + 100 }), emit));
    expect(error).toMatchObject({ reason: 'RATE_LIMIT_EXCEEDED' });
  });

  it('hands on what the headers say, and listens itself', async () => {
    const { limiters, stage } = setUp();
    const seen: RateHeadroom[] = [];
    const headroom = { requests: { limit: 60, remaining: 0, resetMs: 60_000 } };
    const next: Handler = scripted(async function* (call: Call) {
      call.record.attempts += 1;
      call.onHeadroom(headroom);
      yield completed();
    });
    await drain((emit) => stage(next)(aCall({ onHeadroom: (news) => seen.push(news) }), emit));
    expect(seen).toEqual([headroom]);
    const waiting = stage(next)(aCall(), () => {});
    expect(loadOf(limiters)).toEqual({ running: 0, queued: 1 });
    limiters.close();
    await expect(waiting).rejects.toMatchObject({ reason: 'SHUTTING_DOWN' });
  });

  it('lets everybody wait when one is refused for its rate', async () => {
    const { clock, limiters, stage } = setUp();
    const refusal = new ProviderError('RATE_LIMIT_EXCEEDED', {
      upstreamStatus: 429,
      retryAfterMs: 20_000,
    });
    await drain((emit) => stage(attempt(refusal))(aCall(), emit));
    const deadline = clock.now() + 900;
    const { error } = await drain((emit) => stage(attempt(completed()))(aCall({ deadline }), emit));
    expect(error).toMatchObject({
      reason: 'RATE_LIMIT_EXCEEDED',
      facts: { retryAfterMs: 20_000, quotaSubject: 'upstream' },
    });
    const answer = drain((emit) => stage(attempt(completed()))(aCall(), emit));
    expect(loadOf(limiters).queued).toBe(1);
    clock.advance(20_000);
    expect((await answer).error).toBeUndefined();
  });

  it('tries again after a second where a wait is absurd, and tells nobody to wait for longer', async () => {
    const { clock, limiters, stage } = setUp();
    const answers = [
      new ProviderError('RATE_LIMIT_EXCEEDED', { upstreamStatus: 429, retryAfterMs: 86_400_000 }),
      completed(),
      completed(),
    ];
    const next: Handler = (call, emit) => {
      const answer = answers.shift();
      return attempt(...(answer === undefined ? [] : [answer]))(call, emit);
    };
    const { error } = await drain((emit) => stage(next)(aCall(), emit));
    expect(error).toMatchObject({ facts: { retryAfterMs: 1_000 } });
    expect([...limiters.status()]).toMatchObject([{ heldUntil: clock.now() + 1_000 }]);
    const waiting = [1, 2].map(() => drain((emit) => stage(next)(aCall(), emit)));
    clock.advance(999);
    expect(answers).toHaveLength(2);
    clock.advance(1);
    const ended = await Promise.all(waiting);
    expect(ended.map((one) => one.error)).toEqual([undefined, undefined]);
    expect([...limiters.status()][0]).not.toHaveProperty('heldUntil');
  });

  it('lets all go as soon as the one that probes is answered, not when it is complete', async () => {
    const { clock, stage } = setUp();
    const refusal = new ProviderError('RATE_LIMIT_EXCEEDED', {
      upstreamStatus: 429,
      retryAfterMs: 86_400_000,
    });
    await drain((emit) => stage(attempt(refusal))(aCall(), emit));
    let begun = 0;
    const endless: Handler = (_, emit) => {
      begun += 1;
      if (begun === 1) void Promise.resolve().then(() => emit(started()));
      return new Promise(() => {});
    };
    for (let call = 0; call < 3; call += 1) void stage(endless)(aCall(), () => {});
    clock.advance(120_000);
    for (let turn = 0; turn < 10; turn += 1) await Promise.resolve();
    expect(begun).toBe(3);
  });

  it('sends who has somewhere else to go there at once, as long as a wait may be meant', async () => {
    const { stage } = setUp();
    const refusal = new ProviderError('RATE_LIMIT_EXCEEDED', {
      upstreamStatus: 429,
      retryAfterMs: 20_000,
    });
    await drain((emit) => stage(attempt(refusal))(aCall(), emit));
    const call = aCall({ alternatives: [{ upstream: 'azure', model: 'gpt' }] });
    const { error } = await drain((emit) => stage(attempt(completed()))(call, emit));
    expect(error).toMatchObject({ facts: { retryAfterMs: 20_000, quotaSubject: 'upstream' } });
  });

  it('fails nobody for a wait that is likely to be wrong', async () => {
    const { clock, stage } = setUp();
    const refused = () =>
      new ProviderError('RATE_LIMIT_EXCEEDED', { upstreamStatus: 429, retryAfterMs: 20_000 });
    const ask = async () => {
      const call = aCall({ deadline: clock.now() + 10_000 });
      return (await drain((emit) => stage(attempt(refused()))(call, emit))).error;
    };
    expect(await ask()).toMatchObject({ facts: { retryAfterMs: 20_000 } });
    const answer = drain((emit) => stage(attempt(completed()))(aCall(), emit));
    clock.advance(1_000);
    expect((await answer).error).toBeUndefined();
    // As long as if nothing had been asked for.
    expect(await ask()).toMatchObject({ facts: { retryAfterMs: 200 } });
  });

  it('gives its place back however the attempt ends', async () => {
    const { limiters, stage } = setUp();
    await drain((emit) => stage(attempt(started(), completed()))(aCall(), emit));
    await drain((emit) => stage(attempt(started(), new Error('bug')))(aCall(), emit));
    const held = aCall();
    held.flow.hold();
    await drain((emit) => stage(attempt(started(), text('Hi'), completed()))(held, emit));
    expect(loadOf(limiters)).toEqual({ running: 0, queued: 0 });
  });

  it('makes a ProviderError of what is none', async () => {
    const { stage } = setUp();
    const { error } = await drain((emit) => stage(attempt(new Error('bug')))(aCall(), emit));
    expect(error).toMatchObject({ reason: 'INTERNAL' });
  });
});

describe('what an attempt uses of the limits', () => {
  it('is what the upstream says, once it is complete', async () => {
    const { stage, taken } = setUpBalances();
    const next = attempt(started(), completed({ usage: usage({ totalTokens: 77 }) }));
    await drain((emit) => stage(next)(aCall(), emit));
    expect(taken()).toEqual({ requests: 1, daily: 1, tokens: 77 });
  });

  it('is what it was charged for, if it is cut off', async () => {
    const { stage, taken } = setUpBalances();
    const call = aCall();
    const charge = {
      attempt: 1,
      upstream: 'default',
      model: 'gpt-test',
      usage: usage({ totalTokens: 5_000 }),
      serviceTier: '',
      outcome: 'CANCELLED' as const,
      startedAt: 0,
      endedAt: 0,
    };
    call.record.charges.push(charge);
    const next: Handler = scripted(async function* ({ record }) {
      record.attempts += 1;
      yield started();
      record.charges.push({ ...charge, usage: usage({ totalTokens: 33 }) });
      throw new ProviderError('NETWORK_ERROR');
    });
    await drain((emit) => stage(next)(call, emit));
    expect(taken()).toEqual({ requests: 1, daily: 1, tokens: 33 });
  });

  it('is a request and no tokens, if the upstream refuses it', async () => {
    const { stage, taken } = setUpBalances();
    const refusal = new ProviderError('RATE_LIMIT_EXCEEDED', { upstreamStatus: 429 });
    await drain((emit) => stage(attempt(refusal))(aCall(), emit));
    expect(taken()).toEqual({ requests: 1, daily: 1, tokens: 0 });
  });

  it('is nothing, if no request was made', async () => {
    const { stage, taken } = setUpBalances();
    const open: Handler = scripted(async function* () {
      yield* [];
      throw new ProviderError('CIRCUIT_OPEN');
    });
    await drain((emit) => stage(open)(aCall(), emit));
    expect(taken()).toEqual({ requests: 0, daily: 0, tokens: 0 });
  });
});
