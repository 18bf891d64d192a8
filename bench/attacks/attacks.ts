import { connect as connectSocket, type Socket } from 'node:net';
import { setTimeout as passed } from 'node:timers/promises';
import { Role } from '../../src/gen/tamma/provider/v1/message.ts';
import { SendMessageRequest } from '../../src/gen/tamma/provider/v1/provider.ts';
import { callHeaders, data, openConnection, reset } from '../../test/attacks/frames.ts';
import { emptyFields, field, gzipFrame, prefix } from '../../test/attacks/wire.ts';
import { RawGrpc } from '../../test/support/raw-grpc.ts';
import type { Conduct } from './hostile-upstream.ts';

export interface Attack {
  readonly name: string;
  /** What its upstream does. Default: nothing at all. */
  readonly upstream?: Conduct;
  /** Where its log goes. Default: nowhere. */
  readonly log?: string;
  /** Resolves when it is over. */
  readonly run: (address: string) => Promise<void>;
}

const PROVIDER = '/tamma.provider.v1.IAIProvider';
const COUNT_TOKENS = `${PROVIDER}/CountTokens`;
const SEND_MESSAGE = `${PROVIDER}/SendMessage`;
const HEALTH = '/grpc.health.v1.Health';
const REFLECTION = '/grpc.reflection.v1.ServerReflection/ServerReflectionInfo';
const MIB = 2 ** 20;
/** How long what goes on for ever goes on, in ms. */
const LASTS_MS = 8_000;

const ask = Buffer.from(
  SendMessageRequest.encode(
    SendMessageRequest.fromPartial({
      request: { model: 'gpt-4', messages: [{ role: Role.USER, content: 'Say much.' }] },
    }),
  ).finish(),
);

export const ATTACKS: readonly Attack[] = [
  {
    name: '2 million empty messages in 4 KB of gzip, 50 times',
    run: flood(COUNT_TOKENS, 50, gzipFrame(field(1, emptyFields(1, 2 * MIB))), true),
  },
  {
    name: '15 million empty messages in a request, 4 times',
    run: flood(COUNT_TOKENS, 4, whole(field(1, emptyFields(1, 15 * MIB)))),
  },
  {
    name: '200 compressed requests of 30 MiB, held open',
    run: holdOpen(200, () => gzipFrame(field(1, field(22, Buffer.alloc(30 * MIB, 'x')))), true),
  },
  {
    name: '200 requests of 30 MiB that never end',
    run: holdOpen(200, () => Buffer.concat([prefix(0, 31 * MIB), Buffer.alloc(30 * MIB)])),
  },
  { name: 'a request in a million frames of one byte', run: oneByteFrames(1_000_000) },
  {
    name: '200 health watches with a name of 30 MiB',
    run: flood(`${HEALTH}/Watch`, 200, whole(field(1, Buffer.alloc(30 * MIB, 'x')))),
  },
  {
    name: 'reflection asked 20,000 times and never read',
    run: unread(20, REFLECTION, manyReflections(1_000)),
  },
  { name: 'rapid resets over 4 connections', run: rapidResets(4, LASTS_MS) },
  { name: '1,000 watches of the status', run: watches(1_000) },
  { name: '3,000 connections that say nothing', run: silent(3_000) },
  {
    name: '2,000 calls whose answers nobody reads',
    upstream: 'an answer without end',
    run: unread(2_000, SEND_MESSAGE, whole(ask)),
  },
  {
    name: '500 calls with windows of one byte',
    upstream: 'an answer without end',
    run: tinyWindows(500),
  },
  { name: '200 requests with 4 MiB of schemas', run: flood(COUNT_TOKENS, 200, whole(schemas())) },
  {
    name: '200 requests with JSON a million levels deep',
    run: flood(COUNT_TOKENS, 200, whole(deepSchema())),
  },
  ...(
    [
      'an answer without end',
      'empty data lines without end',
      'a line without end',
      '40,000 tool calls',
      'early hints without end',
      'headers without end',
    ] as const
  ).map((upstream) => ({
    name: `upstream: ${upstream}, 20 calls`,
    upstream,
    run: readAll(20, SEND_MESSAGE, whole(ask)),
  })),
  {
    name: '2,000 calls while the log is on a full disk',
    log: '/dev/full',
    run: flood(`${PROVIDER}/GetStatus`, 2_000, whole(Buffer.alloc(0))),
  },
];

function whole(message: Uint8Array): Buffer {
  return Buffer.concat([prefix(0, message.length), message]);
}

/** The same request many times over one connection, as fast as it is taken. */
function flood(path: string, count: number, bytes: Buffer, compressed = false): Attack['run'] {
  return (address) =>
    over(address, async (raw) => {
      const streams = Array.from({ length: count }, () => {
        const stream = raw.open(path, compressed ? { 'grpc-encoding': 'gzip' } : {});
        stream.on('error', () => {});
        stream.resume();
        stream.end(bytes);
        return new Promise((resolve) => stream.once('close', resolve));
      });
      await Promise.race([Promise.all(streams), passed(3 * LASTS_MS)]);
    });
}

