import { EventEmitter } from 'node:events';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, it, jest } from '@jest/globals';
import { createCallSignal } from '../../../src/server/rpc/call-signal.ts';
import { FakeClock } from '../../support/fake-clock.ts';

const LIMITS = { defaultMs: 60_000, maxMs: 600_000 };
const MAX_GUARD_MS = 25;

/** A call as grpc-js shows it. */
class FakeCall extends EventEmitter {
  readonly #deadline: number | Date;

  constructor(deadline: number | Date = Infinity) {
    super();
    this.#deadline = deadline;
  }

  getDeadline(): number | Date {
    return this.#deadline;
  }
}

describe('createCallSignal', () => {
  it('aborts with CANCELLED when the caller cancels', () => {
    const call = new FakeCall();
    const { signal } = createCallSignal(call, new FakeClock(), LIMITS);
    call.emit('cancelled');
    expect(signal.reason).toMatchObject({ reason: 'CANCELLED' });
  });

  it('takes a cancel after the deadline for the deadline', () => {
    const call = new FakeCall(Date.now() - 1);
    const { signal } = createCallSignal(call, new FakeClock(), LIMITS);
    call.emit('cancelled');
    expect(signal.reason).toMatchObject({ reason: 'DEADLINE_EXCEEDED' });
  });

  it('takes a cancel for one where the wall clock was set beyond the deadline', () => {
    const call = new FakeCall(Date.now() + 10_000);
    const { signal } = createCallSignal(call, new FakeClock(), LIMITS);
    const wall = jest.spyOn(Date, 'now').mockReturnValue(Date.now() + 3_600_000);
    call.emit('cancelled');
    wall.mockRestore();
    expect(signal.reason).toMatchObject({ reason: 'CANCELLED' });
  });

  it('keeps the first reason', () => {
    const call = new FakeCall();
    const clock = new FakeClock();
    const { signal } = createCallSignal(call, clock, LIMITS);
    clock.advance(LIMITS.defaultMs);
    call.emit('cancelled');
    expect(signal.reason).toMatchObject({ reason: 'DEADLINE_EXCEEDED' });
  });

  it.each([
    ['a number', (ms: number) => ms],
    ['a Date', (ms: number) => new Date(ms)],
  ])("aborts a little before the caller's deadline, given as %s", (_what, as) => {
    const clock = new FakeClock();
    const ending = createCallSignal(new FakeCall(as(Date.now() + 10_000)), clock, LIMITS);
    const leftMs = ending.deadline - clock.now();
    expect(leftMs).toBeLessThanOrEqual(10_000 - MAX_GUARD_MS);
    clock.advance(leftMs - 1);
    expect(ending.signal.aborted).toBe(false);
    clock.advance(1);
    expect(ending.signal.reason).toMatchObject({ reason: 'DEADLINE_EXCEEDED' });
  });

  it('aborts at once when the deadline has passed', () => {
    const clock = new FakeClock();
    const { signal } = createCallSignal(new FakeCall(Date.now() - 5), clock, LIMITS);
    expect(signal.reason).toMatchObject({ reason: 'DEADLINE_EXCEEDED' });
    expect(clock.pending).toBe(0);
  });

  it('never aborts by itself without limits and deadline', () => {
    const clock = new FakeClock();
    const { deadline } = createCallSignal(new FakeCall(), clock);
    expect(deadline).toBe(Infinity);
    expect(clock.pending).toBe(0);
  });

  it('leaves no listener and no timer behind', () => {
    const call = new FakeCall();
    const clock = new FakeClock();
    const ending = createCallSignal(call, clock, LIMITS);
    ending.release();
    call.emit('cancelled');
    clock.advance(LIMITS.defaultMs);
    expect(ending.signal.aborted).toBe(false);
    expect(call.eventNames()).toEqual([]);
  });
});

it('ends some of the calls that are cancelled at once, and the rest in the turns behind', async () => {
  const calls = Array.from({ length: 100 }, () => new FakeCall());
  const signals = calls.map((call) => createCallSignal(call, new FakeClock(), LIMITS).signal);
  const ended = () => signals.filter(({ aborted }) => aborted).length;
  for (const call of calls) call.emit('cancelled');
  expect(ended()).toBeLessThanOrEqual(32);
  for (let turn = 0; turn < 2; turn += 1) await nextTurn();
  expect(ended()).toBeLessThan(100);
  while (ended() < 100) await nextTurn();
  expect(signals.at(-1)?.reason).toMatchObject({ reason: 'CANCELLED' });
});
