import { describe, expect, it } from '@jest/globals';
import { WakeUp } from '../../../src/policies/rate-limit/wake-up.ts';
import { FakeClock } from '../../support/fake-clock.ts';

function wakeUp() {
  const clock = new FakeClock(0);
  const rung: number[] = [];
  return { clock, rung, wakeUp: new WakeUp(clock, () => rung.push(clock.now())) };
}

describe('WakeUp', () => {
  it('has one timer, for the earliest time that was set', () => {
    const { clock, rung, wakeUp: alarm } = wakeUp();
    alarm.in(50);
    alarm.in(80);
    alarm.in(19.5);
    expect(clock.pending).toBe(1);
    clock.advance(100);
    expect(rung).toEqual([20]);
  });

  it('can be set again after it rang, and be cancelled', () => {
    const { clock, rung, wakeUp: alarm } = wakeUp();
    alarm.in(10);
    clock.advance(10);
    alarm.in(10);
    alarm.cancel();
    expect(clock.pending).toBe(0);
    alarm.in(30);
    clock.advance(30);
    expect(rung).toEqual([10, 40]);
  });

  it('needs no timer for what time does not bring, and keeps to what a timer takes', () => {
    const { clock, rung, wakeUp: alarm } = wakeUp();
    alarm.in(Number.POSITIVE_INFINITY);
    expect(clock.pending).toBe(0);
    alarm.in(1e12);
    clock.advance(2 ** 31 - 1);
    expect(rung).toEqual([2 ** 31 - 1]);
  });
});
