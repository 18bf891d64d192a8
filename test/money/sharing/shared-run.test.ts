import { describe, expect, it } from '@jest/globals';
import type { Call, Emit, Handler } from '../../../src/core/call.ts';
import { ProviderError } from '../../../src/core/errors.ts';
import type { AnswerEvent, Completed } from '../../../src/core/events.ts';
import { Flow } from '../../../src/core/flow.ts';
import { SharedRun, type SharedRunOptions } from '../../../src/money/sharing/shared-run.ts';
import { aCall, completed, drain, RESET, started, text, textIn } from '../../support/events.ts';
import { FakeClock } from '../../support/fake-clock.ts';

/** A run whose upstream says what it is told to. */
function aRun(given: Partial<SharedRunOptions> = {}) {
  const clock = new FakeClock();
  const options = { clock, graceMs: 30_000, isOne: true, ...given };
  const ended = Promise.withResolvers<Completed>();
  let made: { call: Call; emit: Emit } | undefined;
  const upstream: Handler = (call, emit) => {
    made = { call, emit };
    call.signal.addEventListener('abort', () => ended.reject(call.signal.reason));
    return ended.promise;
  };
  const run = new SharedRun(upstream, aCall({ deadline: 1_000 }), options);
  if (made === undefined) throw new Error('no call was made');
  const { call, emit } = made;
  return {
    clock,
    run,
    call,
    say: (...events: AnswerEvent[]) => events.forEach(emit),
    end: () => ended.resolve(completed()),
    fail: (error: ProviderError) => ended.reject(error),
    follow: (fields: Partial<Call> = {}) =>
      drain((to) => run.follow(aCall({ flow: new Flow(), ...fields }), to)),
  };
}

/** Lets promises that can settle do so. */
const settle = () => new Promise((resolve) => setImmediate(resolve));

describe('SharedRun', () => {
  it('gives its beginning to those who come late, and all to all', async () => {
    const { run, say, end, follow } = aRun();
    const first = follow();
    say(started(), text('Hel'));
    const late = follow();
    say(text('lo'));
    end();
    for (const { events } of await Promise.all([first, late])) {
      expect(textIn(events)).toBe('Hello');
      expect(events.at(-1)?.type).toBe('completed');
    }
    const after = await follow();
    expect(textIn(after.events)).toBe('Hello');
    expect(run.canBeJoined).toBe(true);
  });

  it('goes on for the others when one leaves', async () => {
    const { call, say, end, follow } = aRun();
    const leaving = new AbortController();
    const left = follow({ signal: leaving.signal });
    const stays = follow();
    say(started(), text('Hel'));
    leaving.abort(new ProviderError('CANCELLED'));
    expect((await left).error).toMatchObject({ reason: 'CANCELLED' });
    expect(call.signal.aborted).toBe(false);
    say(text('lo'));
    end();
    expect(textIn((await stays).events)).toBe('Hello');
  });

  it('ends 30 seconds after the last has left, unless somebody comes', async () => {
    const { clock, run, call, follow } = aRun();
    const leave = async () => {
      const leaving = new AbortController();
      const left = follow({ signal: leaving.signal });
      leaving.abort(new ProviderError('CANCELLED'));
      await left;
    };
    await leave();
    clock.advance(29_000);
    await leave();
    clock.advance(29_000);
    expect(call.signal.aborted).toBe(false);
    clock.advance(1_000);
    expect(call.signal.reason).toMatchObject({ reason: 'CANCELLED' });
    expect(run.canBeJoined).toBe(false);
  });

  it('ends at once when the process stops', async () => {
    const { call, follow } = aRun();
    const stopping = new AbortController();
    const left = follow({ signal: stopping.signal });
    stopping.abort(new ProviderError('SHUTTING_DOWN'));
    await left;
    expect(call.signal.reason).toMatchObject({ reason: 'SHUTTING_DOWN' });
  });

  it('waits for no slow reader', async () => {
    const { call, say, end, follow } = aRun();
    const flow = new Flow();
    const slow = follow({ flow });
    flow.hold();
    const quick = follow();
    say(started(), text('Hello'));
    end();
    expect(textIn((await quick).events)).toBe('Hello');
    expect(call.flow.held).toBe(false);
    flow.release();
    expect(textIn((await slow).events)).toBe('Hello');
  });

  it('of what is longer than it keeps holds the upstream until the slow have read it', async () => {
    const { run, call, say, end, follow } = aRun();
    const flow = new Flow();
    const slow = follow({ flow });
    const quick = follow();
    flow.hold();
    const long = 'x'.repeat(5 * 1024 * 1024);
    say(started(), text(long));
    expect(call.flow.held).toBe(true);
    expect(run.canBeJoined).toBe(false);
    flow.release();
    await settle();
    expect(call.flow.held).toBe(false);
    say(text('end'));
    end();
    for (const { events } of await Promise.all([slow, quick])) {
      expect(textIn(events) === `${long}end`).toBe(true);
    }
    expect(run.answer(completed())).toBeUndefined();
  });

  it('tells of a break what the recovery of each says', async () => {
    const { say, end, follow } = aRun();
    const fails = follow({ recovery: 'fail' });
    const restarts = follow({ recovery: 'restart' });
    const heldBack = follow({ recovery: 'hold_back' });
    say(started(), text('Hel'), RESET, started(), text('Hi'));
    const late = follow({ recovery: 'hold_back' });
    end();
    const broken = await fails;
    expect(broken.error).toMatchObject({ reason: 'STREAM_INTERRUPTED' });
    expect(textIn(broken.events)).toBe('Hel');
    expect((await restarts).events.map(({ type }) => type)).toEqual([
      'started',
      'textDelta',
      'attemptReset',
      'started',
      'textDelta',
      'completed',
    ]);
    for (const { events } of await Promise.all([heldBack, late])) {
      expect(events.map(({ type }) => type)).toEqual(['started', 'textDelta', 'completed']);
      expect(textIn(events)).toBe('Hi');
    }
  });

  it('emits nothing to a slow reader whose call has failed', async () => {
    const { run, say, fail } = aRun();
    const flow = new Flow();
    const events: AnswerEvent[] = [];
    const slow = drain((emit) =>
      run.follow(aCall({ flow }), (event) => {
        events.push(event);
        emit(event);
      }),
    );
    flow.hold();
    say(started(), text('Hello'));
    fail(new ProviderError('NETWORK_ERROR'));
    await slow;
    flow.release();
    await settle();
    expect(events).toEqual([]);
  });

  it('tells a slow reader of a break, too, and nobody of one before they came', async () => {
    const { say, end, follow } = aRun();
    const flow = new Flow();
    const slow = follow({ flow });
    say(started(), text('Hel'));
    flow.hold();
    say(text('lo'), RESET, started(), text('Hi'));
    const late = follow({ recovery: 'fail' });
    end();
    await settle();
    flow.release();
    expect((await slow).error).toMatchObject({ reason: 'STREAM_INTERRUPTED' });
    expect(textIn((await slow).events)).toBe('Hello');
    expect(textIn((await late).events)).toBe('Hi');
  });

  it('fails for all, as each has seen it', async () => {
    const { say, fail, follow } = aRun();
    const seen = follow();
    const heldBack = follow({ recovery: 'hold_back' });
    say(started(), text('Hel'));
    const cause = new ProviderError('NETWORK_ERROR');
    fail(new ProviderError('STREAM_INTERRUPTED', { cause }));
    expect((await seen).error).toMatchObject({ reason: 'STREAM_INTERRUPTED' });
    expect((await heldBack).error).toMatchObject({ reason: 'NETWORK_ERROR' });
  });
});
