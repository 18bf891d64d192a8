import { once } from 'node:events';
import { Server } from '@grpc/grpc-js';
import { describe, expect, it } from '@jest/globals';
import { systemClock } from '../../src/core/clock.ts';
import { guardArrivals, SMALL_MESSAGE_BYTES } from '../../src/server/arrivals/arrivals.ts';
import { codeName, collect, nextMessage } from '../support/grpc-client.ts';
import { grpcStatus, RawGrpc } from '../support/raw-grpc.ts';
import { serverPerTest } from '../support/server-per-test.ts';
import { callHeaders, data, openConnection, reset } from './frames.ts';
import { field, gzipFrame, prefix } from './wire.ts';

const RESOURCE_EXHAUSTED = 8;
const HEALTH_CHECK = '/grpc.health.v1.Health/Check';

const start = serverPerTest();

describe('a deadline further away than a timer reaches', () => {
  it.each(['99999999H', '99999999M', '99999999S', '2147484S'])(
    'is no deadline: %s',
    async (timeout) => {
      const { addresses } = await start();
      const raw = new RawGrpc(addresses[0] ?? '');
      for (const path of ['/tamma.provider.v1.IAIProvider/GetStatus', HEALTH_CHECK]) {
        const stream = raw.call(path, Buffer.alloc(0), { 'grpc-timeout': timeout });
        expect(await grpcStatus(stream)).toBe(0);
      }
      await raw.close();
    },
  );

  it('leaves other deadlines alone', async () => {
    const { addresses } = await start();
    const raw = new RawGrpc(addresses[0] ?? '');
    const watch = '/grpc.health.v1.Health/Watch';
    const stream = raw.call(watch, Buffer.alloc(0), { 'grpc-timeout': '50m' });
    expect(await grpcStatus(stream)).toBe(4);
    await raw.close();
  });
});

describe('a large message where a small one is all that is needed', () => {
  const large = Buffer.alloc(SMALL_MESSAGE_BYTES, 'x');

  it('is refused by health checks, reflection and status, compressed or not', async () => {
    const { client, addresses } = await start();
    const service = large.toString();
    for (const method of ['Check', 'Watch']) {
      const { status } = await collect(client.health.stream(method, { service }));
      expect(codeName(status)).toBe('RESOURCE_EXHAUSTED');
    }
    const raw = new RawGrpc(addresses[0] ?? '');
    for (const path of [
      '/tamma.provider.v1.IAIProvider/GetStatus',
      '/tamma.provider.v1.IAIProvider/WatchStatus',
      '/tamma.provider.v1.IAIUsageProvider/GetUsage',
      '/grpc.reflection.v1.ServerReflection/ServerReflectionInfo',
      HEALTH_CHECK,
    ]) {
      expect(await grpcStatus(raw.call(path, field(1, large)))).toBe(RESOURCE_EXHAUSTED);
      const compressed = raw.open(path, { 'grpc-encoding': 'gzip' });
      compressed.end(gzipFrame(field(1, large)));
      expect(await grpcStatus(compressed)).toBe(RESOURCE_EXHAUSTED);
    }
    await raw.close();
  });

  it('is refused before it is there', async () => {
    const { addresses } = await start();
    const raw = new RawGrpc(addresses[0] ?? '');
    const stream = raw.open(HEALTH_CHECK);
    stream.write(prefix(0, 30 * 1024 * 1024));
    const [headers] = await once(stream, 'response');
    expect(Number(headers['grpc-status'])).toBe(RESOURCE_EXHAUSTED);
    await raw.close();
  });

  it('does not keep conversations from being long', async () => {
    const { client } = await start();
    const content = 'x'.repeat(1_000_000);
    const request = { request: { messages: [{ role: 'ROLE_USER', content }] } };
    for (const method of ['SendMessageSync', 'CountTokens'])
      await client.provider.unary(method, request);
    await nextMessage(client.provider.stream('SendMessage', request));
  });
});

it('an answer for which there is no room until it is read is not given', async () => {
  const status = '/tamma.provider.v1.IAIProvider/GetStatus';
  // What an empty request counts for, and no more: one connection has half of it.
  const { addresses } = await start({ maxBytesInFlight: 2 * 262 });
  const raw = new RawGrpc(addresses[0] ?? '');
  expect(await grpcStatus(raw.call(status, Buffer.alloc(0)))).toBe(RESOURCE_EXHAUSTED);
  expect(await grpcStatus(raw.call(HEALTH_CHECK, Buffer.alloc(0)))).toBe(0);
  await raw.close();
});

describe('a call that was cancelled on its way', () => {
  it('is not begun', async () => {
    const { addresses, client, log } = await start();
    const socket = openConnection(addresses[0] ?? '');
    const frames = Array.from({ length: 100 }, (_, call) => {
      const stream = 2 * call + 1;
      const message = data(stream, prefix(0, 0), true);
      return [
        callHeaders(stream, '/tamma.provider.v1.IAIProvider/GetStatus'),
        message,
        reset(stream),
      ];
    });
    socket.write(Buffer.concat(frames.flat()));
    // Of a call on the same connection that is not cancelled there is an answer.
    socket.write(Buffer.concat([callHeaders(1001, HEALTH_CHECK), data(1001, prefix(0, 0), true)]));
    await once(socket, 'data');
    await client.provider.unary('GetStatus');
    expect(log.lines).toHaveLength(1);
    socket.destroy();
  });

  it('costs the connection that brings thousands of them, and no other', async () => {
    const { addresses, client } = await start();
    const bystander = client.provider.stream('WatchStatus');
    const outcome = collect(bystander);
    await nextMessage(bystander);
    const socket = openConnection(addresses[0] ?? '');
    const closed = once(socket, 'close');
    const frames = Array.from({ length: 5_000 }, (_, call) => [
      callHeaders(2 * call + 1, HEALTH_CHECK),
      reset(2 * call + 1),
    ]);
    socket.write(Buffer.concat(frames.flat()));
    await closed;
    await client.provider.unary('GetStatus');
    bystander.cancel();
    expect(codeName((await outcome).status)).toBe('CANCELLED');
  });
});

it('a library that would not be guarded is refused at start', () => {
  const server = new Server();
  Reflect.set(server, '_streamHandler', undefined);
  expect(() => guardArrivals(server, { large: new Set(), clock: systemClock })).toThrow(
    'grpc-js does not take calls',
  );
});
