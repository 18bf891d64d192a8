import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { newCallRecord } from '../../src/core/call-record.ts';
import { systemClock } from '../../src/core/clock.ts';
import { Limiter } from '../../src/policies/rate-limit/limiter.ts';
import { DEFAULT_RATE_LIMIT } from '../../src/policies/rate-limit/options.ts';
import { redisRateSource } from '../../src/shared-store/rates/redis-rate-source.ts';
import type { ScriptRunner } from '../../src/shared-store/redis/script.ts';
import { aCall } from '../support/events.ts';
import { describeWithRedis } from '../support/redis-server.ts';
import { LogProbe, redisOfBlock } from './support.ts';

const TARGET = { upstream: 'default', model: 'gpt-test' };
const LIMIT = 6_000;
/** A sixth of the limit. */
const EVERY_MS = 60;
const SECOND_MS = 1_000;

describeWithRedis('a limit that is shared over a Redis far away', () => {
  const redis = redisOfBlock();

  function limiterAt(oneWayMs: number, name: string): Limiter {
    const runner: ScriptRunner = {
      isUp: true,
      onChange: () => {},
      run: async (...script) => {
        await sleep(oneWayMs);
        const answer = await redis.connection.run(...script);
        await sleep(oneWayMs);
        return answer;
      },
    };
    const store = { keyPrefix: `${name}-${oneWayMs}:` };
    const newSource = redisRateSource(runner, store, { clock: systemClock, log: new LogProbe() });
    const sizes = { estimate: () => 0, count: async () => 0 };
    const options = { ...DEFAULT_RATE_LIMIT, requestsPerMinute: LIMIT };
    return new Limiter(TARGET, options, {
      clock: systemClock,
      newSource,
      sizes,
      maxWaitMs: 60_000,
    });
  }

  /** How long it waited, in ms. */
  async function callAt(limiter: Limiter): Promise<number> {
    const call = aCall({ record: newCallRecord(systemClock.now()) });
    const came = performance.now();
    const admitted = limiter.admit(call);
    const permit = admitted instanceof Promise ? await admitted : admitted;
    call.record.attempts += 1;
    permit.release();
    return performance.now() - came;
  }

  describe.each([150, 400])('%d ms each way', (oneWayMs) => {
    it('makes few calls wait at a sixth of it, and none for long', async () => {
      const limiter = limiterAt(oneWayMs, 'even');
      const waits: Promise<number>[] = [];
      for (let ms = 0; ms < 4 * SECOND_MS; ms += EVERY_MS) {
        waits.push(callAt(limiter));
        await sleep(EVERY_MS);
      }
      const sorted = (await Promise.all(waits)).sort((a, b) => a - b);
      expect(sorted[Math.floor(sorted.length / 2)]).toBeLessThan(20);
      expect(sorted.at(-1)).toBeLessThan(3 * oneWayMs + 500);
    });

    it('serves a burst of 80 from idle within three seconds', async () => {
      const limiter = limiterAt(oneWayMs, 'burst');
      const waits = await Promise.all(Array.from({ length: 80 }, () => callAt(limiter)));
      expect(Math.max(...waits)).toBeLessThan(3 * SECOND_MS);
    });
  });
});
