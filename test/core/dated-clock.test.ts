import { describe, expect, it } from '@jest/globals';
import { DatedClock, watchForSteps } from '../../src/core/dated-clock.ts';
import { FakeClock } from '../support/fake-clock.ts';

const HOUR_MS = 3_600_000;

/** The wall clock stands where it was put, and runs with the other. */
function open() {
  const clock = new FakeClock();
  const steps: number[] = [];
  const wall = { ahead: 0 };
  const dated = new DatedClock(
    clock,
    () => clock.now() + wall.ahead,
    (byMs) => steps.push(byMs),
  );
  return { clock, dated, wall, steps };
}

describe('DatedClock', () => {
  it('is the wall clock, also where that differs from the start', () => {
    const clock = new FakeClock();
    const dated = new DatedClock(clock, () => 5_000, fail);
    expect(dated.now()).toBe(5_000);
  });

  it.each([3 * HOUR_MS, -3 * HOUR_MS])('follows a step of %i ms, and tells it once', (step) => {
    const { clock, dated, wall, steps } = open();
    const before = clock.now();
    wall.ahead = step;
    expect(dated.now()).toBe(before + step);
    clock.advance(1_000);
    expect(dated.now()).toBe(before + step + 1_000);
    expect(steps).toEqual([step]);
  });

  it('runs smoothly where the clocks only drift apart', () => {
    const { clock, dated, wall, steps } = open();
    wall.ahead = -999;
    expect(dated.now()).toBe(clock.now());
    expect(steps).toEqual([]);
  });

  it('notices a step within two seconds where nobody asks for the time', () => {
    const { clock, dated, wall, steps } = open();
    let looks = 0;
    const end = watchForSteps(dated, () => {
      looks += 1;
    });
    wall.ahead = HOUR_MS;
    clock.advance(2_000);
    expect(steps).toEqual([HOUR_MS]);
    expect(looks).toBe(1);
    clock.advance(4_000);
    expect(looks).toBe(3);
    end();
    expect(clock.pending).toBe(0);
  });
});

function fail(): void {
  throw new Error('There was no step.');
}
