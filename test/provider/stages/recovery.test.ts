import { describe, expect, it } from '@jest/globals';
import { ProviderError } from '../../../src/provider/errors.ts';
import type { ProviderEvent } from '../../../src/provider/events.ts';
import { recovery } from '../../../src/provider/stages/recovery.ts';
import { aCall, completed, drain, replay, started, text } from '../../support/events.ts';

const cut = new ProviderError('NETWORK_ERROR', {
  message: 'hung up',
  upstreamRequestId: 'req_9',
  retryAfterMs: 1000,
});
const reset: ProviderEvent = { type: 'attemptReset', attempt: 2, reason: 'NETWORK_ERROR' };

describe('recovery: fail', () => {
  const run = (...events: (ProviderEvent | Error)[]) =>
    drain(recovery()(replay(...events))(aCall()));

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
    expect((await run(started(), text('a'), reset, cut)).error).toBe(cut);
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
    drain(recovery()(replay(...events))(aCall({ recovery: 'restart' })));

  it('tells the caller what is void', async () => {
    const events = [started(), text('a'), reset, started({ attempt: 2 }), text('b'), completed()];
    expect(await run(...events)).toEqual({ events });
  });

  it('reads a break as STREAM_INTERRUPTED if the caller has output that is not void', async () => {
    const events = [started(), text('a'), reset, started({ attempt: 2 }), text('b')];
    const outcome = await run(...events, cut);
    expect(outcome.events).toEqual(events);
    expect(outcome.error).toMatchObject({ reason: 'STREAM_INTERRUPTED', facts: { cause: cut } });
  });

  it('leaves a break as it is if all that the caller has is void', async () => {
    expect((await run(started(), text('a'), reset, cut)).error).toBe(cut);
    expect((await run(started(), text('a'), reset, started(), cut)).error).toBe(cut);
  });
});

describe('recovery: hold_back', () => {
  const run = (...events: (ProviderEvent | Error)[]) =>
    drain(recovery()(replay(...events))(aCall({ recovery: 'hold_back' })));

  it('delivers nothing of an answer that breaks off, and the error as it is', async () => {
    expect(await run(started(), text('a'), cut)).toEqual({ events: [], error: cut });
  });

  it('delivers only the answer that was completed', async () => {
    const second = [started({ attempt: 2 }), text('b'), completed()];
    expect(await run(started(), text('a'), reset, ...second)).toEqual({ events: second });
  });
});
