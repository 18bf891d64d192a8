import { setImmediate } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { newCallRecord } from '../../../src/core/call-record.ts';
import { ProviderError } from '../../../src/core/errors.ts';
import { RateLimiters } from '../../../src/policies/rate-limit/limiters.ts';
import {
  DEFAULT_RATE_LIMIT,
  type RateLimitOptions,
} from '../../../src/policies/rate-limit/options.ts';
import { rateLimit } from '../../../src/policies/rate-limit/stage.ts';
import { aCall, drain } from '../../support/events.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { fewOrMany } from '../../support/long.ts';
import { TelemetryProbe } from '../../support/telemetry.ts';
import {
  type SimulatedLimits,
  SimulatedUpstream,
  type SimulationOptions,
} from './simulated-upstream.ts';

/** Whole simulations: an upstream that enforces its limits, and more calls than it takes. */

const STEP_MS = 10;
const MINUTE_MS = 60_000;
const MINUTES = fewOrMany(2, 5);

interface Scenario {
  readonly limits: SimulatedLimits;
  readonly options?: Partial<RateLimitOptions>;
  readonly upstream?: Partial<SimulationOptions>;
  /** Calls per minute. */
  readonly offered: number;
  /** Requests of other clients of the account, per minute. */
  readonly others?: number;
  readonly minutes: number;
  readonly serviceTierOf?: (index: number) => string;
}

const INPUT = 80;
const OUTPUT = 120;

/** Tokens differ from call to call, by a fixed pattern, around 80 and 120. */
function tokensOf(id: string): { input: number; output: number } {
  const index = Number(id);
  return { input: INPUT + (index % 7) * 10 - 30, output: OUTPUT + (index % 11) * 10 - 50 };
}

async function simulate(scenario: Scenario) {
  const clock = new FakeClock();
  const start = clock.now();
  const { instruments } = new TelemetryProbe();
  const upstream = new SimulatedUpstream(clock, scenario.limits, {
    counts: 'sliding',
    headersMs: 150,
    answerMs: 900,
    tells: true,
    tokensOf: ({ id }) => tokensOf(id),
    ...scenario.upstream,
  });
  const options = { ...DEFAULT_RATE_LIMIT, ...scenario.options };
  const sizes = {
    estimate: () => INPUT,
    count: async ({ id }: { id: string }) => tokensOf(id).input,
  };
  const limiters = new RateLimiters('default', options, { clock, sizes, maxWaitMs: 2_000 });
  const handler = rateLimit(limiters, { instruments })(upstream.answer);
  const end = new AbortController();
  const errors: ProviderError[] = [];
  const running: Promise<void>[] = [];
  let offered = 0;
  let others = 0;
  const offer = () => {
    const call = aCall({
      id: String(offered),
      record: newCallRecord(clock.now()),
      signal: end.signal,
      request: { messages: [], serviceTier: scenario.serviceTierOf?.(offered) ?? 'default' },
    });
    offered += 1;
    const outcome = drain((emit) => handler(call, emit)).then(({ error }) => {
      if (error instanceof ProviderError) errors.push(error);
    });
    running.push(outcome);
  };
  const nextOffer = () => (offered * MINUTE_MS) / scenario.offered;
  const nextOther = () =>
    scenario.others === undefined
      ? Number.POSITIVE_INFINITY
      : (others * MINUTE_MS) / scenario.others;
  for (let ms = 0; ms < scenario.minutes * MINUTE_MS; ms = clock.now() - start) {
    while (nextOffer() < ms) offer();
    for (; nextOther() < ms; others += 1) upstream.other(200);
    await setImmediate();
    const next = Math.min(nextOffer(), nextOther(), clock.nextDue - start);
    // Nothing happens in the steps between.
    clock.advance(Math.max(1, Math.ceil((next - ms) / STEP_MS)) * STEP_MS);
  }
  const share = upstream.accepted / (scenario.limits.requestsPerMinute * scenario.minutes);
  end.abort();
  for (let step = 0; step < 4; step += 1) {
    await setImmediate();
    clock.advance(1_000);
  }
  await Promise.all(running);
  const local = errors.filter(({ reason, facts }) => {
    return reason === 'RATE_LIMIT_EXCEEDED' && facts.upstreamStatus === undefined;
  });
  expect([...limiters.status()]).toMatchObject([{ model: 'gpt-test', running: 0, queued: 0 }]);
  return { upstream, share, local, start };
}

const CONFIGURED = { requestsPerMinute: 600, maxQueued: 500 };

