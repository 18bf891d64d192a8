import { describe, expect, it } from '@jest/globals';
import type { Call, Handler } from '../../../src/core/call.ts';
import { ProviderError } from '../../../src/core/errors.ts';
import type { RateHeadroom } from '../../../src/core/rate-headroom.ts';
import { KeyRing } from '../../../src/policies/keys/key-ring.ts';
import { keys } from '../../../src/policies/keys/stage.ts';
import { RateLimiters } from '../../../src/policies/rate-limit/limiters.ts';
import {
  DEFAULT_RATE_LIMIT,
  type RateLimitOptions,
} from '../../../src/policies/rate-limit/options.ts';
import { rateLimit } from '../../../src/policies/rate-limit/stage.ts';
import { aCall, completed, drain, scripted, started } from '../../support/events.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { TelemetryProbe } from '../../support/telemetry.ts';

/** Both stages, as they stand in the pipeline, above an upstream that limits each key as it likes. */

interface Setup {
  /** As configured, by position of the key. */
  readonly quotaGroups?: readonly (string | undefined)[];
  readonly options?: Partial<RateLimitOptions>;
  /** What the headers of an answer say. */
  readonly headers?: (key: number) => RateHeadroom | undefined;
  /** Whether the upstream refuses the rate. */
  readonly refuses: (key: number) => boolean;
}

function setUp({ quotaGroups = [undefined, undefined], options, headers, refuses }: Setup) {
  const clock = new FakeClock();
  const { instruments } = new TelemetryProbe();
  const ring = new KeyRing(
    quotaGroups.map((_, index) => ({ secret: `key-${index}`, weight: 1 })),
    clock,
  );
  const limits = new RateLimiters(
    'default',
    { ...DEFAULT_RATE_LIMIT, ...options },
    {
      clock,
      maxWaitMs: 2_000,
      quotaGroups,
      sizes: { estimate: () => 100, count: async () => 100 },
    },
  );
  const used: number[] = [];
  const upstream: Handler = scripted(async function* (call: Call) {
    call.record.attempts += 1;
    used.push(call.key);
    const told = headers?.(call.key);
    if (told !== undefined) call.onHeadroom(told);
    await new Promise<void>((resolve) => clock.after(100, resolve));
    if (refuses(call.key)) {
      const facts = { upstreamStatus: 429, retryAfterMs: 60_000 };
      throw new ProviderError('RATE_LIMIT_EXCEEDED', facts);
    }
    yield started();
    yield completed();
  });
  const handler = keys(ring, { clock, limits, instruments })(
    rateLimit(limits, { instruments })(upstream),
  );
  const run = (fields: Partial<Call> = {}) => drain((emit) => handler(aCall(fields), emit));
  /** Runs so many calls at once, for so many ms. */
  const runAll = async (calls: number, ms: number) => {
    const running = Array.from({ length: calls }, () => run());
    for (let passed = 0; passed < ms; passed += 100) {
      for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
      clock.advance(100);
    }
    limits.close();
    const ended = await Promise.all(running);
    return ended.filter(({ error }) => error === undefined).length;
  };
  return { clock, limits, used, run, runAll };
}

describe('keys with limits of their own', () => {
  it('answers all calls with the second key while the first is refused', async () => {
    const { used, runAll } = setUp({ refuses: (key) => key === 0 });
    expect(await runAll(8, 1_000)).toBe(8);
    expect(used.filter((key) => key === 1)).toHaveLength(8);
    expect(used.filter((key) => key === 0).length).toBeLessThanOrEqual(4);
  });

  it('lets who waits for a key go with another as soon as that has room', async () => {
    const empty = { requests: { limit: 60, remaining: 0, resetMs: 60_000 } };
    let isFree = false;
    const { clock, used, run, runAll } = setUp({
      options: { maxConcurrent: 2 },
      refuses: () => false,
      headers: (key) => (key === 0 || !isFree ? empty : undefined),
    });
    const first = [run(), run()];
    expect(used).toEqual([0, 1]);
    isFree = true;
    clock.advance(100);
    await Promise.all(first);
    expect(await runAll(2, 3_000)).toBe(2);
    expect(used).toHaveLength(4);
  });

  it('is not held while one of them is free, and is while none is', async () => {
    const { clock, limits, runAll } = setUp({ refuses: () => true });
    const [before] = limits.status();
    expect(before?.heldUntil).toBeUndefined();
    await runAll(2, 500);
    const [after] = limits.status();
    expect(after?.heldUntil).toBeGreaterThan(clock.now() + 50_000);
  });
});

describe('keys of one quota group', () => {
  const account = { account: 'org/project' };

  it.each([
    ['configured', { quotaGroups: ['shared', 'shared'] }, 1],
    ["told by the answers' headers", { headers: () => account }, 2],
  ])('are not asked for one another when they are %s', async (_, setup, most) => {
    const { used, runAll } = setUp({ ...setup, refuses: () => true });
    await runAll(1, 300);
    // Of keys that were never asked nobody knows whose they are.
    expect(used.length).toBeLessThanOrEqual(most);
    const asked = used.length;
    await runAll(4, 600);
    expect(used).toHaveLength(asked);
  });

  it('share what is known of their limits', async () => {
    const headroom = { ...account, requests: { limit: 60, remaining: 0, resetMs: 60_000 } };
    const { clock, limits, used, run } = setUp({ refuses: () => false, headers: () => headroom });
    for (const _ of [1, 2]) {
      const answer = run();
      clock.advance(100);
      await answer;
    }
    expect(used).toEqual([0, 1]);
    expect(limits.shareLimits(0, 1)).toBe(true);
    expect(limits.headroom('gpt-test', 1)).toBe(limits.headroom('gpt-test', 0));
  });
});
