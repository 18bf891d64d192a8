import { describe, expect, it } from '@jest/globals';
import { MeasuredRate } from '../../../src/policies/rate-limit/measured-rate.ts';
import { requestLimit } from '../../support/request-limit.ts';

/** Sends so many a second, evenly, of which those are refused at once for which `refuses` says so. */
function send(
  rate: MeasuredRate,
  { from, toMs, perSecond }: { from: number; toMs: number; perSecond: number },
  refuses: (now: number) => boolean,
): { sent: number; refused: number } {
  const counts = { sent: 0, refused: 0 };
  for (let now = from; now < toMs; now += 1_000 / perSecond) {
    if (!rate.take(now)) continue;
    counts.sent += 1;
    if (!refuses(now)) continue;
    counts.refused += 1;
    rate.refused(now, now);
  }
  return counts;
}

/** Every n-th, whatever is sent. */
function every(n: number): () => boolean {
  let count = 0;
  return () => {
    count += 1;
    return count % n === 0;
  };
}

describe('MeasuredRate', () => {
  it('limits nothing before anything is refused', () => {
    const rate = new MeasuredRate();
    expect(send(rate, { from: 0, toMs: 10_000, perSecond: 200 }, () => false).sent).toBe(2_000);
    expect(rate.waitMs(10_000)).toBe(0);
  });

  it('finds what the upstream takes, and keeps to it', () => {
    const rate = new MeasuredRate();
    const { sent, refused } = send(
      rate,
      { from: 0, toMs: 60_000, perSecond: 40 },
      requestLimit(15),
    );
    expect(sent - refused).toBeGreaterThan(0.97 * 15 * 60);
    expect(refused).toBeLessThan(0.15 * sent);
    expect(rate.refusesAnyway).toBe(false);
  });

  it('follows a limit that falls, and is back soon after it has risen', () => {
    const rate = new MeasuredRate();
    send(rate, { from: 0, toMs: 20_000, perSecond: 60 }, requestLimit(10));
    const { sent } = send(rate, { from: 20_000, toMs: 40_000, perSecond: 60 }, () => false);
    expect(sent).toBeGreaterThan(0.5 * 20 * 60);
    expect(
      send(rate, { from: 40_000, toMs: 50_000, perSecond: 60 }, () => false).sent,
    ).toBeGreaterThanOrEqual(600);
  });

  it('holds nobody back where as many are refused however few are sent', () => {
    const rate = new MeasuredRate();
    const refuses = every(3);
    send(rate, { from: 0, toMs: 20_000, perSecond: 20 }, refuses);
    expect(rate.refusesAnyway).toBe(true);
    expect(send(rate, { from: 20_000, toMs: 60_000, perSecond: 20 }, refuses).sent).toBe(800);
    // Until many more are.
    send(rate, { from: 60_000, toMs: 70_000, perSecond: 20 }, requestLimit(2));
    expect(rate.refusesAnyway).toBe(false);
  });

  it('takes nothing from a few that were refused', () => {
    const rate = new MeasuredRate();
    expect(send(rate, { from: 0, toMs: 20_000, perSecond: 20 }, every(10)).sent).toBe(400);
  });

  it('spreads what comes behind a burst of which most was refused', () => {
    const rate = new MeasuredRate();
    for (let call = 0; call < 200; call += 1) rate.take(1_000);
    for (let call = 0; call < 150; call += 1) rate.refused(1_000, 1_020);
    expect(rate.waitMs(1_020, 49)).toBeCloseTo(1_000, -1);
  });

  it('holds nobody back any more behind a time in which nothing was taken', () => {
    const rate = new MeasuredRate();
    for (let call = 0; call < 40; call += 1) rate.take(1_000);
    for (let call = 0; call < 40; call += 1) rate.refused(1_000, 1_020);
    // One at a time finds out whether it is over.
    expect(rate.waitMs(1_020)).toBeGreaterThan(500);
    // Behind which all go: nobody is told to wait for those before.
    expect(rate.waitMs(1_020, 100)).toBe(rate.waitMs(1_020));
    expect(rate.take(2_200)).toBe(true);
    rate.accepted(1_000);
    expect(rate.waitMs(2_200)).toBeGreaterThan(500);
    rate.accepted(2_200);
    expect(rate.waitMs(2_300, 100)).toBe(0);
  });

  it.each([0, 60, 125, 190, 240])(
    'takes nothing for a rate that was taken before all is refused, from %d ms in a quarter second on',
    (offset) => {
      const rate = new MeasuredRate();
      const down = 10_000 + offset;
      const refuses = (now: number) => now >= down;
      send(rate, { from: 9_000, toMs: 10_000, perSecond: 80 }, refuses);
      const { refused } = send(rate, { from: 10_000, toMs: 13_000, perSecond: 80 }, refuses);
      // Those of the first half second, and one every quarter behind it.
      expect(refused).toBeLessThan(60);
      expect(rate.waitMs(13_000, 1_000)).toBeLessThan(500);
      expect(rate.take(13_500)).toBe(true);
      rate.accepted(13_500);
      expect(rate.waitMs(13_500, 1_000)).toBe(0);
    },
  );

  it('keeps to the rate of a burst of which some were taken when they are answered', () => {
    const rate = new MeasuredRate();
    for (let call = 0; call < 40; call += 1) rate.take(1_000);
    for (let call = 0; call < 30; call += 1) rate.refused(1_000, 1_020);
    const waitMs = rate.waitMs(1_300, 40);
    expect(waitMs).toBeGreaterThan(1_000);
    expect(rate.take(1_300)).toBe(true);
    rate.accepted(1_000);
    rate.accepted(1_300);
    expect(rate.waitMs(1_300, 40)).toBeGreaterThan(1_000);
  });

  it('does not count what was never sent', () => {
    const rate = new MeasuredRate();
    for (let call = 0; call < 200; call += 1) {
      rate.take(1_000);
      if (call >= 60) rate.undo(1_000);
    }
    for (let call = 0; call < 40; call += 1) rate.refused(1_000, 1_020);
    expect(rate.waitMs(1_020, 19)).toBeCloseTo(1_000, -1);
  });
});
