import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import type { AttemptProgress, Call } from '../../../src/core/call.ts';
import { ProviderError } from '../../../src/core/errors.ts';
import type { Completed } from '../../../src/core/events.ts';
import { type Surface, unknownModel } from '../../../src/core/model.ts';
import { aCall } from '../../support/events.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import {
  answer,
  type Behaviour,
  errorBodyWith200,
  sendJson,
  silent,
} from '../../support/upstream/index.ts';
import { abortListeners, openUpstream, readAll, textOf } from '../open-upstream.ts';
import { expectFault, HUNG_UP, type StreamFault, UNREADABLE } from './stream-faults.ts';

const SURFACES: readonly Surface[] = ['chat_completions', 'responses'];

/** To a model that cannot stream. */
function callOver(surface: Surface, fields: Partial<Call> = {}): Call {
  const model = { ...unknownModel('gpt-test'), supports: { streaming: false } };
  return aCall({ target: { model, surface }, attempt: 1, ...fields });
}

function json(text: string, finish: 'end' | 'cut' = 'end'): Behaviour {
  return async (exchange) => {
    exchange.headers(200, { 'content-type': 'application/json' });
    if (text !== '') exchange.raw(text);
    await exchange.writable();
    exchange[finish]();
  };
}

function unreadable(body: string): StreamFault {
  return { behaviour: json(body), reason: 'SERVICE_UNAVAILABLE', message: UNREADABLE };
}

const BAD_ANSWERS: Readonly<Record<string, StreamFault>> = {
  'is an error': {
    behaviour: errorBodyWith200({ code: 'insufficient_quota' }),
    reason: 'QUOTA_EXCEEDED',
  },
  'breaks off': { behaviour: json('{"id":"x","choices":[', 'cut'), reason: 'NETWORK_ERROR' },
  'has no body': { behaviour: json(''), reason: 'NETWORK_ERROR', message: HUNG_UP },
  'is no JSON': unreadable('{"id":'),
  'is empty': unreadable('{}'),
  'is a list': unreadable('[]'),
  'has the wrong types': unreadable('{"choices":[1],"output":1}'),
  'is not finished': unreadable('{"choices":[{}],"status":"queued"}'),
  'is too large': unreadable(`{"id":"${'x'.repeat(200_000)}"}`),
};

describe.each(SURFACES)('a model that cannot stream, over %s', (surface) => {
  it('is asked for a whole answer, which makes the same events', async () => {
    const script = answer({
      text: 'Grüße aus 東京.',
      refusal: 'No more.',
      toolCalls: [{ id: 'call_a', name: 'f', arguments: '{"x": 1}' }],
      model: 'gpt-test-2026',
      usage: { prompt_tokens: 20, completion_tokens: 7 },
    });
    const { stub, upstream } = await openUpstream(script);
    const call = callOver(surface);
    const { events, error } = await readAll((emit) => upstream.answer(call, emit));
    expect(error).toBeUndefined();
    const [request] = stub.requests;
    expect(request?.body).not.toHaveProperty('stream');
    expect(request?.body).not.toHaveProperty('stream_options');
    expect(request?.headers.accept).toBe('application/json');
    expect(events.map((event) => event.type)).toEqual([
      'started',
      'textDelta',
      'refusalDelta',
      'toolCallDelta',
      'completed',
    ]);
    expect(textOf(events)).toBe('Grüße aus 東京.');
    expect(events[0]).toMatchObject({
      responseId: request?.completionId,
      model: 'gpt-test-2026',
      upstreamRequestId: request?.requestId,
    });
    expect(events.at(-1)).toMatchObject({
      finishReason: 'tool_calls',
      toolCalls: [{ id: 'call_a', name: 'f', arguments: '{"x": 1}' }],
      usage: { inputTokens: 20, outputTokens: 7, estimated: false },
    });
    expect(abortListeners(call.signal)).toBe(0);
  });

  it('is cut short by its own limits as in a stream', async () => {
    const { upstream } = await openUpstream(answer({ text: 'and so', finishReason: 'length' }));
    const { events } = await readAll((emit) => upstream.answer(callOver(surface), emit));
    expect(events.at(-1)).toMatchObject({ type: 'completed', finishReason: 'length' });
  });

  it('has until the first token for its headers, since they come with the answer', async () => {
    const clock = new FakeClock();
    const think = Promise.withResolvers<void>();
    const script: Behaviour = async (exchange) => {
      await think.promise;
      await answer()(exchange);
    };
    const { stub, upstream } = await openUpstream(script, { clock });
    const progress: AttemptProgress[] = [];
    const onProgress = (reached: AttemptProgress) => void progress.push(reached);
    const reading = readAll((emit) => upstream.answer(callOver(surface, { onProgress }), emit));
    await stub.waitForRequest(1);
    expect(progress).toEqual(['connected', 'headers']);
    clock.advance(60_000);
    think.resolve();
    const { events } = await reading;
    expect(progress).toEqual(['connected', 'headers']);
    const timings = { queueMs: 0, backoffMs: 0, totalMs: 60_000, timeToFirstTokenMs: 60_000 };
    expect((events.at(-1) as Completed).timings).toEqual(timings);
  });

  it('may answer by a stream all the same', async () => {
    const { upstream } = await openUpstream(async (exchange) => {
      Object.assign(exchange.request.body, { stream: true });
      await answer({ text: 'streamed' })(exchange);
    });
    const { events } = await readAll((emit) => upstream.answer(callOver(surface), emit));
    expect(textOf(events)).toBe('streamed');
  });

  it('says nothing and is complete', async () => {
    const { upstream } = await openUpstream(answer({ deltas: [] }));
    const { events } = await readAll((emit) => upstream.answer(callOver(surface), emit));
    expect(events.map((event) => event.type)).toEqual(['started', 'completed']);
    expect((events.at(-1) as Completed).timings).not.toHaveProperty('timeToFirstTokenMs');
  });

  it('leaves its connection to the next call', async () => {
    const { stub, upstream } = await openUpstream(answer());
    for (let n = 0; n < 2; n++) {
      await readAll((emit) => upstream.answer(callOver(surface), emit));
      await stub.requests[n]?.closed;
      await nextTurn();
      await nextTurn();
    }
    expect(stub.openConnections()).toBe(1);
  });

  it('is stopped by a cancel', async () => {
    const { stub, upstream } = await openUpstream(silent());
    const controller = new AbortController();
    const reading = readAll((emit) =>
      upstream.answer(callOver(surface, { signal: controller.signal }), emit),
    );
    const request = await stub.waitForRequest(1);
    const cancelled = new ProviderError('CANCELLED');
    controller.abort(cancelled);
    expect((await reading).error).toBe(cancelled);
    await request.closed;
    expect(request.closedBy).toBe('client');
  });

  it.each(Object.entries(BAD_ANSWERS))('fails if its answer %s', async (_what, fault) => {
    await expectFault({ text: '', ...fault }, callOver(surface));
  });
});

describe('a whole Responses answer', () => {
  it.each([
    ['failed', { error: { code: 'rate_limit_exceeded' } }, 'RATE_LIMIT_EXCEEDED'],
    ['failed', {}, 'PROVIDER_ERROR'],
    ['cancelled', {}, 'PROVIDER_ERROR'],
  ] as const)('that %s fails the call: %j', async (status, fields, reason) => {
    const behaviour: Behaviour = (exchange) => sendJson(exchange, 200, { status, ...fields });
    await expectFault({ behaviour, reason }, callOver('responses'));
  });
});
