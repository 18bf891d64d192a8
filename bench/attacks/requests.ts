/** What is asked. */
import { setTimeout as passed } from 'node:timers/promises';
import { Role } from '../../src/gen/tamma/provider/v1/message.ts';
import { SendMessageRequest } from '../../src/gen/tamma/provider/v1/provider.ts';
import { callHeaders, data, openConnection, reset } from '../../test/attacks/frames.ts';
import { emptyFields, field, gzipFrame, prefix } from '../../test/attacks/wire.ts';
import {
  type Attack,
  COUNT_TOKENS,
  flood,
  HEALTH,
  LASTS_MS,
  MIB,
  over,
  overFour,
  PROVIDER,
  REFLECTION,
  SEND_MESSAGE,
  whole,
  write,
} from './attack.ts';

export const REQUEST_ATTACKS: readonly Attack[] = [
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
  {
    name: '60 requests of 30 MiB that nobody answers',
    run: (address) =>
      overFour(address, (connections) => {
        const request = saying('x'.repeat(30 * MIB));
        for (let call = 0; call < 60; call += 1) {
          const stream = connections[call % connections.length]?.open(SEND_MESSAGE);
          stream?.on('error', () => {});
          stream?.resume();
          stream?.end(request);
        }
      }),
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
  {
    name: 'all models asked 4,000 times and never read',
    run: unread(4_000, `${PROVIDER}/GetModels`, whole(Buffer.alloc(0))),
  },
  { name: 'rapid resets over 4 connections', run: rapidResets(4) },
  { name: '1,000 watches of the status', run: watches(1_000) },
  {
    name: '2,000 calls whose answers nobody reads',
    upstream: 'an answer without end',
    run: unread(2_000, SEND_MESSAGE, saying('Say much.')),
  },
  {
    name: '500 calls with windows of one byte',
    upstream: 'an answer without end',
    run: tinyWindows(500),
  },
  { name: '200 requests with 4 MiB of schemas', run: flood(COUNT_TOKENS, 200, whole(schemas())) },
  {
    name: '200 requests with lists of schemas that are compared in pairs',
    run: flood(COUNT_TOKENS, 200, whole(pairs())),
  },
  {
    name: '200 requests with JSON a million levels deep',
    run: flood(COUNT_TOKENS, 200, whole(withSchema('['.repeat(1_000_000)))),
  },
  {
    name: '2,000 calls while the log is on a full disk',
    log: '/dev/full',
    run: flood(`${PROVIDER}/GetStatus`, 2_000, whole(Buffer.alloc(0))),
  },
];

/** A request of one message, behind its prefix. */
export function saying(content: string): Buffer {
  const request = { model: 'gpt-4', messages: [{ role: Role.USER, content }] };
  return whole(SendMessageRequest.encode(SendMessageRequest.fromPartial({ request })).finish());
}

function holdOpen(count: number, bytes: () => Buffer, compressed = false): Attack['run'] {
  return (address) =>
    over(address, async (raw) => {
      const one = bytes();
      for (let call = 0; call < count; call += 1) {
        const stream = raw.open(COUNT_TOKENS, compressed ? { 'grpc-encoding': 'gzip' } : {});
        stream.on('error', () => {});
        stream.write(one);
      }
      await passed(LASTS_MS);
    });
}

function unread(count: number, path: string, bytes: Buffer): Attack['run'] {
  return (address) =>
    overFour(address, (connections) => {
      for (let call = 0; call < count; call += 1) {
        const stream = connections[call % connections.length]?.open(path);
        stream?.on('error', () => {});
        stream?.end(bytes);
      }
    });
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

function rapidResets(connections: number): Attack['run'] {
  return async (address) => {
    const until = performance.now() + LASTS_MS;
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

function tinyWindows(count: number): Attack['run'] {
  return async (address) => {
    // SETTINGS_INITIAL_WINDOW_SIZE: 1.
    const socket = openConnection(address, [[4, 1]]);
    const ask = saying('Say much.');
    for (let call = 0; call < count; call += 1) {
      const stream = 2 * call + 1;
      socket.write(Buffer.concat([callHeaders(stream, SEND_MESSAGE), data(stream, ask, true)]));
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

/** As long as a schema may be. */
function pairs(): Buffer {
  return withSchema(`{"type":[${Array.from({ length: 40_000 }, (_, at) => at).join()}]}`);
}
