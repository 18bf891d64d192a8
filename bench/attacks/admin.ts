/** What is asked of the admin port, a unix socket here. */
import { connect, type Socket } from 'node:net';
import { setTimeout as passed } from 'node:timers/promises';
import { type Attack, LASTS_MS, write } from './attack.ts';

/** Sockets that are opened again where they are closed, as long as it lasts. */
function sockets(count: number, speak: (socket: Socket) => Promise<void>): Attack['run'] {
  return async (_address, admin) => {
    const until = performance.now() + LASTS_MS;
    const one = async () => {
      while (performance.now() < until) {
        const socket = connect(admin);
        socket.on('error', () => {});
        while (!socket.destroyed && performance.now() < until) await speak(socket);
        socket.destroy();
      }
    };
    await Promise.all(Array.from({ length: count }, one));
  };
}

const get = (path: string) => `GET ${path} HTTP/1.1\r\nhost: localhost\r\n`;

/** Written again and again, a moment apart; answers stay unread. */
function says(bytes: string, pauseMs = 1): (socket: Socket) => Promise<void> {
  const block = Buffer.from(bytes);
  return async (socket) => {
    socket.pause();
    await Promise.race([write(socket, block), passed(100)]);
    await passed(pauseMs);
  };
}

/** Read, so that they are made. */
function asks(path: string): (socket: Socket) => Promise<void> {
  const block = Buffer.from(`${get(path)}\r\n`);
  return async (socket) => {
    socket.resume();
    await Promise.race([write(socket, block), passed(100)]);
    await passed(5);
  };
}

export const ADMIN_ATTACKS: readonly Attack[] = [
  {
    name: 'admin: 500 requests, a byte a time',
    run: sockets(500, says('x', 100)),
  },
  {
    name: 'admin: headers without end',
    run: sockets(20, says(`${get('/livez')}${'x-more: and more\r\n'.repeat(2_000)}`)),
  },
  {
    name: 'admin: bodies without end',
    run: sockets(
      20,
      says(
        `${get('/livez')}transfer-encoding: chunked\r\n\r\n${`10000\r\n${'x'.repeat(65_536)}\r\n`.repeat(10)}`,
      ),
    ),
  },
  { name: 'admin: heaps of requests', run: sockets(20, says(`${get('/')}\r\n`.repeat(200))) },
  {
    name: 'admin: 200 pages that watch and never read',
    run: sockets(200, says(`${get('/events')}\r\n`, 1_000)),
  },
  { name: 'admin: metrics asked without end', run: sockets(20, asks('/metrics')) },
  { name: 'admin: the page asked without end', run: sockets(20, asks('/')) },
];
