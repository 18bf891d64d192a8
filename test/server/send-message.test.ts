import { once } from 'node:events';
import { afterEach, describe, expect, it } from '@jest/globals';
import type { ErrorReason } from '../../src/provider/error-kinds.ts';
import { ProviderError } from '../../src/provider/errors.ts';
import type { ProviderEvent } from '../../src/provider/events.ts';
import { completed, started, text } from '../support/events.ts';
import { FakeClock } from '../support/fake-clock.ts';
import type { ProviderCall } from '../support/fake-provider.ts';
import {
  codeName,
  collect,
  nextMessage,
  statusDetail,
  statusDetails,
} from '../support/grpc-client.ts';
import { type RunningServer, startServer } from '../support/running-server.ts';

const PROMPT = 'a prompt that nobody may log';
const REQUEST = { request: { messages: [{ role: 'ROLE_USER', content: PROMPT }] } };
const ERROR_INFO = 'google.rpc.ErrorInfo';
const FAILURE_INFO = 'tamma.provider.v1.FailureInfo';

let running: RunningServer | undefined;

async function start(...args: Parameters<typeof startServer>): Promise<RunningServer> {
  running = await startServer(...args);
  return running;
}

afterEach(async () => {
  await running?.stop();
  running = undefined;
});

const send = ({ client }: RunningServer, settings = {}) =>
  client.provider.stream('SendMessage', REQUEST, settings);

/** Yields `events`, then waits for the signal and throws its reason, as the pipeline does. */
function hanging(...events: ProviderEvent[]) {
  const seen = { reason: undefined as unknown, returned: false };
  async function* answer({ options }: ProviderCall): AsyncGenerator<ProviderEvent> {
    const { signal } = options;
    if (signal === undefined) throw new Error('no signal');
    try {
      yield* events;
      if (!signal.aborted) await once(signal, 'abort');
      signal.throwIfAborted();
    } finally {
      seen.reason = signal.reason;
      seen.returned = true;
    }
  }
  return { answer, seen };
}

/** An answer that neither ends nor listens to its signal. */
const deaf = () => ({
  [Symbol.asyncIterator]: () => ({ next: () => new Promise<never>(() => {}) }),
});

