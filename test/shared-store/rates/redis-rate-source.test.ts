import { beforeEach, describe, expect, it } from '@jest/globals';
import type { RateLimit } from '../../../src/policies/rate-limit/source.ts';
import { redisRateSource } from '../../../src/shared-store/rates/redis-rate-source.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { describeWithRedis } from '../../support/redis-server.ts';
import { eventually, LogProbe, redisOfBlock, Switch } from '../support.ts';

const TARGET = { upstream: 'default', model: 'gpt-test' };
const SECOND_MS = 1_000;

describeWithRedis('rates on Redis', () => {
  const redis = redisOfBlock();

  /** What one left under way must not arrive in the next. */
  let test = 0;

  beforeEach(async () => {
    test += 1;
    await redis.server.command('flushall');
  });

  const perMinute = (limit: number): RateLimit => ({ subject: 'requests per minute', limit });
  const tokens = (limit: number): RateLimit => ({ subject: 'tokens per minute', limit });
  const perDay = (limit: number): RateLimit => ({ subject: 'requests per day', limit });

  /** A sidecar's part of a limit, by a clock that stands still. */
  function stillSource(limit: RateLimit) {
    const clock = new FakeClock(Date.now());
    const runner = new Switch(redis.connection);
    const log = new LogProbe();
    const newSource = redisRateSource(runner, { keyPrefix: `test-${test}:` }, { clock, log });
    const source = newSource(limit, TARGET, clock.now());
    let changes = 0;
    source.onChange(() => {
      changes += 1;
    });
    const take = (amount: number) => source.take(amount, clock.now());
    const waitMs = (amount: number, ahead?: number) => source.waitMs(amount, clock.now(), ahead);
    /** Waits until the source tells of a change. */
    const change = async () => {
      const before = changes;
      await eventually(() => changes > before);
    };
    /** Takes so much once it is there. */
    const draw = async (amount: number) => {
      while (!take(amount)) {
        await change();
        clock.advance(SECOND_MS);
      }
    };
    return { source, clock, runner, log, take, waitMs, change, draw };
  }

  describe('a shared rate', () => {
    it('is drawn from the server when it is first needed', async () => {
      const one = stillSource(perMinute(60_000));
      expect(one.waitMs(1)).toBeGreaterThan(0);
      expect(one.take(1)).toBe(false);
      await one.change();
      expect(one.waitMs(1)).toBe(0);
      expect(one.take(1)).toBe(true);
    });

    it('is handed out without asking for what is drawn', async () => {
      const one = stillSource(perMinute(60_000));
      await one.draw(100);
      one.source.give(100, one.clock.now());
      const { runs } = one.runner;
      for (let count = 0; count < 50; count += 1) expect(one.take(1)).toBe(true);
      expect(one.runner.runs).toBe(runs);
    });

    it('draws ahead what is used in about half a second', async () => {
      const one = stillSource(tokens(6_000_000));
      for (let count = 0; count < 20; count += 1) {
        await one.draw(5_000);
        one.clock.advance(100);
      }
      await eventually(() => one.waitMs(1_000) === 0);
      const { runs } = one.runner;
      expect(one.take(1_000)).toBe(true);
      expect(one.runner.runs).toBe(runs);
    });

    it('is one for all: what one has drawn another cannot have', async () => {
      const [one, two] = [stillSource(perDay(10)), stillSource(perDay(10))];
      await one.draw(7);
      expect(two.take(4)).toBe(false);
      await two.change();
      expect(two.take(4)).toBe(false);
      expect(two.waitMs(4)).toBeGreaterThan(SECOND_MS);
      await two.draw(3);
    });

    it('takes more than the bucket ever holds, by and by', async () => {
      const one = stillSource(tokens(600_000));
      await one.draw(15_000);
      expect(one.runner.runs).toBeGreaterThan(1);
    });

    it('gives back what it does not use for a while', async () => {
      const [one, two] = [stillSource(perDay(10)), stillSource(perDay(10))];
      await one.draw(9);
      one.source.give(9, one.clock.now());
      one.clock.advance(3 * SECOND_MS);
      expect(one.take(1)).toBe(false);
      await one.change();
      await two.draw(8);
    });

    it('makes up for what was needed beyond what was taken', async () => {
      const [one, two] = [stillSource(perDay(10)), stillSource(perDay(10))];
      await one.draw(2);
      one.source.give(-5, one.clock.now());
      one.clock.advance(SECOND_MS);
      await one.draw(1);
      expect(two.take(4)).toBe(false);
      await two.change();
      expect(two.take(4)).toBe(false);
    });

    it('tells how long it may take', async () => {
      const one = stillSource(perMinute(60));
      await one.draw(1);
      one.clock.advance(SECOND_MS);
      // As long as nobody has drawn the bucket may be full.
      expect(one.waitMs(1)).toBeLessThan(100);
      expect(one.waitMs(1, 10)).toBeGreaterThan(5 * SECOND_MS);
      expect(one.waitMs(1, 10)).toBeLessThan(15 * SECOND_MS);
    });
  });

  describe('sidecars with different limits', () => {
    it('say so once a minute, and whose', async () => {
      const [one, two] = [stillSource(perMinute(6_000)), stillSource(perMinute(3_000))];
      await one.draw(1);
      await two.draw(1);
      await two.draw(60);
      const line = 'warn: sidecars that share a rate limit are configured with different ones';
      expect([...one.log.lines, ...two.log.lines]).toEqual([line]);
      expect(two.log.fields).toMatchObject([{ limit: 3_000, other: 6_000 }]);
    });
  });

  describe('who waits', () => {
    it('gets what all of them need with one draw', async () => {
      const one = stillSource(perMinute(6_000));
      expect(one.take(1)).toBe(false);
      one.source.awaited(80, one.clock.now());
      await one.change();
      const { runs } = one.runner;
      for (let count = 0; count < 80; count += 1) expect(one.take(1)).toBe(true);
      expect(one.runner.runs).toBe(runs);
    });

    it('does not, for what the sidecars may use before they have drawn it', async () => {
      const [one, two] = [stillSource(perMinute(6_000)), stillSource(perMinute(6_000))];
      await one.draw(1);
      await two.draw(1);
      two.clock.advance(SECOND_MS);
      let credit = 0;
      while (two.take(1)) credit += 1;
      // Half of what comes in in a quarter of a second.
      expect(credit).toBe(12);
      await two.change();
      // It is paid back before more is handed out.
      expect(two.waitMs(1)).toBe(0);
    });

    it('does for a server whose bucket is empty', async () => {
      const one = stillSource(perMinute(6_000));
      expect(one.take(98)).toBe(false);
      await one.change();
      expect(one.take(98)).toBe(true);
      expect(one.take(1)).toBe(false);
    });
  });

  describe('a shared rate whose server is away', () => {
    it('keeps to the fair share that was known last', async () => {
      const sources = [stillSource(perMinute(6_000)), stillSource(perMinute(6_000))];
      for (const { draw } of sources) await draw(1);
      const [one] = sources;
      if (one === undefined) throw new Error('There is no source.');
      one.clock.advance(SECOND_MS);
      one.take(50);
      await one.change();
      one.runner.isUp = false;
      let taken = 0;
      for (let ms = 0; ms < 60 * SECOND_MS; ms += 10) {
        one.clock.advance(10);
        if (one.take(1)) taken += 1;
      }
      expect(taken).toBeGreaterThan(2_700);
      expect(taken).toBeLessThanOrEqual(3_100);
      expect(one.waitMs(1)).toBeLessThan(100);
    });

    it('has all of the limit if it knows of nobody else', () => {
      const one = stillSource(perMinute(6_000));
      one.runner.isUp = false;
      expect(one.take(1)).toBe(true);
      one.source.give(1, one.clock.now());
      expect(one.take(1)).toBe(true);
    });

    it('draws from the server again when that is back', async () => {
      const one = stillSource(perDay(10));
      await one.draw(1);
      one.runner.isUp = false;
      one.take(1);
      one.runner.isUp = true;
      one.clock.advance(2 * SECOND_MS);
      const { runs } = one.runner;
      await one.draw(1);
      expect(one.runner.runs).toBeGreaterThan(runs);
    });

    it('tells who waits when a draw fails, and leaves the server alone for a while', async () => {
      const one = stillSource(perMinute(60));
      one.runner.refusal = new Error('OOM command not allowed');
      expect(one.take(1)).toBe(false);
      await one.change();
      expect(one.take(1)).toBe(true);
      one.clock.advance(2 * SECOND_MS);
      expect(one.take(1)).toBe(false);
      await one.change();
      expect(one.log.lines).toEqual(['error: the shared store refuses to keep rate limits']);
      one.runner.refusal = undefined;
      one.clock.advance(2 * SECOND_MS);
      await one.draw(1);
      one.runner.losesAnswers = true;
      one.clock.advance(2 * SECOND_MS);
      one.take(5);
      await one.change();
      expect(one.log.lines).toHaveLength(1);
    });

    it('knows what a bucket held when the server has lost it', async () => {
      const one = stillSource(perDay(10));
      await one.draw(8);
      await redis.server.command('flushall');
      one.clock.advance(SECOND_MS);
      expect(one.take(5)).toBe(false);
      await one.change();
      expect(one.take(5)).toBe(false);
    });
  });
});
