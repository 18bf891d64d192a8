import { once } from 'node:events';
import { describe, expect, it } from '@jest/globals';
import type { ProviderEvent } from '../../src/core/events.ts';
import { completed, started, text } from '../support/events.ts';
import { FakeClock } from '../support/fake-clock.ts';
import type { ProviderCall } from '../support/fake-provider.ts';
import { codeName, collect, nextMessage, statusDetail } from '../support/grpc-client.ts';
import type { RunningServer } from '../support/running-server.ts';
import { serverPerTest } from '../support/server-per-test.ts';

const PROMPT = 'a prompt that nobody may log';
const REQUEST = { request: { messages: [{ role: 'ROLE_USER', content: PROMPT }] } };
const ERROR_INFO = 'google.rpc.ErrorInfo';
const FAILURE_INFO = 'tamma.provider.v1.FailureInfo';
const DEADLINE_MS = 600_000;
/** How much earlier than grpc-js the sidecar is. */
const MAX_GUARD_MS = 25;

const start = serverPerTest();

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
    // The wall clock and the one of the process drift apart.
    expect(Math.abs(Number(options?.deadline) - deadline)).toBeLessThan(10_000);
  });

  it('keeps concurrent streams apart', async () => {
    const server = await start();
    server.provider.script = async function* ({ options }) {
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
    server.provider.script = answer;
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
    expect(server.telemetry.spans).toMatchObject([
      { attributes: { 'rpc.status_code': 'CANCELLED' }, status: { code: 0 } },
    ]);
  });

  it("answers the caller's deadline with details, before grpc-js does without them", async () => {
    const clock = new FakeClock();
    const server = await start({}, { clock });
    const { answer, seen } = hanging(started());
    server.provider.script = async function* (call) {
      const { record } = call.options;
      if (record) record.usage = { ...completed().usage, estimated: true };
      yield* answer(call);
    };
    const stream = send(server, { deadline: Date.now() + DEADLINE_MS });
    const outcome = collect(stream);
    await nextMessage(stream);
    clock.advance(DEADLINE_MS - MAX_GUARD_MS);
    const { status, messages } = await outcome;
    expect(codeName(status)).toBe('DEADLINE_EXCEEDED');
    expect(messages).toHaveLength(1);
    expect(statusDetail(status, ERROR_INFO)).toMatchObject({ reason: 'DEADLINE_EXCEEDED' });
    expect(statusDetail(status, FAILURE_INFO)).toMatchObject({
      lastSequence: 1,
      partialUsage: { inputTokens: 10, estimated: true },
    });
    expect(seen.reason).toMatchObject({ reason: 'DEADLINE_EXCEEDED' });
    expect(server.telemetry.spans).toMatchObject([
      { attributes: { 'rpc.status_code': 'DEADLINE_EXCEEDED' }, status: { code: 2 } },
    ]);
  });

  it('gives a call without a deadline the default one', async () => {
    const clock = new FakeClock();
    const server = await start({ defaultDeadlineMs: 5000 }, { clock });
    server.provider.script = hanging(started()).answer;
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
    server.provider.script = hanging(started()).answer;
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
      server.provider.script = () => {
        resolve();
        return deaf();
      };
    });
    const outcome = collect(send(server));
    await asked;
    clock.advance(5000);
    clock.advance(10);
    expect(codeName((await outcome).status)).toBe('DEADLINE_EXCEEDED');
    expect(server.server.activeCalls()).toBe(0);
    expect(server.log.lines).toEqual([]);
    clock.advance(1500);
    expect(await server.log.ofCall('SendMessage')).toMatchObject({ duration_ms: 5010 });
    await server.server.drain();
    expect(clock.pending).toBe(0);
  });

  it('logs what an answer has used that is only known after the status', async () => {
    const clock = new FakeClock();
    const server = await start({ defaultDeadlineMs: 5000 }, { clock });
    const counted = Promise.withResolvers<void>();
    const { answer } = hanging(started());
    server.provider.script = async function* (call) {
      try {
        yield* answer(call);
      } finally {
        await counted.promise;
        if (call.options.record) call.options.record.usage = completed().usage;
      }
    };
    const stream = send(server);
    const outcome = collect(stream);
    await nextMessage(stream);
    clock.advance(5000);
    clock.advance(10);
    expect(codeName((await outcome).status)).toBe('DEADLINE_EXCEEDED');
    counted.resolve();
    expect(await server.log.ofCall('SendMessage')).toMatchObject({
      input_tokens: 10,
      duration_ms: 5010,
    });
  });
});