describe('SendMessage', () => {
  it('forwards the events in order, numbered from 1, and ends OK after completed', async () => {
    const server = await start();
    const { messages, status } = await collect(send(server));
    expect(codeName(status)).toBe('OK');
    expect(messages.map((m) => [m.sequence, m.event])).toEqual([
      [1, 'started'],
      [2, 'textDelta'],
      [3, 'textDelta'],
      [4, 'completed'],
    ]);
    expect(messages[1]).toMatchObject({ textDelta: { text: 'Hel' } });
    expect(server.provider.calls[0]?.request.messages).toEqual([{ role: 'user', content: PROMPT }]);
  });

  it('hands the provider the id, the options and the deadline of the call', async () => {
    const server = await start();
    const deadline = Date.now() + 60_000;
    const request = { ...REQUEST, options: { recovery: 'STREAM_RECOVERY_RESTART' } };
    await collect(server.client.provider.stream('SendMessage', request, { deadline }));
    const options = server.provider.calls[0]?.options;
    expect(options).toMatchObject({ id: 'call-1', recovery: 'restart' });
    expect(options?.deadline).toBeLessThan(deadline);
  });

  it('keeps concurrent streams apart', async () => {
    const server = await start();
    server.provider.answer = async function* ({ options }) {
      yield started();
      yield text(options.id ?? '');
      yield completed();
    };
    const all = await Promise.all(Array.from({ length: 50 }, () => collect(send(server))));
    const deltas = all.map(({ messages }) => JSON.stringify(messages[1]));
    expect(new Set(deltas).size).toBe(50);
    expect(all.every(({ messages }) => messages.length === 3)).toBe(true);
  });

  it('stops the upstream with CANCELLED when the caller cancels', async () => {
    const server = await start();
    const { answer, seen } = hanging(started(), text('Hel'));
    server.provider.answer = answer;
    const cancel = new AbortController();
    const stream = send(server, { signal: cancel.signal });
    const outcome = collect(stream);
    await nextMessage(stream);
    cancel.abort();
    expect(codeName((await outcome).status)).toBe('CANCELLED');
    expect(await server.log.ofCall('SendMessage')).toMatchObject({
      level: 'info',
      code: 'CANCELLED',
      reason: 'CANCELLED',
      last_sequence: 2,
    });
    expect(seen.reason).toMatchObject({ reason: 'CANCELLED' });
    expect(seen.returned).toBe(true);
    expect(server.spans.getFinishedSpans()).toMatchObject([
      { attributes: { 'rpc.status_code': 'CANCELLED' }, status: { code: 0 } },
    ]);
  });

  it("answers the caller's deadline with details, before grpc-js does without them", async () => {
    const server = await start();
    const { answer, seen } = hanging(started());
    server.provider.answer = async function* (call) {
      const { record } = call.options;
      if (record) record.usage = { ...completed().usage, estimated: true };
      yield* answer(call);
    };
    const { status, messages } = await collect(send(server, { deadline: Date.now() + 400 }));
    expect(codeName(status)).toBe('DEADLINE_EXCEEDED');
    expect(messages).toHaveLength(1);
    expect(statusDetail(status, ERROR_INFO)).toMatchObject({ reason: 'DEADLINE_EXCEEDED' });
    expect(statusDetail(status, FAILURE_INFO)).toMatchObject({
      lastSequence: 1,
      partialUsage: { inputTokens: 10, estimated: true },
    });
    expect(seen.reason).toMatchObject({ reason: 'DEADLINE_EXCEEDED' });
  });

  it('gives a call without a deadline the default one', async () => {
    const clock = new FakeClock();
    const server = await start({ defaultDeadlineMs: 5000 }, { clock });
    server.provider.answer = hanging(started()).answer;
    const stream = send(server);
    const outcome = collect(stream);
    await nextMessage(stream);
    expect(server.provider.calls[0]?.options.deadline).toBe(clock.now() + 5000);
    clock.advance(5000);
    expect(codeName((await outcome).status)).toBe('DEADLINE_EXCEEDED');
  });

  it('cuts a deadline that is too far away', async () => {
    const clock = new FakeClock();
    const server = await start({ maxDeadlineMs: 7000 }, { clock });
    server.provider.answer = hanging(started()).answer;
    const stream = send(server, { deadline: Date.now() + 24 * 3_600_000 });
    const outcome = collect(stream);
    await nextMessage(stream);
    clock.advance(6999);
    expect(server.server.activeCalls()).toBe(1);
    clock.advance(1);
    expect(codeName((await outcome).status)).toBe('DEADLINE_EXCEEDED');
  });

  it('does not wait for an answer that ignores its signal', async () => {
    const clock = new FakeClock();
    const server = await start({ defaultDeadlineMs: 5000 }, { clock });
    const asked = new Promise<void>((resolve) => {
      server.provider.answer = () => {
        resolve();
        return deaf();
      };
    });
    const outcome = collect(send(server));
    await asked;
    clock.advance(5000);
    clock.advance(10);
    expect(codeName((await outcome).status)).toBe('DEADLINE_EXCEEDED');
    expect(clock.pending).toBe(0);
  });

  it.each<[string, () => unknown]>([
    ['an Error', () => new Error('the secret insides')],
    ['a string', () => 'the secret insides'],
    ['undefined', () => undefined],
    ['a DOMException', () => new DOMException('the secret insides', 'AbortError')],
  ])('answers INTERNAL and says nothing when %s is thrown', async (_what, thrown) => {
    const server = await start();
    server.provider.answer = () => {
      throw thrown();
    };
    const { status } = await collect(send(server));
    expect(codeName(status)).toBe('INTERNAL');
    expect(statusDetail(status, ERROR_INFO)).toMatchObject({ reason: 'INTERNAL' });
    expect(JSON.stringify([status.details, statusDetails(status)])).not.toContain('secret');
    expect(await server.log.ofCall('SendMessage')).toMatchObject({ level: 'error' });
  });

  it('logs the cause of INTERNAL with its stack', async () => {
    const server = await start();
    server.provider.answer = () => {
      throw new TypeError('x is not a function');
    };
    await collect(send(server));
    expect(await server.log.ofCall('SendMessage')).toMatchObject({
      err: { type: 'TypeError', message: 'x is not a function', stack: expect.any(String) },
    });
  });

  it('delivers what came before an error, then the error with the last sequence', async () => {
    const server = await start();
    server.provider.answer = async function* () {
      yield started();
      yield text('Hel');
      throw new ProviderError('STREAM_INTERRUPTED');
    };
    const { messages, status } = await collect(send(server));
    expect(messages).toHaveLength(2);
    expect(codeName(status)).toBe('ABORTED');
    expect(statusDetail(status, FAILURE_INFO)).toMatchObject({ lastSequence: 2 });
    expect(await server.log.ofCall('SendMessage')).toMatchObject({
      level: 'warn',
      reason: 'STREAM_INTERRUPTED',
    });
  });

  it.each<[string, ProviderEvent[], string]>([
    ['ends without completed', [started(), text('x')], 'end without completed'],
    ['goes on after completed', [started(), completed(), text('x')], 'textDelta after completed'],
    ['completes twice', [started(), completed(), completed()], 'completed after completed'],
  ])('is INTERNAL and never completed when the provider %s', async (_what, events, cause) => {
    const server = await start();
    server.provider.answer = async function* () {
      yield* events;
    };
    const { messages, status } = await collect(send(server));
    expect(codeName(status)).toBe('INTERNAL');
    expect(messages.map((m) => m.event)).not.toContain('completed');
    const { err } = await server.log.ofCall('SendMessage');
    expect(err).toMatchObject({ message: expect.stringContaining(cause) });
  });

  it('does not say completed when the provider fails after it', async () => {
    const server = await start();
    server.provider.answer = async function* () {
      yield started();
      yield completed();
      throw new Error('the ledger is full');
    };
    const { messages, status } = await collect(send(server));
    expect(codeName(status)).toBe('INTERNAL');
    expect(messages).toHaveLength(1);
  });

  it('is INTERNAL with details when an event cannot be encoded', async () => {
    const server = await start();
    server.provider.answer = async function* () {
      yield text(null as unknown as string, 1);
      yield completed();
    };
    const { status } = await collect(send(server));
    expect(codeName(status)).toBe('INTERNAL');
    expect(statusDetail(status, ERROR_INFO)).toMatchObject({ reason: 'INTERNAL' });
  });

  it('names every bad field of the request', async () => {
    const server = await start();
    const { status } = await collect(server.client.provider.stream('SendMessage', {}));
    expect(codeName(status)).toBe('INVALID_ARGUMENT');
    expect(statusDetail(status, 'google.rpc.BadRequest').fieldViolations).not.toEqual([]);
    expect(server.provider.calls).toEqual([]);
  });

  it('logs one line per call, without the prompt and the answer', async () => {
    const server = await start();
    server.provider.answer = async function* ({ options }) {
      const { record } = options;
      if (record) {
        Object.assign(record, {
          model: 'gpt-test',
          attempts: 1,
          upstreamRequestId: 'req_1',
          firstOutputAt: record.startedAt + 5,
          finishReason: 'stop',
          usage: completed().usage,
        });
      }
      yield started();
      yield text('an answer that nobody may log');
      yield completed();
    };
    const trace_id = '0af7651916cd43dd8448eb211c80319c';
    await collect(
      send(server, { metadata: { traceparent: `00-${trace_id}-b7ad6b7169203331-01` } }),
    );
    expect(server.log.lines).toEqual([
      {
        level: 'info',
        time: expect.any(String),
        service: expect.any(String),
        msg: 'call answered',
        call_id: 'call-1',
        method: 'tamma.provider.v1.IAIProvider/SendMessage',
        code: 'OK',
        duration_ms: expect.any(Number),
        trace_id,
        span_id: expect.stringMatching(/^[0-9a-f]{16}$/),
        model: 'gpt-test',
        attempts: 1,
        finish_reason: 'stop',
        input_tokens: 10,
        output_tokens: 5,
        time_to_first_token_ms: 5,
        upstream_request_id: 'req_1',
        last_sequence: 3,
      },
    ]);
    expect(server.spans.getFinishedSpans()).toMatchObject([
      {
        name: 'tamma.provider.v1.IAIProvider/SendMessage',
        kind: 1,
        parentSpanContext: { traceId: trace_id, spanId: 'b7ad6b7169203331' },
        attributes: {
          'rpc.system.name': 'grpc',
          'rpc.method': 'tamma.provider.v1.IAIProvider/SendMessage',
          'rpc.status_code': 'OK',
        },
      },
    ]);
  });

  it.each<[ErrorReason, string, number, unknown]>([
    ['SERVICE_UNAVAILABLE', 'warn', 2, 'UNAVAILABLE'],
    ['RATE_LIMIT_EXCEEDED', 'warn', 0, undefined],
    ['MODEL_NOT_FOUND', 'info', 0, undefined],
    ['INTERNAL', 'error', 2, 'INTERNAL'],
  ])('logs and traces %s as %s', async (reason, level, spanStatus, errorType) => {
    const server = await start();
    server.provider.answer = () => {
      throw new ProviderError(reason);
    };
    await collect(send(server));
    expect(await server.log.ofCall('SendMessage')).toMatchObject({ level, reason });
    const [span] = server.spans.getFinishedSpans();
    expect(span?.status.code).toBe(spanStatus);
    expect(span?.attributes['error.type']).toBe(errorType);
  });
});
