import { describe, expect, it } from '@jest/globals';
import { Alarm } from '../../src/core/alarm.ts';
import { FakeClock } from '../support/fake-clock.ts';

function anAlarm() {
  const clock = new FakeClock(0);
  const rung: number[] = [];
  return { clock, rung, alarm: new Alarm(clock, () => rung.push(clock.now())) };
}

describe('Alarm', () => {
  it('has one timer, for the earliest time that was set', () => {
    const { clock, rung, alarm } = anAlarm();
    alarm.at(50);
    alarm.at(80);
    alarm.at(19.5);
    expect(clock.pending).toBe(1);
    clock.advance(100);
    expect(rung).toEqual([20]);
  });

  it('can be set again after it rang, and be cancelled', () => {
    const { clock, rung, alarm } = anAlarm();
    alarm.at(10);
    clock.advance(10);
    alarm.at(20);
    alarm.cancel();
    expect(clock.pending).toBe(0);
    alarm.at(40);
    clock.advance(30);
    expect(rung).toEqual([10, 40]);
  });

  it('lets time pass before it rings, also for what is due', () => {
    const { clock, rung, alarm } = anAlarm();
    alarm.at(0);
    clock.advance(5);
    expect(rung).toEqual([1]);
  });

  it('needs no timer for what time does not bring, and rings early if that is far', () => {
    const { clock, rung, alarm } = anAlarm();
    alarm.at(Number.POSITIVE_INFINITY);
    expect(clock.pending).toBe(0);
    alarm.at(1e12);
    clock.advance(2 ** 31 - 1);
    expect(rung).toEqual([2 ** 31 - 1]);
  });
});
