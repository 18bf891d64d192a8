import { once } from 'node:events';
import type { ClientHttp2Stream } from 'node:http2';
import { setTimeout as passed, setImmediate as turnOfTheLoop } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, it } from '@jest/globals';
import { BytesInFlight } from '../../src/server/arrivals/bytes-in-flight.ts';
import { PIECE_BYTES } from '../../src/server/output/write-together.ts';
import { completed, text } from '../support/events.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { aResponse } from '../support/fake-provider.ts';
import { connect } from '../support/grpc-client.ts';
import { grpcStatus, RawGrpc } from '../support/raw-grpc.ts';
import { REQUEST, REQUEST_BYTES, serverPerTest } from '../support/server-per-test.ts';
import { callHeaders, data, openConnection } from './frames.ts';
import { field, prefix } from './wire.ts';

const COUNT_TOKENS = '/tamma.provider.v1.IAIProvider/CountTokens';
const RESOURCE_EXHAUSTED = '8';
const MIB = 1024 * 1024;

const connections: RawGrpc[] = [];

function open(address = ''): RawGrpc {
  const connection = new RawGrpc(address);
  connections.push(connection);
  return connection;
}

afterEach(async () => {
  for (const connection of connections.splice(0)) await connection.close();
});

// Its own clean-up comes after the one above: a server waits for its connections.
const start = serverPerTest();

/** What the sidecar said of a call that is not over, if it says anything. */
async function refusal(stream: ClientHttp2Stream): Promise<unknown> {
  stream.on('error', () => {});
  const [headers] = await once(stream, 'response');
  return headers['grpc-status'];
}

describe('requests that are never complete', () => {
  it('take no more memory than there is for requests, and leave room for those of others', async () => {
    const { addresses } = await start({ maxBytesInFlight: 16 * MIB });
    const attacker = open(addresses[0]);
    const streams = Array.from({ length: 12 }, () => {
      const stream = attacker.open(COUNT_TOKENS);
      stream.write(Buffer.concat([prefix(0, 2 * MIB), Buffer.alloc(MIB)]));
      return stream;
    });
    expect(await Promise.race(streams.map(refusal))).toBe(RESOURCE_EXHAUSTED);
    const other = connect(addresses[0] ?? '');
    const request = {
      request: { messages: [{ role: 'ROLE_USER', content: 'x'.repeat(2 * MIB) }] },
    };
    await other.provider.unary('CountTokens', request);
    other.close();
  });

  it('give their memory back when they are refused, though their callers have not heard of it', async () => {
    const { addresses } = await start({ maxBytesInFlight: 16 * MIB });
    const connections = Array.from({ length: 8 }, () => open(addresses[0]));
    const streams = connections.map((connection) => connection.open(COUNT_TOKENS));
    const statuses = streams.map((stream) => once(stream, 'response'));
    const message = field(1, field(22, Buffer.alloc(3 * MIB - 10, 'x')));
    const pieces = [prefix(0, message.length), message.subarray(0, 2 * MIB)];
    // Of five requests of 3 MiB all will have room, of eight none that waits for the rest of the others.
    for (const stream of streams) stream.write(Buffer.concat(pieces));
    for (const stream of streams) stream.end(message.subarray(2 * MIB));
    const heads = await Promise.all(statuses);
    const refused = heads.filter(([headers]) => headers['grpc-status'] === RESOURCE_EXHAUSTED);
    expect(refused.length).toBeGreaterThan(0);
    expect(refused.length).toBeLessThan(5);
  });

  it('take no more memory when they are compressed', async () => {
    const { addresses } = await start({ maxBytesInFlight: 16 * MIB });
    const attacker = open(addresses[0]);
    const compressed = gzipSync(field(1, field(22, Buffer.alloc(3 * MIB, 'x'))));
    const streams = Array.from({ length: 12 }, () => {
      const stream = attacker.open(COUNT_TOKENS, { 'grpc-encoding': 'gzip' });
      stream.write(Buffer.concat([prefix(1, compressed.length), compressed]));
      return stream;
    });
    expect(await Promise.race(streams.map(refusal))).toBe(RESOURCE_EXHAUSTED);
  });

  it('cost their connection if they come in frames of one byte', async () => {
    const { addresses, client } = await start();
    const socket = openConnection(addresses[0] ?? '');
    const closed = once(socket, 'close');
    const frames = Array.from({ length: 2_000 }, () => data(1, Buffer.alloc(1)));
    socket.write(callHeaders(1, COUNT_TOKENS));
    socket.write(Buffer.concat([data(1, prefix(0, MIB)), ...frames]));
    await closed;
    await client.provider.unary('CountTokens', REQUEST);
  });

  it('take no more memory in frames that are small', async () => {
    const { addresses, client, telemetry } = await start({ maxBytesInFlight: 64 * 1024 });
    const socket = openConnection(addresses[0] ?? '');
    const frames = Array.from({ length: 200 }, () => data(1, Buffer.alloc(1)));
    socket.write(callHeaders(1, COUNT_TOKENS));
    socket.write(Buffer.concat([data(1, prefix(0, MIB)), ...frames]));
    while ((await telemetry.measured('tamma.provider.shed_calls')).length === 0) await passed(5);
    socket.destroy();
    await client.provider.unary('CountTokens', REQUEST);
  });

  it('give their memory back when they end, however they do', async () => {
    const { addresses, client } = await start({ maxBytesInFlight: 4 * MIB });
    const attacker = open(addresses[0]);
    for (let round = 0; round < 8; round += 1) {
      const stream = attacker.open(COUNT_TOKENS);
      stream.on('error', () => {});
      stream.write(Buffer.concat([prefix(0, 2 * MIB), Buffer.alloc(MIB)]));
      await passed(5);
      stream.destroy();
      const content = 'x'.repeat(MIB);
      const request = { request: { messages: [{ role: 'ROLE_USER', content }] } };
      await client.provider.unary('CountTokens', request);
    }
  });

  it('are ended when they should have come long since', async () => {
    const clock = new FakeClock();
    const { addresses } = await start({ stallTimeoutMs: 60_000 }, { clock });
    const attacker = open(addresses[0]);
    const stream = attacker.open(COUNT_TOKENS);
    stream.write(prefix(0, 10));
    const ended = once(stream, 'response');
    // The clock of connections, and that of calls.
    while (clock.pending < 2) await passed(1);
    clock.advance(65_000);
    const [headers] = await ended;
    expect(headers['grpc-status']).toBe('4');
  });
});

