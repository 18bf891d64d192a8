import { once } from 'node:events';
import { chmod } from 'node:fs/promises';
import { createServer, type RequestListener } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Server, Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { LoopTurns } from '../../core/loop-turns.ts';
import { formatListenAddress, parseListenAddress } from '../listener/address.ts';
import type { ListenerOptions } from '../listener/listen.ts';
import type { Refusals } from '../listener/refusals.ts';
import { LiveTls, type TlsDeps, underlying } from '../listener/tls.ts';
import { removeStaleSocket } from '../listener/unix-socket.ts';
import { AdminConnections } from './connections.ts';

/** All in ms. Requests are a line and a few headers, from a scraper or a probe close by. */
export const TIMEOUTS = {
  headersTimeout: 5_000,
  requestTimeout: 10_000,
  keepAliveTimeout: 5_000,
  connectionsCheckingInterval: 5_000,
  handshakeTimeout: 5_000,
  /** A connection with nothing to say is cut after this; also bounds how long a stop can take. */
  socketTimeout: 15_000,
};
const SOCKET_MODE = 0o660;

/** Requests that are answered in one turn of the event loop: a page takes milliseconds. */
const answers = new LoopTurns(2);

export interface HttpListener {
  /** With the real port. */
  readonly address: string;
  readonly server: Server & { closeAllConnections(): void };
  readonly tls: LiveTls | undefined;
}

export interface HttpDeps extends TlsDeps {
  /** Told of connections that could not be had, were not let in, or were cut to make room. */
  readonly refusals: Pick<Refusals, 'note'>;
}

/**
 * Listens for HTTP, or HTTPS.
 *
 * @throws Error if the address cannot be parsed or bound, or the files of TLS cannot be used
 */
export async function listenHttp(
  { address, tls: tlsOptions }: ListenerOptions,
  deps: HttpDeps,
  answer: RequestListener,
): Promise<HttpListener> {
  const at = parseListenAddress(address);
  const tls = tlsOptions && new LiveTls(tlsOptions, deps);
  await tls?.start();
  const connections = new AdminConnections(deps.refusals);
  const ask: RequestListener = (request, response) => {
    const { socket } = request;
    const accepted = socket instanceof TLSSocket ? underlying(socket) : socket;
    if (!accepted || !connections.begin(accepted, response)) return;
    answers.run(() => {
      if (!accepted.destroyed) answer(request, response);
    });
  };
  const server = tls === undefined ? createServer(TIMEOUTS, ask) : createTls(tls, deps, ask);
  server.setTimeout(TIMEOUTS.socketTimeout);
  server.on('connection', (socket: Socket) => connections.accept(socket));
  try {
    if (at.kind === 'unix') {
      await removeStaleSocket(at.path);
      server.listen(at.path);
    } else {
      // Node takes an IPv6 address without the brackets.
      server.listen({ host: at.host.replace(/^\[|\]$/g, ''), port: at.port });
    }
    await once(server, 'listening');
    if (at.kind === 'unix') await chmod(at.path, SOCKET_MODE);
  } catch (error) {
    tls?.stop();
    throw error;
  }
  // Such as that no file is left for a connection; the next one may find one.
  server.on('error', (err) => deps.refusals.note('accept', err));
  const name = at.kind === 'unix' ? formatListenAddress(at) : boundAddress(server);
  return { address: name, server, tls };
}

function createTls(tls: LiveTls, { refusals }: HttpDeps, answer: RequestListener) {
  const server = createTlsServer({ ...TIMEOUTS, ...tls.serverOptions(['http/1.1']) }, answer);
  tls.keep(server);
  server.on('tlsClientError', (err) => refusals.note('tls', err));
  server.on('secureConnection', (socket) => {
    if (tls.allows(socket)) return;
    refusals.note('client_name');
    socket.destroy();
  });
  return server;
}

function boundAddress(server: Server): string {
  // The server listens on a host and port, which is when this is an object.
  const { address, family, port } = server.address() as AddressInfo;
  return family === 'IPv6' ? `[${address}]:${port}` : `${address}:${port}`;
}
