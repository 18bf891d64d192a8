import { describe, expect, it } from '@jest/globals';
import { Standstill } from '../../../src/policies/rate-limit/standstill.ts';

const MAX_HOLD_MS = 120_000;

describe('Standstill', () => {
  it('lasts as long as the upstream asks', () => {
    const standstill = new Standstill(MAX_HOLD_MS);
    expect(standstill.waitMs(0)).toBe(0);
    standstill.refused(0, 1_000, 1_000);
    expect(standstill.waitMs(1_000)).toBe(1_000);
    standstill.refused(0, 90_000, 1_000);
    expect(standstill.askedMs(1_000)).toBe(90_000);
    standstill.refused(0, 5_000, 2_000);
    expect(standstill.askedMs(2_000)).toBe(89_000);
    expect(standstill.askedMs(91_001)).toBe(0);
    expect(standstill.waitMs(91_001)).toBe(0);
  });

  /** When attempts see whether a wait was meant that is asked for at `since`, in ms from there; it is. */
  function tries(standstill: Standstill, since: number, waitMs: number): number[] {
    standstill.refused(since - 1, waitMs, since);
    const seen: number[] = [];
    for (let now = since; ; ) {
      now += standstill.waitMs(now);
      if (now >= since + waitMs) break;
      seen.push(now - since);
      standstill.sent(now);
      standstill.refused(now, since + waitMs - now, now);
      standstill.left(now);
    }
    standstill.sent(since + waitMs);
    standstill.accepted(since + waitMs);
    return seen;
  }

  it('is tried after a second, then after twice as long each time, by one attempt', () => {
    expect(tries(new Standstill(MAX_HOLD_MS), 1, 60_000)).toEqual([
      1_000, 2_000, 4_000, 8_000, 16_000, 32_000,
    ]);
  });

  it('is believed for twice as long as one lasted in the last ten minutes', () => {
    const standstill = new Standstill(MAX_HOLD_MS);
    expect(tries(standstill, 1, 30_000)).toHaveLength(5);
    expect(tries(standstill, 100_000, 30_000)).toEqual([]);
    expect(tries(standstill, 200_000, 60_000)).toEqual([32_000]);
    expect(tries(standstill, 1_000_000, 30_000)).toHaveLength(5);
  });

  it('is kept no more of an upstream that takes something before its end', () => {
    const standstill = new Standstill(MAX_HOLD_MS);
    standstill.refused(0, 60_000, 1);
    standstill.sent(1_001);
    expect(standstill.isDistrusted(1_001)).toBe(false);
    standstill.accepted(1_001);
    standstill.left(1_001);
    expect(standstill.isDistrusted(1_002)).toBe(true);
    expect(standstill.askedMs(1_002)).toBe(0);
    standstill.refused(1_002, 60_000, 1_003);
    expect(standstill.askedMs(1_003)).toBe(200);
    expect(standstill.isDistrusted(602_000)).toBe(false);
  });

  it('of a wait that is longer than is believed, is tried after a second by one attempt at a time', () => {
    const standstill = new Standstill(MAX_HOLD_MS);
    standstill.refused(0, 86_400_000, 1);
    expect(standstill.waitMs(1)).toBe(1_000);
    expect(standstill.waitMs(1_001)).toBe(0);
    standstill.sent(1_001);
    expect(standstill.waitMs(1_001)).toBe(1_000);
    standstill.refused(1_001, 86_399_000, 1_100);
    standstill.left(1_001);
    expect(standstill.waitMs(1_100)).toBe(1_000);
    standstill.sent(2_100);
    standstill.accepted(2_100);
    expect(standstill.waitMs(2_200)).toBe(0);
  });

  it('is tried the more seldom the longer such a wait was confirmed, and every maxHold at least', () => {
    const standstill = new Standstill(MAX_HOLD_MS);
    let now = 1;
    standstill.refused(0, 86_400_000, now);
    const waits: number[] = [];
    for (let probe = 0; probe < 40; probe += 1) {
      const waitMs = standstill.waitMs(now);
      waits.push(Math.round(waitMs));
      now += waitMs;
      standstill.sent(now);
      standstill.refused(now, 86_400_000, now + 1);
      standstill.left(now);
      now += 1;
    }
    expect(waits.slice(0, 5)).toEqual([1_000, 1_000, 1_000, 1_000, 1_001]);
    expect(waits).toEqual(waits.toSorted((a, b) => a - b));
    expect(waits.at(-1)).toBe(MAX_HOLD_MS);
  });

  it('is likely to last as long again where nobody believes what was asked for', () => {
    const standstill = new Standstill(MAX_HOLD_MS);
    standstill.refused(0, 30_000, 1);
    expect(standstill.doubtedMs(10_000)).toBe(0);
    standstill.refused(40_000, 86_400_000, 40_000);
    expect(standstill.doubtedMs(40_500)).toBe(500);
    standstill.refused(41_000, 86_400_000, 50_000);
    expect(standstill.doubtedMs(50_000)).toBe(10_000);
    standstill.refused(60_000, 86_400_000, 900_000);
    expect(standstill.doubtedMs(900_000)).toBe(MAX_HOLD_MS);
  });

  it('leaves the place of an attempt that found out nothing to the next', () => {
    const standstill = new Standstill(MAX_HOLD_MS);
    standstill.refused(0, 86_400_000, 1);
    standstill.sent(1_001);
    standstill.left(1_001);
    expect(standstill.waitMs(1_002)).toBe(0);
    standstill.sent(1_002);
    expect(standstill.waitMs(1_003)).toBe(1_000);
  });

  it('lets everybody go after a wait that was kept', () => {
    const standstill = new Standstill(MAX_HOLD_MS);
    standstill.refused(0, 30_000, 1);
    standstill.sent(30_001);
    expect(standstill.waitMs(30_002)).toBe(0);
  });

  it('grows from one refusal to the next where the upstream does not say, to ten seconds', () => {
    const standstill = new Standstill(MAX_HOLD_MS);
    const waits: number[] = [];
    for (let now = 0; now < 900_000; now += 100_000) {
      standstill.refused(now, now === 100_000 ? 0 : undefined, now + 1);
      waits.push(standstill.waitMs(now + 1));
    }
    expect(waits).toEqual([200, 400, 800, 1_600, 3_200, 6_400, 10_000, 10_000, 10_000]);
  });

  it('takes refusals of what was sent before the last one for the same', () => {
    const standstill = new Standstill(MAX_HOLD_MS);
    standstill.refused(0, undefined, 100);
    standstill.refused(50, undefined, 150);
    expect(standstill.waitMs(150)).toBe(150);
  });

  it('starts anew after a success that was sent after the refusal', () => {
    const standstill = new Standstill(MAX_HOLD_MS);
    standstill.refused(0, undefined, 100);
    standstill.refused(400, undefined, 500);
    standstill.succeeded(250);
    standstill.refused(1_000, undefined, 1_000);
    expect(standstill.waitMs(1_000)).toBe(800);
    standstill.succeeded(1_900);
    standstill.refused(2_000, undefined, 2_000);
    expect(standstill.waitMs(2_000)).toBe(200);
  });

  it('is as short as the first once an answer comes of those that were sent with a refused one', () => {
    const standstill = new Standstill(MAX_HOLD_MS);
    standstill.refused(0, undefined, 20);
    standstill.refused(220, undefined, 240);
    standstill.refused(640, undefined, 660);
    expect(standstill.waitMs(660)).toBe(800);
    // A refusal comes at once, an answer takes its time.
    standstill.accepted(640);
    expect(standstill.waitMs(660)).toBe(200);
    standstill.refused(860, undefined, 880);
    expect(standstill.waitMs(880)).toBe(200);
  });

  it('does not grow while the upstream answers some of what is sent behind it', () => {
    const standstill = new Standstill(MAX_HOLD_MS);
    standstill.refused(0, undefined, 1);
    standstill.refused(201, undefined, 220);
    expect(standstill.waitMs(220)).toBe(400);
    standstill.refused(620, undefined, 640);
    expect(standstill.waitMs(640)).toBe(800);
    // Sent at the same moment as one that was refused.
    standstill.accepted(1_440);
    standstill.refused(1_440, undefined, 1_460);
    expect(standstill.waitMs(1_460)).toBe(200);
  });
});
