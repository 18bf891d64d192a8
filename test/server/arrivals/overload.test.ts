import { once } from 'node:events';
import { describe, expect, it } from '@jest/globals';
import type { Load } from '../../../src/server/arrivals/load-meter.ts';
import type { OverloadLimits } from '../../../src/server/arrivals/overload.ts';
import { completed, started } from '../../support/events.ts';
import {
  codeName,
  collect,
  failureOf,
  nextMessage,
  statusDetail,
} from '../../support/grpc-client.ts';
import { grpcStatus, RawGrpc } from '../../support/raw-grpc.ts';
import type { RunningServer } from '../../support/running-server.ts';
import { REQUEST, serverPerTest } from '../../support/server-per-test.ts';

const LIMITS: OverloadLimits = {
  maxCalls: 3,
  maxConnectionShare: 1,
  maxEventLoopDelayMs: 1000,
  maxHeapShare: 0.9,
  maxMemoryShare: 0.8,
};
const IDLE: Load = { eventLoopDelayMs: 0, heapShare: 0, memoryShare: 0 };
const RESOURCE_EXHAUSTED = 8;

const startServer = serverPerTest();

/** A server under a load that a test sets, whose streams answer when `finish` is called. */
async function start() {
  const meter = { load: IDLE, stop() {} };
  const server = await startServer({ overload: LIMITS }, { meter });
  const { promise: finished, resolve: finish } = Promise.withResolvers<void>();
  server.provider.script = async function* ({ options: { signal } }) {
    yield started();
    const aborted = signal?.aborted ? undefined : signal && once(signal, 'abort');
    await Promise.race([finished, aborted]);
    signal?.throwIfAborted();
    yield completed();
  };
  return { server, meter, finish };
}

/** Streams that run. */
async function open({ client }: RunningServer, count: number) {
  const streams = Array.from({ length: count }, () =>
    client.provider.stream('SendMessage', REQUEST),
  );
  const outcomes = streams.map(collect);
  await Promise.all(streams.map(nextMessage));
  return outcomes;
}

const sync = ({ client }: RunningServer) => client.provider.unary('SendMessageSync', REQUEST);

describe('a call beyond maxCalls', () => {
  it('is refused at once, told when to try again, counted and logged', async () => {
    const { server, finish } = await start();
    const running = await open(server, 3);
    const error = await failureOf(sync(server));
    expect(codeName(error)).toBe('RESOURCE_EXHAUSTED');
    expect(error.details).toBe('This provider has too much to do: calls at once.');
    expect(error.metadata.get('grpc-retry-pushback-ms')).toEqual(['1000']);
    expect(statusDetail(error, 'google.rpc.ErrorInfo')).toMatchObject({
      reason: 'RATE_LIMIT_EXCEEDED',
      metadata: { attempts: '0', retryable: 'true' },
    });
    expect(statusDetail(error, 'google.rpc.RetryInfo')).toMatchObject({
      retryDelay: { seconds: 1, nanos: 0 },
    });
    expect(statusDetail(error, 'google.rpc.QuotaFailure')).toMatchObject({
      violations: [{ subject: 'provider calls at once' }],
    });
    const stream = await collect(server.client.provider.stream('SendMessage', REQUEST));
    expect(codeName(stream.status)).toBe('RESOURCE_EXHAUSTED');
    expect(stream.messages).toEqual([]);

    expect(server.provider.calls).toHaveLength(3);
    expect(await server.telemetry.measured('tamma.provider.shed_calls')).toMatchObject([
      { value: 2 },
    ]);
    expect(await server.log.ofCall('SendMessageSync')).toMatchObject({
      level: 'warn',
      reason: 'RATE_LIMIT_EXCEEDED',
    });
    finish();
    for (const { status } of await Promise.all(running)) expect(codeName(status)).toBe('OK');
  });

  it('is not even decoded', async () => {
    const { server, finish } = await start();
    const running = await open(server, 3);
    const raw = new RawGrpc(server.addresses[0] ?? '');
    const garbage = Buffer.alloc(1024 * 1024, 0xff);
    const stream = raw.call('/tamma.provider.v1.IAIProvider/SendMessage', garbage);
    expect(await grpcStatus(stream)).toBe(RESOURCE_EXHAUSTED);
    await raw.close();
    finish();
    await Promise.all(running);
  });

  it('is taken as soon as another has ended', async () => {
    const { server, finish } = await start();
    const running = await open(server, 3);
    await failureOf(sync(server));
    finish();
    await Promise.all(running);
    await expect(sync(server)).resolves.toBeDefined();
    expect(server.server.activeCalls()).toBe(0);
  });

  it('does not count itself: of a hundred at once as many run as may', async () => {
    const { server, finish } = await start();
    const outcomes = Array.from({ length: 100 }, () =>
      collect(server.client.provider.stream('SendMessage', REQUEST)),
    );
    const refused = async () => server.log.lines.filter(({ reason }) => reason).length;
    while ((await refused()) < 97) await new Promise((resolve) => setImmediate(resolve));
    expect(server.server.activeCalls()).toBe(3);
    finish();
    const codes = (await Promise.all(outcomes)).map(({ status }) => codeName(status));
    expect(codes.filter((code) => code === 'OK')).toHaveLength(3);
    expect(codes.filter((code) => code === 'RESOURCE_EXHAUSTED')).toHaveLength(97);
  });
});

