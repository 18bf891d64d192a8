import { getEventListeners } from 'node:events';
import { describe, expect, it } from '@jest/globals';
import type { Emit } from '../../src/core/call.ts';
import { ProviderError } from '../../src/core/errors.ts';
import type { Completed } from '../../src/core/events.ts';
import type { Flow } from '../../src/core/flow.ts';
import { pull } from '../../src/core/pull.ts';
import { completed, drainPulled, started, text } from '../support/events.ts';

/** A call that does what the test says, and ends with its signal. */
function open(parent = new AbortController().signal) {
  const end = Promise.withResolvers<Completed>();
  const call: { emit?: Emit; flow?: Flow; signal?: AbortSignal } = {};
  const events = pull((emit, flow, signal) => {
    Object.assign(call, { emit, flow, signal });
    signal.addEventListener('abort', () => end.reject(signal.reason));
    return end.promise;
  }, parent);
  return { call, end, events };
}

describe('pull', () => {
  it('makes no call before the first event is asked for', () => {
    const { call } = open();
    expect(call.signal).toBeUndefined();
  });

  it('hands out events, then completed, then the end', async () => {
    const { call, end, events } = open();
    const all = drainPulled(events);
    call.emit?.(started());
    call.emit?.(text('a'));
    end.resolve(completed());
    expect(await all).toEqual({ events: [started(), text('a'), completed()] });
  });

  it('ends the call at once when its consumer leaves while a next() is pending', async () => {
    const { call, events } = open();
    const pending = events.next();
    expect(call.signal?.aborted).toBe(false);
    await events.return?.();
    expect(call.signal?.reason).toMatchObject({ reason: 'CANCELLED' });
    expect((await pending).done).toBe(true);
  });

  it('makes no call for a consumer that leaves before it asks', async () => {
    const { call, events } = open();
    await events.return?.();
    expect((await events.next()).done).toBe(true);
    expect(call.signal).toBeUndefined();
  });

  it('drops what is queued when the caller ends the call, and throws the reason', async () => {
    const parent = new AbortController();
    const { call, events } = open(parent.signal);
    const first = events.next();
    call.emit?.(text('a'));
    await first;
    call.emit?.(text('never read'));
    const reason = new ProviderError('DEADLINE_EXCEEDED');
    parent.abort(reason);
    await expect(events.next()).rejects.toBe(reason);
    expect(getEventListeners(parent.signal, 'abort')).toHaveLength(0);
  });

  it('does not call an answer complete whose text was dropped', async () => {
    const parent = new AbortController();
    const events = pull(async (emit) => {
      emit(text('a'));
      parent.abort(new ProviderError('CANCELLED'));
      return completed();
    }, parent.signal);
    expect((await drainPulled(events)).error).toMatchObject({ reason: 'CANCELLED' });
  });

  it('holds the flow above 1 MiB, and releases it when half of that was read', async () => {
    const { call, events } = open();
    void events.next();
    call.emit?.(started());
    const piece = 'x'.repeat(64 * 1024);
    for (let i = 0; i < 17; i += 1) call.emit?.(text(piece));
    await Promise.resolve();
    expect(call.flow?.held).toBe(true);
    for (let i = 0; i < 10; i += 1) await events.next();
    expect(call.flow?.held).toBe(false);
    await events.return?.();
  });
});
