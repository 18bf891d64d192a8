import { once } from 'node:events';
import type { Socket } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import { grpcStatus, RawGrpc } from '../support/raw-grpc.ts';
import { REQUEST_BYTES, serverPerTest } from '../support/server-per-test.ts';
import { callHeaders, data, frame, openConnection } from './frames.ts';
import { gzipFrame, prefix } from './wire.ts';

const COUNT_TOKENS = '/tamma.provider.v1.IAIProvider/CountTokens';
const HEALTH_CHECK = '/grpc.health.v1.Health/Check';
const OK = 0;
const HEADERS = 1;
const END_HEADERS = 4;

const start = serverPerTest();
const sockets: Socket[] = [];

afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy();
});

const plain = Buffer.concat([prefix(0, REQUEST_BYTES.length), REQUEST_BYTES]);

/** What becomes of a call; NaN: it was reset without a status. */
async function statusOf(raw: RawGrpc, bytes: Buffer, headers: Record<string, string>) {
  const stream = raw.open(COUNT_TOKENS, headers);
  stream.on('error', () => {});
  stream.end(bytes);
  return grpcStatus(stream).catch(() => Number.NaN);
}

describe('a call that lies about itself gets a status, and others are answered', () => {
  it.each([
    ['a deadline that has passed', '0n', 4],
    ['a deadline of eight digits', '99999999H', OK],
    ['a deadline without digits', 'S', 3],
    ['a deadline below nothing', '-1S', 3],
    ['a deadline with a fraction', '1.5S', 3],
    ['a deadline in another unit', '1s', 3],
    ['a deadline of nine digits', '999999999S', 3],
    ['a deadline in Arabic digits', '\u0661S', 3],
    ['an empty deadline', '', 3],
  ])('%s', async (_what, timeout, expected) => {
    const { addresses, client } = await start();
    const raw = new RawGrpc(addresses[0] ?? '');
    const latin = Buffer.from(timeout).toString('latin1');
    expect(await statusOf(raw, plain, { 'grpc-timeout': latin })).toBe(expected);
    await raw.close();
    await client.provider.unary('GetStatus');
  });

  it.each([
    ['gzip that is none', 'gzip', Buffer.concat([prefix(1, 10), Buffer.alloc(10, 'x')]), 13],
    ['deflate that is none', 'deflate', Buffer.concat([prefix(1, 10), Buffer.alloc(10)]), 13],
    ['an encoding nobody knows', 'br', Buffer.concat([prefix(1, 4), Buffer.alloc(4)]), 12],
    ['a compressed message without an encoding', 'identity', gzipFrame(REQUEST_BYTES), 13],
    ['a plain message with an encoding', 'gzip', plain, OK],
    ['a flag that is neither', 'gzip', Buffer.concat([Buffer.from([7]), plain.subarray(1)]), 13],
    ['a message that is cut', 'gzip', plain.subarray(0, plain.length - 1), 12],
    ['two messages where one is asked for', 'identity', Buffer.concat([plain, plain]), 12],
  ])('%s', async (_what, encoding, bytes, expected) => {
    const { addresses, client } = await start();
    const raw = new RawGrpc(addresses[0] ?? '');
    expect(await statusOf(raw, bytes, { 'grpc-encoding': encoding })).toBe(expected);
    await raw.close();
    await client.provider.unary('GetStatus');
  });

  it.each([
    [
      'a hundred keys',
      Object.fromEntries(Array.from({ length: 100 }, (_, at) => [`x-${at}`, 'v'])),
    ],
    ['a value of 60 KB', { 'x-large': 'v'.repeat(60_000) }],
    ['binary values that are none', { 'x-a-bin': '!', 'grpc-trace-bin': '====', 'x-b-bin': 'A' }],
    ['encodings that are a list of nothing', { 'grpc-accept-encoding': ','.repeat(4_000) }],
    ['a trace that is none', { traceparent: 'x'.repeat(10_000), tracestate: '=,'.repeat(5_000) }],
  ])('%s', async (_what, headers) => {
    const { addresses, client } = await start();
    const raw = new RawGrpc(addresses[0] ?? '');
    await statusOf(raw, plain, headers);
    await raw.close();
    await client.provider.unary('GetStatus');
  });
});

describe('a request that is no call of gRPC is answered as HTTP answers it', () => {
  it.each([
    ['asks by GET', { ':method': 'GET' }, 405],
    ['asks by HEAD', { ':method': 'HEAD' }, 405],
    ['is of gRPC-Web', { 'content-type': 'application/grpc-web+proto' }, 415],
    ['is of something else', { 'content-type': 'text/plain' }, 415],
    ['does not say what it is', { 'content-type': '' }, 415],
    ['is of gRPC', { 'content-type': 'application/grpc+proto' }, 200],
    ['is of gRPC, with parameters', { 'content-type': 'application/grpc;charset=utf-8' }, 200],
  ])('%s', async (_what, headers, expected) => {
    const { addresses, log } = await start();
    const raw = new RawGrpc(addresses[0] ?? '');
    const stream = raw.open(COUNT_TOKENS, headers);
    stream.on('error', () => {});
    const response = once(stream, 'response');
    if (!stream.writableEnded) stream.end(plain);
    expect((await response)[0]).toMatchObject({ ':status': expected });
    expect(await grpcStatus(stream)).toBe(expected === 200 ? OK : Number.NaN);
    expect(log.lines).toHaveLength(expected === 200 ? 1 : 0);
    await raw.close();
  });
});

describe('a connection that says what HTTP/2 does not allow harms nobody else', () => {
  const field = Buffer.from([0x00, 1, 0x78, 1, 0x78]);
  it.each<[string, (stream: number) => Buffer[]]>([
    [
      'headers again in the middle of a message',
      (stream) => [
        callHeaders(stream, COUNT_TOKENS),
        data(stream, prefix(0, 100)),
        frame(HEADERS, END_HEADERS, stream, field),
        data(stream, Buffer.alloc(100), true),
      ],
    ],
    [
      'numbers of streams that go down',
      (stream) => [
        callHeaders(1_001 - stream, HEALTH_CHECK),
        data(1_001 - stream, prefix(0, 0), true),
      ],
    ],
    ['even numbers', (stream) => [callHeaders(stream + 1, HEALTH_CHECK)]],
    ['data of no stream', (stream) => [data(stream + 100, Buffer.alloc(1))]],
    ['frames that nobody knows', (stream) => [frame(0xfa, 0xff, stream, Buffer.alloc(10_000))]],
  ])('%s', async (_what, make) => {
    const { addresses, client } = await start();
    const socket = openConnection(addresses[0] ?? '');
    sockets.push(socket);
    const frames = Array.from({ length: 300 }, (_, at) => make(2 * at + 1)).flat();
    await new Promise<void>((resolve) => socket.write(Buffer.concat(frames), () => resolve()));
    await client.provider.unary('GetStatus');
  });

  it('the last number a stream may have is answered, and is the last', async () => {
    const { addresses, client } = await start();
    const socket = openConnection(addresses[0] ?? '');
    sockets.push(socket);
    const last = 2 ** 31 - 1;
    socket.write(Buffer.concat([callHeaders(last, HEALTH_CHECK), data(last, prefix(0, 0), true)]));
    await once(socket, 'data');
    await client.provider.unary('GetStatus');
  });
});