describe('a target that enforces its limits', () => {
  it.each([
    [60, 5],
    [600, MINUTES],
    [fewOrMany(2_400, 6_000), 1],
  ])(
    'is used fully and never refuses, at three times %d requests a minute',
    async (limit, minutes) => {
      const { upstream, share, local } = await simulate({
        limits: { requestsPerMinute: limit, perSecond: limit / 60 },
        options: { requestsPerMinute: limit, maxQueued: 500 },
        offered: 3 * limit,
        minutes,
      });

      expect(upstream.refused).toBe(0);
      expect(share).toBeGreaterThan(0.95);
      expect(share).toBeLessThanOrEqual(1);
      if (limit > 60) expect(local.length).toBeGreaterThan(0);
    },
  );

  it.each([
    [30_000, MINUTES],
    [fewOrMany(240_000, 600_000), 1],
  ])(
    'is used fully and never refuses, at three times %d tokens a minute',
    async (limit, minutes) => {
      const { upstream } = await simulate({
        limits: { requestsPerMinute: limit, tokensPerMinute: limit },
        options: { tokensPerMinute: limit, maxQueued: 500 },
        offered: (3 * limit) / (INPUT + OUTPUT),
        minutes,
      });

      expect(upstream.refused).toBe(0);
      expect((upstream.accepted * (INPUT + OUTPUT)) / (minutes * limit)).toBeGreaterThan(0.95);
    },
  );

  it('serves each priority in the order in which its calls came', async () => {
    const tiers = ['default', 'flex', 'priority', 'default', 'default'];
    const { upstream } = await simulate({
      limits: { requestsPerMinute: 600 },
      options: { requestsPerMinute: 600, maxQueued: 2_000 },
      offered: 1_200,
      minutes: 1,
      serviceTierOf: (index) => tiers[index % tiers.length] ?? 'default',
    });

    for (const tier of ['priority', 'default', 'flex']) {
      const ids = upstream.log.map(Number).filter((id) => tiers[id % tiers.length] === tier);
      expect(ids).toEqual(ids.toSorted((a, b) => a - b));
    }
    // A fifth of twice what is taken: all of them go.
    const urgent = upstream.log.filter((id) => Number(id) % tiers.length === 2);
    expect(urgent.length).toBeGreaterThanOrEqual(239);
  });
});

describe('a target whose limits are not configured', () => {
  it.each([['sliding' as const], ['bucket' as const]])(
    'teaches them by its headers and a few refusals at first (%s minute, counted seconds)',
    async (counts) => {
      const { upstream, share, start } = await simulate({
        limits: { requestsPerMinute: 600, perSecond: 10 },
        upstream: { counts },
        options: { maxQueued: 500 },
        offered: 1_800,
        minutes: MINUTES,
      });

      expect(upstream.refused).toBeLessThan(20);
      expect(upstream.refusals.filter((at) => at > start + 10_000)).toEqual([]);
      expect(share).toBeGreaterThan(0.95);
    },
  );

  it('may have its whole bucket at once, and never refuses', async () => {
    const { upstream, share } = await simulate({
      limits: { requestsPerMinute: 600 },
      upstream: { counts: 'bucket' },
      options: { maxQueued: 500 },
      offered: 1_800,
      minutes: MINUTES,
    });

    expect(upstream.refused).toBe(0);
    expect(share).toBeGreaterThan(1.1);
  });

  it('holds attempts back after refusals if it reports nothing', async () => {
    const { upstream, share } = await simulate({
      limits: { requestsPerMinute: 600 },
      upstream: { counts: 'bucket', tells: false, retryAfterMs: 1_000 },
      options: { maxQueued: 500 },
      offered: 1_800,
      minutes: MINUTES,
    });

    // Without any notion of the limit some are refused, and made again: retry is not part of this.
    expect(upstream.refused).toBeLessThan(0.2 * upstream.accepted);
    expect(share).toBeGreaterThan(0.95);
  });
});

describe('a target half of whose limit others use', () => {
  const SHARED = {
    limits: { requestsPerMinute: 600 },
    offered: 1_800,
    others: 300,
    minutes: MINUTES,
  };

  it.each([
    ['configured', CONFIGURED],
    ['learned', { maxQueued: 500 }],
  ])('refuses nobody here while the other half lasts (%s limit)', async (_, options) => {
    const { upstream, share } = await simulate({
      ...SHARED,
      upstream: { counts: 'bucket' },
      options,
    });

    expect(upstream.refused).toBe(0);
    expect(upstream.refusedOthers).toBeLessThan(30);
    expect(share).toBeGreaterThan(0.5);
  });

  it('refuses few where a minute slides', async () => {
    const { upstream, share } = await simulate({ ...SHARED, options: CONFIGURED });

    expect(upstream.refused).toBeLessThan(0.05 * upstream.accepted);
    expect(share).toBeGreaterThan(0.47);
  });
});
