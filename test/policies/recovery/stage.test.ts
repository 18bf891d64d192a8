import { getEventListeners } from 'node:events';
import { describe, expect, it } from '@jest/globals';
import type { Emit } from '../../../src/core/call.ts';
import { ProviderError } from '../../../src/core/errors.ts';
import type { ProviderEvent } from '../../../src/core/events.ts';
import { recovery } from '../../../src/policies/recovery/stage.ts';
import { settled } from '../../money/budget/books.ts';
import { aCall, completed, drain, RESET, replay, started, text } from '../../support/events.ts';

const cut = new ProviderError('NETWORK_ERROR', {
  message: 'hung up',
  upstreamRequestId: 'req_9',
  retryAfterMs: 1000,
});

describe('recovery: fail', () => {
  const run = (...events: (ProviderEvent | Error)[]) =>
    drain((emit) => recovery()(replay(...events))(aCall(), emit));

  it('passes a whole answer on', async () => {
    const events = [started(), text('a'), completed()];
    expect(await run(...events)).toEqual({ events });
  });

  it('reads a break after output as STREAM_INTERRUPTED, with what is known of it', async () => {
    const { error } = await run(started(), text('a'), cut);
    expect(error).toMatchObject({
      reason: 'STREAM_INTERRUPTED',
      facts: { upstreamRequestId: 'req_9', cause: cut },
    });
    expect((error as ProviderError).facts.retryAfterMs).toBeUndefined();
    expect((error as ProviderError).message).not.toContain('hung up');
  });

  it('leaves a break before output as it is, so that it may be retried', async () => {
    expect((await run(started(), cut)).error).toBe(cut);
    expect((await run(started(), text('a'), RESET, cut)).error).toBe(cut);
  });

  it.each(['CANCELLED', 'DEADLINE_EXCEEDED', 'SHUTTING_DOWN', 'INTERNAL'] as const)(
    'leaves %s as it is, because the upstream did not cause it',
    async (reason) => {
      const error = new ProviderError(reason);
      expect((await run(started(), text('a'), error)).error).toBe(error);
    },
  );

  it('makes INTERNAL of what is not a ProviderError', async () => {
    const { error } = await run(started(), new TypeError('bug'));
    expect(error).toMatchObject({ reason: 'INTERNAL' });
  });
});

describe('recovery: restart', () => {
  const run = (...events: (ProviderEvent | Error)[]) =>
    drain((emit) => recovery()(replay(...events))(aCall({ recovery: 'restart' }), emit));

  it('tells the caller what is void', async () => {
    const events = [started(), text('a'), RESET, started({ attempt: 2 }), text('b'), completed()];
    expect(await run(...events)).toEqual({ events });
  });

  it('reads a break as STREAM_INTERRUPTED if the caller has output that is not void', async () => {
    const events = [started(), text('a'), RESET, started({ attempt: 2 }), text('b')];
    const outcome = await run(...events, cut);
    expect(outcome.events).toEqual(events);
    expect(outcome.error).toMatchObject({ reason: 'STREAM_INTERRUPTED', facts: { cause: cut } });
  });

  it('leaves a break as it is if all that the caller has is void', async () => {
    expect((await run(started(), text('a'), RESET, cut)).error).toBe(cut);
    expect((await run(started(), text('a'), RESET, started(), cut)).error).toBe(cut);
  });
});

/** That are not merged. */
const PARTS: readonly ProviderEvent[] = [
  started(),
  text('a'),
  { type: 'reasoningDelta', text: 'b' },
  text('c'),
  completed(),
];

/** A held-back call that runs, and what its caller has so far. */
function begin(events: readonly ProviderEvent[], onEvent: Emit = () => {}) {
  const controller = new AbortController();
  const call = aCall({ recovery: 'hold_back', signal: controller.signal });
  const seen: ProviderEvent[] = [];
  const outcome = drain((emit) =>
    recovery()(replay(...events))(call, (event) => {
      emit(event);
      seen.push(event);
      onEvent(event);
    }),
  );
  return { call, controller, seen, outcome };
}

describe('recovery: hold_back', () => {
  const run = (...events: (ProviderEvent | Error)[]) =>
    drain((emit) => recovery()(replay(...events))(aCall({ recovery: 'hold_back' }), emit));

  it('delivers nothing of an answer that breaks off, and the error as it is', async () => {
    expect(await run(started(), text('a'), cut)).toEqual({ events: [], error: cut });
  });

  it('delivers only the answer that was completed', async () => {
    const second = [started({ attempt: 2 }), text('b'), completed()];
    expect(await run(started(), text('a'), RESET, ...second)).toEqual({ events: second });
  });

  it('lets out nothing while the caller does not take it, and the rest when it does', async () => {
    const { call, seen, outcome } = begin(PARTS);
    call.flow.hold();
    await settled();
    expect(seen).toEqual([]);
    call.flow.release();
    expect(await outcome).toEqual({ events: PARTS });
  });

  it('stops where the caller can take no more, however often that is', async () => {
    const { call, seen, outcome } = begin(PARTS, (event) => {
      if (event.type !== 'started') call.flow.hold();
    });
    for (let taken = 2; taken < PARTS.length; taken += 1) {
      await settled();
      expect(seen).toEqual(PARTS.slice(0, taken));
      call.flow.release();
    }
    expect(await outcome).toEqual({ events: PARTS });
  });

  it('waits on if the caller is slow again before its turn comes', async () => {
    const { call, seen } = begin(PARTS);
    call.flow.hold();
    await settled();
    call.flow.release();
    call.flow.hold();
    await settled();
    expect(seen).toEqual([]);
  });

  it.each([
    [undefined, 'CANCELLED'],
    [new DOMException('late', 'TimeoutError'), 'DEADLINE_EXCEEDED'],
    [new ProviderError('SHUTTING_DOWN'), 'SHUTTING_DOWN'],
  ] as const)('waits no longer for a caller whose call is aborted (%s)', async (cause, reason) => {
    const { call, controller, outcome } = begin(PARTS, (event) => {
      if (event.type === 'textDelta') call.flow.hold();
    });
    await settled();
    controller.abort(cause);
    expect(await outcome).toMatchObject({ events: PARTS.slice(0, 2), error: { reason } });
    expect(getEventListeners(call.signal, 'abort')).toEqual([]);
    call.flow.release();
    await settled();
    expect((await outcome).events).toHaveLength(2);
  });

  it.each(['held again', 'released'])('ends also if the flow is %s at the abort', async (state) => {
    const { call, controller, outcome } = begin(PARTS);
    call.flow.hold();
    await settled();
    call.flow.release();
    if (state === 'held again') call.flow.hold();
    controller.abort();
    expect(await outcome).toMatchObject({ events: [], error: { reason: 'CANCELLED' } });
  });

  it('leaves no listener behind after a wait', async () => {
    const { call, outcome } = begin(PARTS);
    call.flow.hold();
    await settled();
    call.flow.release();
    await outcome;
    expect(getEventListeners(call.signal, 'abort')).toEqual([]);
  });
});
