import { beforeEach, describe, expect, it } from '@jest/globals';
import { ReportedBucket } from '../../../src/policies/rate-limit/reported-bucket.ts';

const PER_MS = 600 / 60_000;

/** After `remaining` of 600 a minute was reported at 0, nobody having taken anything since. */
function reported(remaining: number, resetMs = (600 - remaining) / PER_MS): ReportedBucket {
  const headroom = { limit: 600, remaining, resetMs };
  return new ReportedBucket(headroom, { at: 0, taken: 1 }, 1, 0);
}

describe('ReportedBucket', () => {
  it('lets through what remains, and then what is refilled', () => {
    const bucket = reported(2);
    expect(bucket.limit).toBe(600);
    expect(bucket.take(1, 0)).toBe(true);
    expect(bucket.take(1, 0)).toBe(true);
    expect(bucket.take(1, 0)).toBe(false);
    expect(bucket.waitMs(1, 0)).toBeCloseTo(100 / 0.97, 6);
  });

  it('counts what was taken since the reporting request was sent, and what was refilled', () => {
    const bucket = new ReportedBucket(
      { limit: 600, remaining: 10, resetMs: 59_000 },
      { at: 0, taken: 5 },
      11,
      1_000,
    );
    // 10 less 6, and a second's refill.
    expect(bucket.waitMs(0, 1_000, 14)).toBeGreaterThan(0);
    expect(bucket.waitMs(0, 1_000, 13)).toBe(0);
  });

  it('takes a slow reset for a limit per day', () => {
    const bucket = reported(0, 86_400_000);
    expect(bucket.waitMs(1, 0)).toBeCloseTo(144_000 / 0.97, 3);
  });

  it('believes in no limit that refills over more than a day', () => {
    const bucket = reported(0, 1_000 * 86_400_000);
    expect(bucket.waitMs(1, 0)).toBeCloseTo(144_000 / 0.97, 3);
  });

  it('takes a limit that says nothing of its reset for one per minute', () => {
    expect(reported(0, 0).waitMs(1, 0)).toBeCloseTo(100 / 0.97, 6);
    expect(reported(600, 5).waitMs(601, 0)).toBe(0);
  });

  it('measures how much others take', () => {
    const bucket = reported(300);
    // 10 are refilled a second, of which others take 6, and we 2.
    for (let second = 1; second <= 20; second += 1) {
      const remaining = 300 + 2 * second;
      const sent = { at: 1_000 * second, taken: 1 + 2 * second };
      bucket.observe(
        { limit: 600, remaining, resetMs: (600 - remaining) / PER_MS },
        sent,
        sent.taken,
        sent.at,
      );
    }
    bucket.drain(20_000);
    expect(bucket.waitMs(1, 20_000)).toBeGreaterThan(240);
    expect(bucket.waitMs(1, 20_000)).toBeLessThan(260);
  });

  it('forgets the others when the bucket is full again', () => {
    const bucket = reported(300);
    for (let second = 1; second <= 20; second += 1) {
      bucket.observe(
        { limit: 600, remaining: 300, resetMs: 30_000 },
        { at: 1_000 * second, taken: 1 },
        1,
        1_000 * second,
      );
    }
    bucket.drain(20_000);
    expect(bucket.waitMs(1, 20_000)).toBeGreaterThan(1_900);
    bucket.observe(
      { limit: 600, remaining: 599, resetMs: 100 },
      { at: 21_000, taken: 1 },
      1,
      21_000,
    );
    bucket.drain(21_000);
    expect(bucket.waitMs(1, 21_000)).toBeCloseTo(100 / 0.97, 6);
  });

  describe('whose reset is longer than is believed', () => {
    const absurd = { limit: 600, remaining: 0, resetMs: 999_999 * 3_600_000 };
    const open = () => new ReportedBucket(absurd, { at: 0, taken: 1 }, 1, 0, 120_000);

    it('lets one through after a second, and the more seldom the longer that was confirmed', () => {
      const bucket = open();
      expect(bucket.waitMs(1, 0)).toBe(1_000);
      expect(bucket.take(1, 999)).toBe(false);
      expect(bucket.take(1, 1_000)).toBe(true);
      expect(bucket.take(1, 1_000)).toBe(false);
      bucket.observe(absurd, { at: 40_000, taken: 3 }, 3, 40_000);
      expect(bucket.waitMs(1, 40_000)).toBe(10_000);
      bucket.observe(absurd, { at: 900_000, taken: 4 }, 4, 900_000);
      expect(bucket.waitMs(1, 900_000)).toBe(120_000);
    });

    it('is likely to last as long again', () => {
      const bucket = open();
      expect(bucket.doubtedMs(30_000)).toBe(30_000);
      expect(bucket.doubtedMs(900_000)).toBe(0);
      expect(reported(0).doubtedMs(100)).toBe(0);
    });

    it('takes the limit for one per minute once that one was accepted, and believes none like it', () => {
      const bucket = open();
      bucket.take(1, 1_000);
      bucket.accepted(1_000, 1_100);
      bucket.observe(absurd, { at: 1_000, taken: 2 }, 2, 1_100);
      expect(bucket.waitMs(1, 1_100)).toBeLessThan(250);
      bucket.refused();
      bucket.observe(absurd, { at: 1_000, taken: 2 }, 2, 1_100);
      expect(bucket.waitMs(1, 1_100)).toBeGreaterThanOrEqual(1_000);
    });

    it('lets none through beside others that go', () => {
      const bucket = new ReportedBucket(
        { limit: 600, remaining: 600, resetMs: 0 },
        { at: 0, taken: 0 },
        0,
        0,
        120_000,
      );
      let taken = 0;
      while (bucket.take(1, 200_000)) taken += 1;
      expect(taken).toBe(600);
    });
  });

  describe('of which no report has ever left anything', () => {
    const EMPTY = { limit: 60, remaining: 0, resetMs: 60_000 };

    /** Takes and is answered as often as is let through within `ms`, every 50 ms. Returns how often that was. */
    function answered(bucket: ReportedBucket, from: number, ms: number): number {
      let count = 0;
      for (let now = from; now < from + ms; now += 50) {
        if (!bucket.take(1, now)) continue;
        count += 1;
        taken += 1;
        bucket.observe(EMPTY, { at: now, taken }, taken, now);
        bucket.accepted(now, now);
      }
      return count;
    }

    let taken = 1;
    beforeEach(() => {
      taken = 1;
    });

    const open = () => new ReportedBucket(EMPTY, { at: 0, taken: 1 }, 1, 0);

    it('lets all through once far more was granted than it has', () => {
      expect(answered(open(), 0, 10_000)).toBeGreaterThan(150);
    });

    it('is kept from a refusal on, and tried again behind twice as many answers', () => {
      const bucket = open();
      answered(bucket, 0, 10_000);
      bucket.turnedAway(10_000);
      expect(bucket.wasTrying(10_000)).toBe(true);
      bucket.observe(EMPTY, { at: 10_000, taken }, taken, 10_000);
      expect(answered(bucket, 10_000, 3_900)).toBeLessThan(5);
      expect(answered(bucket, 13_900, 10_000)).toBeGreaterThan(100);
    });

    it('is kept once one has', () => {
      const bucket = open();
      bucket.observe({ ...EMPTY, remaining: 1 }, { at: 0, taken: 1 }, 1, 0);
      expect(answered(bucket, 0, 60_000)).toBeLessThan(61);
      expect(bucket.wasTrying(1_000)).toBe(false);
    });
  });

  it('knows whether a refusal is to be wondered at', () => {
    expect(reported(61).isPlentiful(0)).toBe(true);
    expect(reported(59).isPlentiful(0)).toBe(false);
  });

  it('takes back what has not reached the upstream', () => {
    const bucket = reported(1);
    bucket.take(1, 0);
    bucket.give(1);
    expect(bucket.take(1, 0)).toBe(true);
  });
});
