import { describe, expect, it } from '@jest/globals';
import { systemClock } from '../../src/core/clock.ts';

/** Timers that keep the process alive. */
const timers = () => process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length;

describe('the system clock', () => {
  it('tells the time, and never an earlier one', () => {
    const first = systemClock.now();
    expect(first).toBeGreaterThan(Date.UTC(2026, 0, 1));
    expect(systemClock.now()).toBeGreaterThanOrEqual(first);
  });

  it('does not take what is further away than a timer reaches for what is due', async () => {
    let rang = false;
    const timer = systemClock.after(1e12, () => {
      rang = true;
    });
    await new Promise<void>((resolve) => systemClock.after(10, resolve));
    timer.cancel();
    expect(rang).toBe(false);
  });

  it.each([
    [undefined, 1],
    [false, 1],
    [true, 0],
  ])('keeps the process alive unless it waits in the background: %s', (background, more) => {
    const before = timers();
    const timer = systemClock.after(60_000, () => {}, background);
    expect(timers()).toBe(before + more);
    timer.refresh();
    expect(timers()).toBe(before + more);
    timer.cancel();
    expect(timers()).toBe(before);
  });
});
