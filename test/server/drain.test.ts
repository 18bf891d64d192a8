import { once } from 'node:events';
import { describe, expect, it, jest } from '@jest/globals';
import { ProviderError } from '../../src/core/errors.ts';
import { completed, started, text } from '../support/events.ts';
import { FakeClock } from '../support/fake-clock.ts';
import {
  codeName,
  collect,
  connect,
  failureOf,
  nextMessage,
  statusDetail,
} from '../support/grpc-client.ts';
import { grpcStatus, RawGrpc } from '../support/raw-grpc.ts';
import type { RunningServer } from '../support/running-server.ts';
import { REQUEST, REQUEST_BYTES, serverPerTest } from '../support/server-per-test.ts';

const GRACE_MS = 30_000;
const FLUSH_MS = 2000;

const startServer = serverPerTest();

const start = (clock = new FakeClock()): Promise<RunningServer> =>
  startServer({ drainGraceMs: GRACE_MS }, { clock });

/** Starts a stream that waits for `finish` after its first event. */
async function openStream({ provider, client }: Pick<RunningServer, 'provider' | 'client'>) {
  const { promise: finished, resolve: finish } = Promise.withResolvers<void>();
  const seen = { reason: undefined as unknown };
  provider.script = async function* ({ options: { signal } }) {
    yield started();
    const aborted = Promise.withResolvers<void>();
    signal?.addEventListener('abort', () => aborted.resolve());
    await Promise.race([finished, aborted.promise]);
    seen.reason = signal?.reason;
    signal?.throwIfAborted();
    yield completed();
  };
  const stream = client.provider.stream('SendMessage', REQUEST);
  const outcome = collect(stream);
  await nextMessage(stream);
  return { outcome, finish, seen };
}

