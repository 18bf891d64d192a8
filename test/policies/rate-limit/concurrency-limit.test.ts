import { describe, expect, it } from '@jest/globals';
import { ConcurrencyLimit } from '../../../src/policies/rate-limit/concurrency-limit.ts';

/** `count` attempts in a row that were sent at `now` and failed of overload. */
function overload(limit: ConcurrencyLimit, count: number, running: number, now: number): void {
  for (let attempt = 0; attempt < count; attempt += 1) limit.ended('refused', now, running, now);
}

describe('ConcurrencyLimit', () => {
  it('starts at the maximum, and stays there while the upstream does well', () => {
    const limit = new ConcurrencyLimit(1_000);
    for (let now = 1; now < 5_000; now += 1) {
      limit.firstEvent(now - 200, 1_000, now);
      limit.ended('well', now - 1_000, 1_000, now);
    }
    expect(limit.at(5_000)).toBe(1_000);
  });

  it('is not lowered by an upstream that fails now and then', () => {
    const limit = new ConcurrencyLimit(1_000);
    for (let now = 1; now < 5_000; now += 1)
      limit.ended(now % 10 === 0 ? 'overloaded' : 'well', now - 1, 500, now);
    expect(limit.at(5_000)).toBe(1_000);
  });

  it('is not lowered by failures alone, which tell of an outage', () => {
    const limit = new ConcurrencyLimit(1_000);
    for (let now = 1; now < 5_000; now += 10) limit.ended('overloaded', now - 1, 500, now);
    limit.ended('well', 5_000, 500, 5_001);
    limit.ended('overloaded', 5_000, 500, 5_001);
    expect(limit.at(5_001)).toBe(1_000);
  });

  /** Every second of `count` attempts fails. */
  function half(limit: ConcurrencyLimit, count: number, running: number, now: number): void {
    for (let attempt = 0; attempt < count; attempt += 1) {
      limit.ended(attempt % 2 === 0 ? 'overloaded' : 'well', now, running, now);
    }
  }

  it('is lowered once by failures that do not become fewer with the attempts', () => {
    const limit = new ConcurrencyLimit(1_000);
    half(limit, 40, 500, 1);
    expect(limit.at(1)).toBe(350);
    half(limit, 40, 350, 1_500);
    expect(limit.at(1_500)).toBe(1_000);
    half(limit, 400, 500, 3_000);
    expect(limit.at(3_000)).toBe(1_000);
    for (let calm = 0; calm < 60; calm += 1) limit.ended('well', 4_000, 500, 4_000);
    half(limit, 40, 500, 5_000);
    expect(limit.at(5_000)).toBe(350);
  });

  it('is lowered once by failures that come later than answers', () => {
    const limit = new ConcurrencyLimit(1_000);
    const end = (how: 'well' | 'overloaded', times: number, sentAt: number, now: number) => {
      for (let time = 0; time < times; time += 1) limit.ended(how, sentAt, 500, now);
    };
    for (let pair = 0; pair < 20; pair += 1) {
      end('well', 1, 1, 3_000);
      end('overloaded', 1, 1, 3_000);
    }
    expect(limit.at(3_000)).toBe(350);
    // What was sent since, of which nothing can have failed yet.
    end('well', 60, 3_100, 3_600);
    for (let pair = 0; pair < 40; pair += 1) {
      end('overloaded', 1, 3_100, 6_100);
      end('well', 1, 5_600, 6_100);
    }
    expect(limit.at(6_100)).toBe(1_000);
  });

  it('is lowered by failures to a tenth of the maximum, no further', () => {
    const limit = new ConcurrencyLimit(1_000);
    half(limit, 40, 20, 1);
    expect(limit.at(1)).toBe(100);
  });

  it('is not lowered by an outage whose failures come between answers that were asked for before', () => {
    const limit = new ConcurrencyLimit(1_000);
    for (let now = 1_000; now < 3_000; now += 10) {
      limit.ended('overloaded', now, 500, now);
      limit.ended('well', now - 1_000, 500, now);
      if (now === 2_000) break;
    }
    expect(limit.at(2_000)).toBe(1_000);
  });

  it('falls below what ran when the upstream is overloaded', () => {
    const limit = new ConcurrencyLimit(1_000);
    overload(limit, 6, 200, 1);
    expect(limit.at(1)).toBe(1_000);
    overload(limit, 1, 200, 1);
    expect(limit.at(1)).toBe(170);
  });

  it('falls once for all attempts that ran at the same time', () => {
    const limit = new ConcurrencyLimit(1_000);
    overload(limit, 200, 200, 1);
    expect(limit.at(1)).toBe(170);
    overload(limit, 8, 170, 1_001);
    expect(limit.at(1_001)).toBe(144);
  });

  it('does not fall below a minimum at which there is something to learn', () => {
    const limit = new ConcurrencyLimit(1_000);
    for (let now = 1; now < 50_000; now += 1_000) overload(limit, 8, 10, now);
    expect(limit.at(49_001)).toBe(10);

    const small = new ConcurrencyLimit(4);
    overload(small, 100, 4, 1);
    expect(small.at(1)).toBe(4);
  });

  it('recovers slowly to where overload was met, and quickly beyond', () => {
    const limit = new ConcurrencyLimit(1_000);
    overload(limit, 8, 200, 1);
    expect(limit.at(10_001)).toBe(196);
    expect(limit.at(20_001)).toBe(200);
    expect(limit.at(30_001)).toBe(203);
    expect(limit.at(60_001)).toBe(440);
    expect(limit.at(90_001)).toBe(1_000);
    expect(limit.at(90_002)).toBe(1_000);
  });

  it('recovers from an incident at low traffic within minutes', () => {
    const limit = new ConcurrencyLimit(1_000);
    overload(limit, 8, 2, 1);
    expect(limit.at(1)).toBe(10);
    expect(limit.at(240_001)).toBe(1_000);
  });

  it('is not lowered by latencies that differ tenfold by nature', () => {
    const limit = new ConcurrencyLimit(1_000);
    for (let now = 100_000; now < 102_000; now += 1) {
      limit.firstEvent(now - (now % 2 === 0 ? 1_000 : 10_000), 500, now);
    }
    expect(limit.at(102_000)).toBe(1_000);
  });

  it('is not lowered by first events that are quick, however much slower than usual', () => {
    const limit = new ConcurrencyLimit(1_000);
    for (let now = 100_000; now < 101_000; now += 1) limit.firstEvent(now - 5, 500, now);
    for (let now = 101_000; now < 102_000; now += 1) limit.firstEvent(now - 3_000, 500, now);
    expect(limit.at(102_000)).toBe(1_000);
  });

  /** So many first events, 10 ms apart, each `tookMs` after its attempt was sent beside `running` others. */
  function firstEvents(
    limit: ConcurrencyLimit,
    count: number,
    { tookMs, running, from }: { tookMs: number; running: number; from: number },
  ): number {
    for (let now = from; now < from + 10 * count; now += 10)
      limit.firstEvent(now - tookMs, running, now);
    return from + 10 * count;
  }

  describe('when first events become many times slower than usual', () => {
    /** What is usual, and then a queue of ten times as many. */
    function queued(limit: ConcurrencyLimit): number {
      const from = firstEvents(limit, 600, { tookMs: 500, running: 50, from: 100_000 });
      return firstEvents(limit, 40, { tookMs: 8_000, running: 800, from });
    }

    it('falls to half of what ran when these were sent, if so many more did', () => {
      const limit = new ConcurrencyLimit(1_000);
      const now = queued(limit);
      // Of what ran with those that are seen so far: the quick ones count, too.
      expect(limit.at(now)).toBeGreaterThan(180);
      expect(limit.at(now)).toBeLessThan(230);
    });

    it('falls again when that had made them quicker, and they become as slow once more', () => {
      const limit = new ConcurrencyLimit(1_000);
      let now = queued(limit) + 8_000;
      now = firstEvents(limit, 20, { tookMs: 2_500, running: 200, from: now });
      const before = limit.at(now + 60_000);
      now = firstEvents(limit, 40, { tookMs: 8_000, running: 800, from: now + 60_000 });
      expect(limit.at(now)).toBeLessThan(before / 2);
    });

    it('goes back to the maximum if they are as slow with half as many, and stays there', () => {
      const limit = new ConcurrencyLimit(1_000);
      let now = queued(limit) + 8_000;
      now = firstEvents(limit, 19, { tookMs: 8_000, running: 400, from: now });
      expect(limit.at(now)).toBeLessThan(300);
      now = firstEvents(limit, 1, { tookMs: 8_000, running: 400, from: now });
      expect(limit.at(now)).toBe(1_000);
      now = firstEvents(limit, 400, { tookMs: 8_000, running: 900, from: now });
      expect(limit.at(now)).toBe(1_000);
    });

    it('stays if no more ran than is usual since soon after the first', () => {
      const limit = new ConcurrencyLimit(1_000);
      let now = firstEvents(limit, 1, { tookMs: 500, running: 1, from: 100_000 });
      now = firstEvents(limit, 300, { tookMs: 500, running: 50, from: now });
      now = firstEvents(limit, 40, { tookMs: 8_000, running: 120, from: now });
      expect(limit.at(now)).toBe(1_000);
    });

    it('stays if no more ran at once than usual: they are slow for another reason', () => {
      const limit = new ConcurrencyLimit(1_000);
      let now = firstEvents(limit, 600, { tookMs: 500, running: 50, from: 100_000 });
      now = firstEvents(limit, 40, { tookMs: 8_000, running: 60, from: now });
      expect(limit.at(now)).toBe(1_000);
      now = firstEvents(limit, 40, { tookMs: 8_000, running: 900, from: now });
      expect(limit.at(now)).toBe(1_000);
    });
  });
});