function readAll(count: number, path: string, bytes: Buffer): Attack['run'] {
  return (address) =>
    over(address, async (raw) => {
      const streams = Array.from({ length: count }, () => raw.open(path));
      for (const stream of streams) {
        stream.on('error', () => {});
        stream.resume();
        stream.end(bytes);
      }
      await passed(LASTS_MS);
    });
}

function holdOpen(count: number, bytes: () => Buffer, compressed = false): Attack['run'] {
  const one = bytes();
  return (address) =>
    over(address, async (raw) => {
      for (let call = 0; call < count; call += 1) {
        const stream = raw.open(COUNT_TOKENS, compressed ? { 'grpc-encoding': 'gzip' } : {});
        stream.on('error', () => {});
        stream.write(one);
      }
      await passed(LASTS_MS);
    });
}

function unread(count: number, path: string, bytes: Buffer): Attack['run'] {
  return async (address) => {
    // Several connections, since one has a share alone.
    const connections = Array.from({ length: 4 }, () => new RawGrpc(address));
    for (let call = 0; call < count; call += 1) {
      const stream = connections[call % connections.length]?.open(path);
      stream?.on('error', () => {});
      stream?.end(bytes);
    }
    await passed(LASTS_MS);
    for (const connection of connections) await connection.close();
  };
}

function manyReflections(count: number): Buffer {
  // list_services.
  return Buffer.concat(Array.from({ length: count }, () => whole(field(7, Buffer.from('*')))));
}

function oneByteFrames(count: number): Attack['run'] {
  return async (address) => {
    const socket = openConnection(address);
    socket.write(callHeaders(1, COUNT_TOKENS));
    socket.write(data(1, prefix(0, 31 * MIB)));
    const block = Buffer.concat(Array.from({ length: 1_000 }, () => data(1, Buffer.alloc(1))));
    for (let sent = 0; sent < count && !socket.destroyed; sent += 1_000) await write(socket, block);
    await passed(1_000);
    socket.destroy();
  };
}

function rapidResets(connections: number, lastsMs: number): Attack['run'] {
  return async (address) => {
    const until = performance.now() + lastsMs;
    const one = async () => {
      let [socket, stream] = [openConnection(address), 1];
      while (performance.now() < until) {
        if (socket.destroyed) [socket, stream] = [openConnection(address), 1];
        const calls = Array.from({ length: 500 }, () => {
          const call = Buffer.concat([callHeaders(stream, COUNT_TOKENS), reset(stream)]);
          stream += 2;
          return call;
        });
        await write(socket, Buffer.concat(calls));
      }
      socket.destroy();
    };
    await Promise.all(Array.from({ length: connections }, one));
  };
}

function watches(count: number): Attack['run'] {
  return (address) =>
    over(address, async (raw) => {
      for (let watch = 0; watch < count; watch += 1) {
        const stream = raw.call(`${PROVIDER}/WatchStatus`, Buffer.alloc(0));
        stream.on('error', () => {});
        stream.resume();
      }
      await passed(LASTS_MS);
    });
}

function silent(count: number): Attack['run'] {
  return async (address) => {
    const [host = '', port = ''] = address.split(':');
    const sockets = Array.from({ length: count }, () => {
      const socket = connectSocket(Number(port), host);
      socket.on('error', () => {});
      socket.resume();
      return socket;
    });
    await passed(LASTS_MS);
    for (const socket of sockets) socket.destroy();
  };
}

function tinyWindows(count: number): Attack['run'] {
  return async (address) => {
    // SETTINGS_INITIAL_WINDOW_SIZE: 1.
    const socket = openConnection(address, [[4, 1]]);
    for (let call = 0; call < count; call += 1) {
      const stream = 2 * call + 1;
      socket.write(
        Buffer.concat([callHeaders(stream, SEND_MESSAGE), data(stream, whole(ask), true)]),
      );
    }
    await passed(LASTS_MS);
    socket.destroy();
  };
}

/** Tool.name and Tool.input_schema, behind a message. */
function withSchema(schema: string): Buffer {
  const tool = Buffer.concat([field(1, Buffer.from('look')), field(3, Buffer.from(schema))]);
  const message = field(1, field(2, Buffer.from('Say much.')));
  return field(1, Buffer.concat([message, field(11, tool)]));
}

function schemas(): Buffer {
  const names = Array.from({ length: 250_000 }, (_, at) => `"p${String(at).padStart(9, '0')}":{}`);
  return withSchema(`{"type":"object","properties":{${names.join()}}}`);
}

function deepSchema(): Buffer {
  return withSchema('['.repeat(1_000_000));
}

async function over(address: string, attack: (raw: RawGrpc) => Promise<void>): Promise<void> {
  const raw = new RawGrpc(address);
  await attack(raw);
  await raw.close();
}

/** Resolves when it is written, or cannot be. */
async function write(socket: Socket, bytes: Buffer): Promise<void> {
  await new Promise<void>((resolve) => socket.write(bytes, () => resolve()));
}