describe('drain', () => {
  it('lets a running call finish, refuses new ones, and then closes', async () => {
    const clock = new FakeClock();
    const server = await start(clock);
    const { outcome, finish } = await openStream(server);
    const drained = server.server.drain();
    expect(server.server.draining).toBe(true);

    const refused = await failureOf(server.client.provider.unary('GetModels'));
    expect(codeName(refused)).toBe('UNAVAILABLE');
    expect(statusDetail(refused, 'google.rpc.ErrorInfo')).toMatchObject({
      reason: 'SHUTTING_DOWN',
    });
    expect(statusDetail(refused, 'google.rpc.RetryInfo')).toBeDefined();
    const refusedStream = await collect(server.client.provider.stream('SendMessage', REQUEST));
    expect(codeName(refusedStream.status)).toBe('UNAVAILABLE');
    expect(await server.client.health.unary('Check')).toEqual({ status: 'NOT_SERVING' });

    finish();
    const { messages, status } = await outcome;
    expect(codeName(status)).toBe('OK');
    expect(messages).toHaveLength(2);
    await drained;
    expect(clock.pending).toBe(0);
    expect(codeName(await failureOf(server.client.provider.unary('GetModels')))).toBe(
      'UNAVAILABLE',
    );
  });

  describe('at an address that other machines reach', () => {
    /** The server, and a client that is of another machine as far as it can tell. */
    async function startForOthers() {
      const listen = [{ address: '0.0.0.0:0' }];
      const server = await startServer({ drainGraceMs: GRACE_MS, listen });
      const address = `127.0.0.1:${server.addresses[0]?.split(':').at(-1)}`;
      return { server, address };
    }

    it('sends callers elsewhere: what runs goes on, and what is new finds nobody', async () => {
      const { server, address } = await startForOthers();
      const client = connect(address);
      const { outcome, finish } = await openStream({ ...server, client });
      const drained = server.server.drain();
      const gone = await failureOf(client.provider.unary('GetModels'));
      expect(gone.message).toContain('ECONNREFUSED');
      const patient = client.provider.unary(
        'GetModels',
        {},
        { waitForReady: true, deadline: Date.now() + 100 },
      );
      expect(codeName(await failureOf(patient))).toBe('DEADLINE_EXCEEDED');
      finish();
      expect(codeName((await outcome).status)).toBe('OK');
      await drained;
      client.close();
    });

    it('answers a call of which the head had come', async () => {
      const { server, address } = await startForOthers();
      const { outcome, finish } = await openStream(server);
      const raw = new RawGrpc(address);
      const stream = raw.open('/tamma.provider.v1.IAIProvider/GetModels');
      // Its head is there once that of a later call is answered.
      await grpcStatus(raw.call('/tamma.provider.v1.IAIProvider/GetModels', Buffer.alloc(0)));
      const drained = server.server.drain();
      stream.end(Buffer.alloc(5));
      expect(await grpcStatus(stream)).toBe(0);
      finish();
      await Promise.all([outcome, drained]);
      await raw.close();
    });
  });

  it('ends a call that outlives the grace with SHUTTING_DOWN', async () => {
    const clock = new FakeClock();
    const server = await start(clock);
    const { outcome, seen } = await openStream(server);
    const drained = server.server.drain();
    clock.advance(GRACE_MS - 1);
    expect(seen.reason).toBeUndefined();
    clock.advance(1);
    const { status } = await outcome;
    expect(codeName(status)).toBe('UNAVAILABLE');
    expect(statusDetail(status, 'google.rpc.ErrorInfo')).toMatchObject({
      reason: 'SHUTTING_DOWN',
    });
    expect(seen.reason).toBeInstanceOf(ProviderError);
    await drained;
    expect(await server.log.ofCall('SendMessage')).toMatchObject({ level: 'info' });
    expect(server.telemetry.spans).toMatchObject([
      { attributes: { 'rpc.status_code': 'UNAVAILABLE' } },
    ]);
  });

  it('tells what a call has used that has to be counted first, and waits for the count', async () => {
    const clock = new FakeClock();
    const server = await start(clock);
    const { promise: counted, resolve: count } = Promise.withResolvers<void>();
    server.provider.script = async function* ({ options: { signal, record } }) {
      yield started();
      if (signal && !signal.aborted) await once(signal, 'abort');
      await counted;
      if (record) record.usage = { ...completed().usage, estimated: true };
      signal?.throwIfAborted();
    };
    const stream = server.client.provider.stream('SendMessage', REQUEST);
    const outcome = collect(stream);
    await nextMessage(stream);
    const drained = server.server.drain();
    clock.advance(GRACE_MS);
    clock.advance(1000);
    count();
    const { status } = await outcome;
    expect(statusDetail(status, 'tamma.provider.v1.FailureInfo')).toMatchObject({
      partialUsage: { inputTokens: 10, estimated: true },
    });
    await drained;
  });

  it('does not wait for ever for a call that does not end', async () => {
    const clock = new FakeClock();
    const server = await start(clock);
    const asked = Promise.withResolvers<void>();
    server.provider.answerSync = () => {
      asked.resolve();
      return new Promise(() => {});
    };
    const outcome = failureOf(server.client.provider.unary('SendMessageSync', REQUEST));
    await asked.promise;
    const drained = server.server.drain();
    clock.advance(GRACE_MS);
    clock.advance(1500);
    expect(statusDetail(await outcome, 'google.rpc.ErrorInfo')).toMatchObject({
      reason: 'SHUTTING_DOWN',
    });
    clock.advance(1500);
    await drained;
  });

  it('is told under every name that health knows', async () => {
    const clock = new FakeClock();
    const server = await start(clock);
    const { outcome, finish } = await openStream(server);
    const { health } = server.client;
    const names = [
      '',
      'tamma.provider.v1.IAIProvider',
      'tamma.provider.v1.IAIUsageProvider',
      'readiness',
    ];
    const all = () => Promise.all(names.map((service) => health.unary('Check', { service })));
    expect(await all()).toEqual(names.map(() => ({ status: 'SERVING' })));
    const drained = server.server.drain();
    expect(await all()).toEqual(names.map(() => ({ status: 'NOT_SERVING' })));
    expect(await health.unary('Check', { service: 'liveness' })).toEqual({ status: 'SERVING' });
    finish();
    await Promise.all([outcome, drained]);
  });

  it('refuses questions of usage and budgets, too', async () => {
    const server = await start();
    const { outcome, finish } = await openStream(server);
    const drained = server.server.drain();
    for (const method of ['GetUsage', 'GetBudgets']) {
      const error = await failureOf(server.client.usage.unary(method));
      expect(statusDetail(error, 'google.rpc.ErrorInfo')).toMatchObject({
        reason: 'SHUTTING_DOWN',
      });
      expect(statusDetail(error, 'google.rpc.RetryInfo')).toBeDefined();
    }
    finish();
    await Promise.all([outcome, drained]);
  });

  it('stops measuring the load', async () => {
    const stop = jest.fn();
    const meter = { load: { eventLoopDelayMs: 0, heapShare: 0, memoryShare: 0 }, stop };
    const server = await startServer({}, { meter });
    expect(stop).not.toHaveBeenCalled();
    await server.server.drain();
    expect(stop).toHaveBeenCalledTimes(1);
  });

  it('ends the watches of health', async () => {
    const server = await start();
    const stream = server.client.health.stream('Watch');
    const outcome = collect(stream);
    expect(await nextMessage(stream)).toEqual({ status: 'SERVING' });
    await server.server.drain();
    const { messages, status } = await outcome;
    expect(messages.at(-1)).toEqual({ status: 'NOT_SERVING' });
    expect(codeName(status)).toBe('OK');
  });

  it('is one drain, however often it is asked for', async () => {
    const server = await start();
    expect(server.server.draining).toBe(false);
    const first = server.server.drain();
    expect(server.server.drain()).toBe(first);
    await first;
  });

  it('cuts the connection of a caller who does not read', async () => {
    const clock = new FakeClock();
    const server = await start(clock);
    server.provider.script = async function* () {
      for (;;) yield text('x'.repeat(4096));
    };
    const raw = new RawGrpc(server.addresses[0] ?? '');
    const stream = raw.call('/tamma.provider.v1.IAIProvider/SendMessage', REQUEST_BYTES);
    stream.on('error', () => {});
    await once(stream, 'response');
    const drained = server.server.drain();
    const closed = once(stream, 'close');
    clock.advance(GRACE_MS);
    await server.log.ofCall('SendMessage');
    // The call is over here, and its status waits behind what the caller does not read.
    await new Promise((resolve) => setImmediate(resolve));
    clock.advance(FLUSH_MS);
    await drained;
    stream.resume();
    await closed;
    await raw.close();
  });
});