describe('a call while the process has too much to bear', () => {
  it.each<[string, Partial<Load>, string]>([
    ['its heap is full', { heapShare: 0.91 }, 'memory'],
    ['its memory is full', { memoryShare: 0.81 }, 'memory'],
    ['its event loop is late', { eventLoopDelayMs: 1001 }, 'event loop delay'],
  ])('is refused: %s', async (_name, load, subject) => {
    const { server, meter, finish } = await start();
    const running = await open(server, 1);
    meter.load = { ...meter.load, ...load };
    const error = await failureOf(sync(server));
    expect(codeName(error)).toBe('RESOURCE_EXHAUSTED');
    expect(error.details).toContain(subject);
    expect(statusDetail(error, 'google.rpc.RetryInfo')).toBeDefined();
    expect(statusDetail(error, 'google.rpc.QuotaFailure')).toMatchObject({
      violations: [{ subject: `provider ${subject}` }],
    });
    finish();
    expect(codeName((await running[0])?.status ?? { code: -1 })).toBe('OK');
    // With nothing else to do there is nobody to protect.
    await expect(sync(server)).resolves.toBeDefined();
  });

  it('is taken at the limits', async () => {
    const { server, meter, finish } = await start();
    const running = await open(server, 1);
    meter.load = { eventLoopDelayMs: 1000, heapShare: 0.9, memoryShare: 0.8 };
    await expect(sync(server)).resolves.toBeDefined();
    finish();
    await Promise.all(running);
  });
});

it('refuses to count tokens, too', async () => {
  const { server, finish } = await start();
  const running = await open(server, 3);
  const error = await failureOf(server.client.provider.unary('CountTokens', REQUEST));
  expect(codeName(error)).toBe('RESOURCE_EXHAUSTED');
  finish();
  await Promise.all(running);
  await server.client.provider.unary('CountTokens', REQUEST);
});

it('lets everything else through', async () => {
  const { server, meter, finish } = await start();
  const running = await open(server, 3);
  meter.load = { eventLoopDelayMs: 60_000, heapShare: 1, memoryShare: 1 };
  const { provider, usage, health } = server.client;
  const answers = await Promise.all([
    provider.unary('GetStatus'),
    provider.unary('GetModels'),
    provider.unary('GetCapabilities'),
    provider.unary('Initialize'),
    usage.unary('GetUsage'),
    usage.unary('GetBudgets'),
    health.unary('Check'),
    nextMessage(provider.stream('WatchStatus')),
  ]);
  expect(answers).toHaveLength(8);
  finish();
  await Promise.all(running);
});
