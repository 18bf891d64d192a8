import { getEventListeners } from 'node:events';
import { describe, expect, it } from '@jest/globals';
import { type Clock, MAX_TIMER_MS, type Timer } from '../../src/core/clock.ts';
import { ProviderError } from '../../src/core/errors.ts';
import { pause } from '../../src/core/pause.ts';
import { FakeClock } from '../support/fake-clock.ts';

const NEVER = new AbortController().signal;

/** Its timers fire at once, when their time but for `early` ms has passed. */
class HastyClock implements Clock {
  readonly timers: number[] = [];
  readonly #early: number;
  #now = 0;

  constructor(early: number) {
    this.#early = early;
  }

  now(): number {
    return this.#now;
  }

  after(ms: number, callback: () => void): Timer {
    const waited = Math.min(ms, MAX_TIMER_MS);
    this.timers.push(waited);
    this.#now += waited - this.#early;
    queueMicrotask(callback);
    return { refresh: () => {}, cancel: () => {} };
  }

  afterSilence(ms: number, callback: () => void): Timer {
    return this.after(ms, callback);
  }
}

describe('pause', () => {
  it('waits until the time is over', async () => {
    const clock = new FakeClock();
    let over = false;
    const paused = pause(100, NEVER, clock).then(() => {
      over = true;
    });
    clock.advance(99);
    await Promise.resolve();
    expect(over).toBe(false);
    clock.advance(1);
    await paused;
    expect(clock.pending).toBe(0);
  });

  it('starts no timer for no time', async () => {
    const clock = new FakeClock();
    await pause(0, NEVER, clock);
    expect(clock.pending).toBe(0);
  });

  it('waits on if a timer was early', async () => {
    const clock = new HastyClock(0.5);
    await pause(10, NEVER, clock);
    expect(clock.timers).toEqual([10, 1]);
    expect(clock.now()).toBe(10);
  });

  it('waits longer than one timer can', async () => {
    const clock = new HastyClock(0);
    await pause(2 ** 32, NEVER, clock);
    expect(clock.timers).toEqual([2 ** 31 - 1, 2 ** 31 - 1, 2]);
  });

  it('ends with the call, and leaves nothing behind', async () => {
    const clock = new FakeClock();
    const controller = new AbortController();
    const { signal } = controller;
    const paused = pause(100, signal, clock);
    controller.abort(new Error('enough'));
    await expect(paused).rejects.toMatchObject({ reason: 'CANCELLED' });
    expect(clock.pending).toBe(0);
    expect(getEventListeners(signal, 'abort')).toHaveLength(0);
  });

  it('leaves no listener behind when the time is over', async () => {
    const clock = new FakeClock();
    const { signal } = new AbortController();
    const paused = pause(100, signal, clock);
    clock.advance(100);
    await paused;
    expect(getEventListeners(signal, 'abort')).toHaveLength(0);
  });

  it('does not begin if the call has ended', async () => {
    const clock = new FakeClock();
    const reason = new ProviderError('SHUTTING_DOWN');
    await expect(pause(100, AbortSignal.abort(reason), clock)).rejects.toBe(reason);
    expect(clock.pending).toBe(0);
  });
});
