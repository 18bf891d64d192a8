import { once } from 'node:events';
import {
  type ClientHttp2Session,
  connect as connectHttp2,
  createServer as createHttp2,
  type IncomingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2';
import { type AddressInfo, connect, createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { connect as connectTls, createServer as createTls } from 'node:tls';
import { expect, it } from '@jest/globals';
import { readAgain, stopReading } from '../../../src/server/listener/hold-reading.ts';
import { Authority } from '../../support/certificates.ts';
import { tempFolder } from '../../support/temp-folder.ts';

const directory = tempFolder();

const identity = new Authority().issue({ commonName: 'localhost' });

/** Where it listens: a port, or a path. */
const place = (server: Server) => {
  const address = server.address() as AddressInfo | string;
  return typeof address === 'string' ? { path: address } : { port: address.port };
};

const DOORS = {
  TCP: {
    server: () => createServer(),
    event: 'connection',
    at: { port: 0, host: '127.0.0.1' },
    open: (server: Server) => connect({ ...place(server), host: '127.0.0.1' }),
  },
  'a unix socket': {
    server: () => createServer(),
    event: 'connection',
    at: { path: join(directory, 'socket') },
    open: (server: Server) => connect(place(server)),
  },
  TLS: {
    server: () => createTls({ ...identity, ALPNProtocols: ['h2'] }),
    event: 'secureConnection',
    at: { port: 0, host: '127.0.0.1' },
    open: (server: Server) =>
      connectTls({ ...place(server), ALPNProtocols: ['h2'], rejectUnauthorized: false }),
  },
};

it.each(Object.entries(DOORS))('holds a connection back, and no other: %s', async (_name, door) => {
  const listener = door.server();
  const http2 = createHttp2();
  const asked: string[] = [];
  const sessions: ServerHttp2Session[] = [];
  http2.on('session', (session) => void sessions.push(session));
  http2.on('stream', (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => {
    asked.push(String(headers[':path']));
    stream.respond({ ':status': 200 }, { endStream: true });
  });
  listener.on(door.event, (socket) => http2.emit('connection', socket));
  listener.listen(door.at);
  await once(listener, 'listening');
  const open = () =>
    connectHttp2('http://localhost', { createConnection: () => door.open(listener) });
  const ask = (client: ClientHttp2Session, path: string) => {
    const stream = client.request({ ':path': path });
    stream.resume();
    stream.end();
    return once(stream, 'close');
  };
  const held = open();
  await ask(held, '/before');
  const [session] = sessions;
  const other = open();
  await ask(other, '/other');

  stopReading(session as ServerHttp2Session);
  const answered = ask(held, '/held');
  for (let call = 0; call < 20; call += 1) await ask(other, '/other');
  expect(asked).not.toContain('/held');
  readAgain(session as ServerHttp2Session);
  await answered;
  expect(asked).toContain('/held');

  held.destroy();
  other.destroy();
  await once(session as ServerHttp2Session, 'close');
  stopReading(session as ServerHttp2Session);
  readAgain(session as ServerHttp2Session);
  listener.close();
});