describe('compressed messages', () => {
  it('are taken, and refused where they are corrupt or compressed with something else', async () => {
    const { addresses } = await start();
    const raw = open(addresses[0]);
    async function send(encoding: string, bytes: Uint8Array): Promise<number> {
      const stream = raw.open(COUNT_TOKENS, { 'grpc-encoding': encoding });
      stream.end(Buffer.concat([prefix(1, bytes.length), bytes]));
      return grpcStatus(stream);
    }
    const gzip = gzipSync(REQUEST_BYTES);
    expect(await send('gzip', gzip)).toBe(0);
    expect(await send('gzip', gzip.subarray(0, 20))).toBe(13);
    expect(await send('gzip', REQUEST_BYTES)).toBe(13);
    expect(await send('br', gzip)).toBe(12);
  });
});

describe('a caller who never reads', () => {
  it('is left after a minute, and its slot is free', async () => {
    const clock = new FakeClock();
    const running = await start({ stallTimeoutMs: 60_000 }, { clock });
    running.provider.script = async function* () {
      for (;;) yield text('x'.repeat(10_000));
    };
    const raw = open(running.addresses[0]);
    const stream = raw.call('/tamma.provider.v1.IAIProvider/SendMessage', REQUEST_BYTES);
    stream.on('error', () => {});
    await once(stream, 'response');
    expect(running.server.activeCalls()).toBe(1);
    await passed(100);
    clock.advance(61_000);
    const line = await running.log.ofCall('SendMessage');
    expect(line).toMatchObject({ code: 'ABORTED', reason: 'STREAM_INTERRUPTED' });
    expect(running.server.activeCalls()).toBe(0);
    // What grpc-js still wants to tell it is thrown away with the stream.
    const closed = once(stream, 'close');
    clock.advance(120_000);
    await closed;
  });
});

describe('a caller who reads slowly', () => {
  it.each(['SendMessage', 'SendMessageSync'])(
    'has all of an answer of %s that takes it many times as long',
    async (method) => {
      const clock = new FakeClock();
      const { addresses, provider } = await start({ stallTimeoutMs: 60_000 }, { clock });
      const content = 'x'.repeat(2 * MIB);
      provider.answerSync = async () => aResponse({ content });
      provider.script = async function* () {
        yield text(content);
        yield completed();
      };
      const stream = open(addresses[0]).call(
        `/tamma.provider.v1.IAIProvider/${method}`,
        REQUEST_BYTES,
      );
      const trailers = once(stream, 'trailers');
      let taken = 0;
      for await (const bytes of stream as AsyncIterable<Buffer>) {
        taken += bytes.length;
        if (taken < PIECE_BYTES) continue;
        taken -= PIECE_BYTES;
        // The server has to hear that it has left.
        for (let turns = 0; turns < 5; turns += 1) await turnOfTheLoop();
        clock.advance(59_000);
      }
      const [status] = await trailers;
      expect(status['grpc-status']).toBe('0');
    },
  );
});

describe('BytesInFlight', () => {
  it('gives one connection half of it', () => {
    const bytes = new BytesInFlight(100, 0.5);
    const [one, other] = [{}, {}];
    const call = bytes.open(one);
    expect(call.take(50)).toBe(true);
    expect(bytes.open(one).take(1)).toBe(false);
    expect(bytes.open(other).take(50)).toBe(true);
    expect(bytes.open({}).take(1)).toBe(false);
    call.release();
    call.release();
    expect(bytes.held).toBe(50);
  });
});
