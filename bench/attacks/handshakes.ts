/** What is said, and not said, before TLS is spoken. */
import { connect as connectSocket, type Socket } from 'node:net';
import { setTimeout as passed } from 'node:timers/promises';
import { connect as connectTls } from 'node:tls';
import { type Attack, LASTS_MS } from './attack.ts';
import { clientHello } from './client-hello.ts';

/** So many connections at a time, a new one for each that is closed. */
function many(atOnce: number, open: (path: string, hello: Buffer) => Socket): Attack['run'] {
  return async (_address, _admin, tls) => {
    const hello = await clientHello();
    const until = performance.now() + LASTS_MS;
    const sockets = new Set<Socket>();
    while (performance.now() < until) {
      while (sockets.size < atOnce) {
        const socket = open(tls, hello);
        sockets.add(socket);
        socket.on('error', () => {});
        socket.on('close', () => sockets.delete(socket));
      }
      await passed(1);
    }
    for (const socket of sockets) socket.destroy();
  };
}

function handshake(path: string): Socket {
  const socket = connectTls({ path, rejectUnauthorized: false, ALPNProtocols: ['h2'] });
  socket.once('secureConnect', () => socket.destroy());
  return socket;
}

function half(path: string, hello: Buffer): Socket {
  const socket = connectSocket(path);
  socket.once('connect', () => socket.write(hello));
  socket.once('data', () => socket.destroy());
  return socket;
}

function silent(path: string, hello: Buffer): Socket {
  const socket = connectSocket(path);
  socket.once('connect', () => socket.write(hello));
  return socket;
}

function inBytes(path: string, hello: Buffer): Socket {
  const socket = connectSocket(path);
  let at = 0;
  const more = (): void => {
    if (socket.destroyed || at === hello.length) return;
    socket.write(hello.subarray(at, ++at));
    setTimeout(more, 1);
  };
  socket.once('connect', more);
  return socket;
}

export const HANDSHAKE_ATTACKS: readonly Attack[] = [
  {
    name: 'TLS: connections that close behind the handshake',
    tls: true,
    run: many(200, handshake),
  },
  { name: 'TLS: connections that close in the handshake', tls: true, run: many(500, half) },
  {
    name: 'TLS: 3,000 connections that leave off in the handshake',
    tls: true,
    run: many(3_000, silent),
  },
  { name: 'TLS: handshakes a byte at a time', tls: true, run: many(500, inBytes) },
];
