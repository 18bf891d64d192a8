import type { ServerResponse } from 'node:http';
import net, { type Socket } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, it, jest } from '@jest/globals';
import { ROOT_CONTEXT, type SpanContext, TraceFlags, trace } from '@opentelemetry/api';
import type { AttemptProgress } from '../../src/core/call.ts';
import { createOpenAIUpstream } from '../../src/openai/upstream.ts';
import { aCall, drain, drainPulled } from '../support/events.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { answer, hugeEvent } from '../support/upstream/index.ts';
import {
  abortListeners,
  chunk,
  openUpstream,
  pulled,
  readAll,
  sseText,
  textOf,
  until,
} from './open-upstream.ts';

const SPAN: SpanContext = {
  traceId: '0af7651916cd43dd8448eb211c80319c',
  spanId: 'b7ad6b7169203331',
  traceFlags: TraceFlags.SAMPLED,
};

describe('createOpenAIUpstream', () => {
  it('streams an answer', async () => {
    const script = answer({ text: 'Hello from here.', usage: { prompt_tokens: 11 } });
    const { stub, upstream } = await openUpstream(script);
    const { signal } = new AbortController();
    const call = aCall({ signal, attempt: 1 });
    const { events, error } = await readAll((emit) => upstream.answer(call, emit));
    expect(error).toBeUndefined();
    expect(textOf(events)).toBe('Hello from here.');
    expect(events[0]).toMatchObject({
      type: 'started',
      responseId: stub.requests[0]?.completionId,
      upstreamRequestId: stub.requests[0]?.requestId,
      attempt: 1,
    });
    expect(events.at(-1)).toMatchObject({
      type: 'completed',
      finishReason: 'stop',
      attempts: 1,
      usage: { inputTokens: 11, estimated: false },
      timings: {
        queueMs: 0,
        backoffMs: 0,
        timeToFirstTokenMs: expect.any(Number),
        totalMs: expect.any(Number),
      },
    });
    expect(call.record.upstreamRequestId).toBe(stub.requests[0]?.requestId);
    expect(abortListeners(signal)).toBe(0);
  });

  it('asks as the SDK would, and for a stream', async () => {
    const { stub, upstream } = await openUpstream(answer(), {
      organization: 'org-1',
      project: 'proj_1',
      defaultHeaders: { 'x-custom': 'yes' },
    });
    await drain((emit) =>
      upstream.answer(aCall({ context: trace.setSpanContext(ROOT_CONTEXT, SPAN) }), emit),
    );
    const [request] = stub.requests;
    expect(request?.path).toBe('/v1/chat/completions');
    expect(request?.headers).toMatchObject({
      accept: 'text/event-stream',
      authorization: 'Bearer sk-test',
      'content-type': 'application/json',
      'openai-organization': 'org-1',
      'openai-project': 'proj_1',
      traceparent: `00-${SPAN.traceId}-${SPAN.spanId}-01`,
      'user-agent': expect.stringMatching(/^OpenAI\/JS /),
      'x-custom': 'yes',
    });
    expect(request?.body).toMatchObject({
      model: 'gpt-test',
      stream: true,
      messages: [{ role: 'user', content: 'Hello there!' }],
    });
    // Whoever checks what it is sent and does not pad knows of no more.
    expect(request?.body.stream_options).toEqual({ include_usage: true });
  });

  it('asks with the key that the call says', async () => {
    const { stub, upstream } = await openUpstream(answer(), {
      apiKeys: [{ secret: 'one' }, { secret: 'two' }],
      keyHeader: 'api-key',
    });
    for (const key of [1, 0]) await drain((emit) => upstream.answer(aCall({ key }), emit));
    expect(stub.requests.map(({ headers }) => headers['api-key'])).toEqual(['two', 'one']);
    expect(stub.requests[0]?.headers.authorization).toBeUndefined();
  });

  it('asks without a key where there is none', async () => {
    const { stub, upstream } = await openUpstream(answer(), { apiKeys: [] });
    await drain((emit) => upstream.answer(aCall(), emit));
    expect(stub.requests[0]?.headers.authorization).toBeUndefined();
  });

  it('names scheme, host and port as its endpoint', () => {
    const options = {
      apiKeys: [{ secret: 'sk-test' }],
      baseUrl: 'https://api.openai.com/v1',
      connectTimeoutMs: 1,
    };
    const upstream = createOpenAIUpstream(options, { clock: new FakeClock() });
    expect(upstream.endpoint).toBe('https://api.openai.com');
  });

  it('sends nothing before the first event is asked for, where events are pulled', async () => {
    const { stub, upstream } = await openUpstream(answer());
    const events = pulled(upstream, aCall());
    await nextTurn();
    expect(stub.openConnections()).toBe(0);
    await drainPulled(events);
    expect(stub.requests).toHaveLength(1);
  });

  it('reports how far an attempt has come', async () => {
    const { upstream } = await openUpstream(answer());
    const progress: AttemptProgress[] = [];
    const onProgress = (reached: AttemptProgress) => void progress.push(reached);
    const events = pulled(upstream, aCall({ onProgress }));
    const first = events.next();
    expect(progress).toEqual([]);
    await first;
    expect(progress).toEqual(['connected', 'headers']);
    await events.return?.();
  });

  it.each<[string, (response: ServerResponse) => void]>([
    ['hints', (response) => response.writeEarlyHints({ link: '</style.css>; rel=preload' })],
    ['that it goes on', (response) => response.writeProcessing()],
    ['that a body may come, which nobody asked', (response) => response.writeContinue()],
  ])('passes over informational responses: %s', async (_what, write) => {
    const { upstream } = await openUpstream(async (exchange) => {
      write(exchange.res);
      await answer({ text: 'final' })(exchange);
    });
    const { events } = await readAll((emit) => upstream.answer(aCall(), emit));
    expect(textOf(events)).toBe('final');
  });

  it('uses a connection again whose answer is complete', async () => {
    const { stub, upstream } = await openUpstream(answer());
    const ports = new Set<number | undefined>();
    stub.setDefault((exchange) => {
      ports.add(exchange.res.socket?.remotePort);
      return answer()(exchange);
    });
    for (let i = 1; i <= 3; i++) {
      const { error } = await readAll((emit) => upstream.answer(aCall(), emit));
      expect(error).toBeUndefined();
      await stub.requests[i - 1]?.closed;
      await nextTurn();
      await nextTurn();
    }
    expect(ports.size).toBe(1);
    expect(stub.openConnections()).toBe(1);
  });

  it('gives each address of a host a second, not the quarter of one that Node.js does', async () => {
    const { upstream } = await openUpstream(answer());
    const connect = jest.spyOn(net, 'connect');
    await drain((emit) => upstream.answer(aCall(), emit));
    const [options] = connect.mock.calls[0] ?? [];
    connect.mockRestore();
    expect(options).toMatchObject({ autoSelectFamilyAttemptTimeout: 1_000 });
  });

  it('connects anew if an idle connection turns out to be closed', async () => {
    const { stub, upstream } = await openUpstream(answer());
    let socket: Socket | null = null;
    stub.enqueue((exchange) => {
      socket = exchange.res.socket;
      return answer()(exchange);
    });
    await drain((emit) => upstream.answer(aCall(), emit));
    await until(() => stub.requests[0]?.closedBy === 'server');
    await nextTurn();
    (socket as Socket | null)?.destroy();
    const { error } = await readAll((emit) => upstream.answer(aCall(), emit));
    expect(error).toBeUndefined();
    expect(stub.requests).toHaveLength(2);
  });

  it('does without a request id, and without output', async () => {
    const finish = sseText(chunk({}, 'stop'), '[DONE]');
    const { upstream } = await openUpstream(({ res }) => {
      res.writeHead(200, { 'content-type': 'text/event-stream' }).end(finish);
    });
    const call = aCall();
    call.record.upstreamRequestId = 'req_of_the_attempt_before';
    const { events } = await readAll((emit) => upstream.answer(call, emit));
    expect(call.record.upstreamRequestId).toBe('');
    expect(events).toMatchObject([
      { type: 'started', upstreamRequestId: '' },
      { type: 'completed', timings: { queueMs: 0, backoffMs: 0, totalMs: expect.any(Number) } },
    ]);
    expect(events.at(-1)).not.toHaveProperty('timings.timeToFirstTokenMs');
  });

  it('delivers what one read brought as one event', async () => {
    const pieces = Array.from({ length: 50 }, (_, i) => `${i},`);
    const { upstream } = await openUpstream(answer({ deltas: pieces }));
    const { events } = await readAll((emit) => upstream.answer(aCall(), emit));
    expect(textOf(events)).toBe(pieces.join(''));
    expect(events.map((event) => event.type)).toEqual(['started', 'textDelta', 'completed']);
  });

  it('reads an event of ten megabytes', async () => {
    const size = 10 * 1024 * 1024;
    const { upstream } = await openUpstream(hugeEvent(size));
    const { events } = await readAll((emit) => upstream.answer(aCall(), emit));
    expect(textOf(events)).toHaveLength(size);
    expect(events.at(-1)?.type).toBe('completed');
  });

  it('breaks running answers when it is closed, and makes no more', async () => {
    const { stub, upstream } = await openUpstream(() => {});
    const running = readAll((emit) => upstream.answer(aCall(), emit));
    const request = await stub.waitForRequest(1);
    await upstream.close();
    expect((await running).error?.reason).toBe('SHUTTING_DOWN');
    await request.closed;
    expect((await readAll((emit) => upstream.answer(aCall(), emit))).error?.reason).toBe(
      'SHUTTING_DOWN',
    );
    await until(() => stub.openConnections() === 0);
  });
});
