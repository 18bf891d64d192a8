import { describe, expect, it } from '@jest/globals';
import { Standstill } from '../../../src/policies/rate-limit/standstill.ts';

describe('Standstill', () => {
  it('lasts as long as the upstream asks', () => {
    const standstill = new Standstill();
    expect(standstill.remainingMs(0)).toBe(0);
    standstill.refused(0, 90_000, 1_000);
    expect(standstill.remainingMs(1_000)).toBe(90_000);
    standstill.refused(0, 5_000, 2_000);
    expect(standstill.remainingMs(2_000)).toBe(89_000);
    expect(standstill.remainingMs(91_001)).toBe(0);
  });

  it('does not believe in more than an hour', () => {
    const standstill = new Standstill();
    standstill.refused(0, 1_700_000_000_000, 0);
    expect(standstill.remainingMs(0)).toBe(3_600_000);
  });

  it('grows from one refusal to the next where the upstream does not say, to ten seconds', () => {
    const standstill = new Standstill();
    const waits: number[] = [];
    for (let now = 0; now < 900_000; now += 100_000) {
      standstill.refused(now, now === 100_000 ? 0 : undefined, now + 1);
      waits.push(standstill.remainingMs(now + 1));
    }
    expect(waits).toEqual([200, 400, 800, 1_600, 3_200, 6_400, 10_000, 10_000, 10_000]);
  });

  it('takes refusals of what was sent before the last one for the same', () => {
    const standstill = new Standstill();
    standstill.refused(0, undefined, 100);
    standstill.refused(50, undefined, 150);
    expect(standstill.remainingMs(150)).toBe(150);
  });

  it('starts anew after a success that was sent after the refusal', () => {
    const standstill = new Standstill();
    standstill.refused(0, undefined, 100);
    standstill.refused(400, undefined, 500);
    standstill.succeeded(450);
    standstill.refused(1_000, undefined, 1_000);
    expect(standstill.remainingMs(1_000)).toBe(800);
    standstill.succeeded(1_900);
    standstill.refused(2_000, undefined, 2_000);
    expect(standstill.remainingMs(2_000)).toBe(200);
  });
});
