import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from '@jest/globals';
import { systemClock } from '../../../src/core/clock.ts';
import { redisRateSource } from '../../../src/shared-store/rates/redis-rate-source.ts';
import { describeWithRedis, RedisServer } from '../../support/redis-server.ts';
import { connectedTo, LogProbe } from '../support.ts';

const LIMIT = { subject: 'tokens per minute', limit: 60_000 } as const;
const TARGET = { upstream: 'default', model: 'gpt-test' };
const SIDECARS = 3;
const AMOUNT = 10;
const SECOND_MS = 1_000;

describeWithRedis('a rate on Redis', () => {
  it('is handed out up to about the limit to all together', async () => {
    const server = await RedisServer.start();
    const connection = await connectedTo(server);
    const newSource = redisRateSource(
      connection,
      { keyPrefix: 'test:' },
      { clock: systemClock, log: new LogProbe() },
    );
    const sources = Array.from({ length: SIDECARS }, () =>
      newSource(LIMIT, TARGET, systemClock.now()),
    );

    let taken = 0;
    const takeFor = async (ms: number) => {
      const began = performance.now();
      const before = taken;
      const takeAll = async (source: (typeof sources)[number]) => {
        while (performance.now() - began < ms) {
          if (source.take(AMOUNT, systemClock.now())) taken += AMOUNT;
          else await sleep(source.waitMs(AMOUNT, systemClock.now()));
        }
      };
      await Promise.all(sources.map(takeAll));
      return (taken - before) / (performance.now() - began);
    };
    // Until what was there at first is used up.
    await takeFor(SECOND_MS);
    const perMs = await takeFor(5 * SECOND_MS);
    // Less what the sidecars come to have at hand.
    expect(perMs).toBeGreaterThan(0.85);
    expect(perMs).toBeLessThan(1.1);
    connection.close();
    await server.stop();
  });
});
