import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { newCallRecord } from '../../src/core/call-record.ts';
import { Limiter } from '../../src/policies/rate-limit/limiter.ts';
import { DEFAULT_RATE_LIMIT } from '../../src/policies/rate-limit/options.ts';
import { redisRateSource } from '../../src/shared-store/rates/redis-rate-source.ts';
import type { LuaScript, ScriptRunner } from '../../src/shared-store/redis/script.ts';
import { aCall } from '../support/events.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { LogProbe } from './support.ts';

/*
 * Rates that are shared over a server that takes long to answer. Time is simulated, so the server is,
 * too: it does what RATE_SCRIPT does, for one bucket. `slow-server.long.test.ts` has a real one.
 */

const TARGET = { upstream: 'default', model: 'gpt-test' };
const LIMIT = 6_000;
const STEP_MS = 10;
const SECOND_MS = 1_000;
const MINUTE_MS = 60_000;

class SimulatedServer {
  readonly #clock: FakeClock;
  readonly #oneWayMs: number;
  readonly #sidecars = new Set<string>();
  #level: number | undefined;
  #at = 0;

  constructor(clock: FakeClock, oneWayMs: number) {
    this.#clock = clock;
    this.#oneWayMs = oneWayMs;
  }

  /** As a sidecar sees it. */
  runner(): ScriptRunner {
    return {
      isUp: true,
      onChange: () => {},
      run: async (_script: LuaScript, _keys, args) => {
        await this.#pass();
        const answer = this.#draw(args);
        await this.#pass();
        return [JSON.stringify(answer)];
      },
    };
  }

  #pass(): Promise<void> {
    return new Promise((resolve) => void this.#clock.after(this.#oneWayMs, resolve));
  }

  #draw([name = '', ...fields]: readonly string[]) {
    const [want = 0, back = 0, refill = 0, capacity = 0, level = 0] = fields.map(Number);
    const now = this.#clock.now();
    const before = this.#level ?? level;
    const elapsed = this.#level === undefined ? 0 : now - this.#at;
    const filled = Math.min(capacity, before + elapsed * refill + back);
    const granted = Math.max(0, Math.floor(Math.min(want, filled)));
    this.#level = filled - granted;
    this.#at = now;
    this.#sidecars.add(name);
    return { granted, level: this.#level, sidecars: this.#sidecars.size };
  }
}

/** In [0, 1), the same each time. */
function chance(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
    return state / 2 ** 31;
  };
}

interface Scenario {
  readonly oneWayMs: number;
  readonly sidecars: number;
  /** Calls per second, at each sidecar. */
  readonly perSecond: number;
  /** Calls that come at once at the beginning, at the first sidecar. */
  readonly burst?: number;
  readonly seconds: number;
}

/** How long calls waited, in ms, in the order in which they came; and when each was admitted. */
async function simulate({ oneWayMs, sidecars, perSecond, burst = 0, seconds }: Scenario) {
  const clock = new FakeClock();
  const server = new SimulatedServer(clock, oneWayMs);
  const limiters = Array.from({ length: sidecars }, (_, index) => {
    const store = { keyPrefix: 'test:', name: `sidecar-${index}` };
    const newSource = redisRateSource(server.runner(), store, { clock, log: new LogProbe() });
    const sizes = { estimate: () => 0, count: async () => 0 };
    const options = { ...DEFAULT_RATE_LIMIT, requestsPerMinute: LIMIT };
    return new Limiter(TARGET, options, { clock, newSource, sizes, maxWaitMs: 60_000 });
  });
  const waits: number[] = [];
  const admittedAt: number[] = [];
  let failed = 0;
  const call = async (limiter: Limiter) => {
    const came = clock.now();
    const index = waits.push(Number.POSITIVE_INFINITY) - 1;
    const one = aCall({ record: newCallRecord(came), deadline: came + 10 * SECOND_MS });
    try {
      const admitted = limiter.admit(one);
      const permit = admitted instanceof Promise ? await admitted : admitted;
      waits[index] = clock.now() - came;
      admittedAt.push(clock.now());
      one.record.attempts += 1;
      permit.release();
    } catch {
      failed += 1;
    }
  };
  const random = chance(7);
  const calls: Promise<void>[] = [];
  for (let count = 0; count < burst; count += 1) {
    for (const first of limiters.slice(0, 1)) calls.push(call(first));
  }
  for (let ms = 0; ms < seconds * SECOND_MS; ms += STEP_MS) {
    for (const limiter of limiters) {
      if (random() < (perSecond * STEP_MS) / SECOND_MS) calls.push(call(limiter));
    }
    clock.advance(STEP_MS);
    await turn();
  }
  for (let ms = 0; ms < 12 * SECOND_MS; ms += STEP_MS) {
    clock.advance(STEP_MS);
    await turn();
  }
  await Promise.all(calls);
  return { waits, admittedAt, failed };
}

/** The most that was admitted in any minute. */
function mostInAMinute(times: readonly number[]): number {
  let most = 0;
  let first = 0;
  for (const [index, time] of times.entries()) {
    while ((times[first] ?? time) <= time - MINUTE_MS) first += 1;
    most = Math.max(most, index - first + 1);
  }
  return most;
}

const share = (waits: readonly number[], most: number) =>
  waits.filter((wait) => wait <= most).length / waits.length;

describe('a limit that is shared over a slow server', () => {
  describe.each([50, 150, 250, 400])('%d ms away', (oneWayMs) => {
    it('makes next to no call wait at a sixth of it', async () => {
      const { waits, failed } = await simulate({
        oneWayMs,
        sidecars: 2,
        perSecond: 8,
        seconds: 30,
      });
      expect(failed).toBe(0);
      // The very first have to ask, as nobody knows anything.
      expect(share(waits.slice(30), 0)).toBeGreaterThan(0.95);
      expect(share(waits, 2 * oneWayMs + STEP_MS)).toBe(1);
    });

    it('serves a burst from idle within three round trips and what comes in meanwhile', async () => {
      const { waits, failed } = await simulate({
        oneWayMs,
        sidecars: 1,
        perSecond: 0,
        burst: 80,
        seconds: 5,
      });
      expect(failed).toBe(0);
      expect(Math.max(...waits)).toBeLessThanOrEqual(6 * oneWayMs + 100);
    });

    it('is kept, and used, when more comes than it allows', async () => {
      const { admittedAt } = await simulate({
        oneWayMs,
        sidecars: 3,
        perSecond: 50,
        seconds: 70,
      });
      expect(mostInAMinute(admittedAt)).toBeLessThanOrEqual(LIMIT + 10);
      expect(mostInAMinute(admittedAt)).toBeGreaterThan(0.85 * LIMIT);
    });
  });
});
