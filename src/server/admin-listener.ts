import { once } from 'node:events';
import { chmod } from 'node:fs/promises';
import { createServer, type RequestListener, type ServerOptions } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Server } from 'node:net';
import { formatListenAddress, parseListenAddress } from './listener/address.ts';
import type { ListenerOptions } from './listener/listen.ts';
import { LiveTls, type TlsDeps } from './listener/tls.ts';
import { removeStaleSocket } from './listener/unix-socket.ts';

/** All in ms. Requests are a line and a few headers, from a scraper or a probe close by. */
const TIMEOUTS: ServerOptions = {
  headersTimeout: 5_000,
  requestTimeout: 10_000,
  keepAliveTimeout: 5_000,
  connectionsCheckingInterval: 5_000,
};
/** A connection with nothing to say is cut after this; also bounds how long a stop can take. */
const SOCKET_IDLE_TIMEOUT_MS = 15_000;
/** More are closed as they come. */
const MAX_CONNECTIONS = 100;
const SOCKET_MODE = 0o660;

export interface HttpListener {
  /** With the real port. */
  readonly address: string;
  readonly server: Server & { closeAllConnections(): void };
  readonly tls: LiveTls | undefined;
}

/**
 * Listens for HTTP, or HTTPS.
 *
 * @throws Error if the address cannot be parsed or bound, or the files of TLS cannot be used
 */
export async function listenHttp(
  { address, tls: tlsOptions }: ListenerOptions,
  deps: TlsDeps,
  answer: RequestListener,
): Promise<HttpListener> {
  const at = parseListenAddress(address);
  const tls = tlsOptions && new LiveTls(tlsOptions, deps);
  await tls?.start();
  const server = tls === undefined ? createServer(TIMEOUTS, answer) : createTls(tls, answer);
  server.setTimeout(SOCKET_IDLE_TIMEOUT_MS);
  server.maxConnections = MAX_CONNECTIONS;
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
  server.on('error', (err) => deps.log.warn({ err, address }, 'connection not accepted'));
  const name = at.kind === 'unix' ? formatListenAddress(at) : boundAddress(server);
  return { address: name, server, tls };
}

function createTls(tls: LiveTls, answer: RequestListener) {
  const server = createTlsServer({ ...TIMEOUTS, ...tls.serverOptions(['http/1.1']) }, answer);
  tls.keep(server);
  server.on('secureConnection', (socket) => {
    if (!tls.allows(socket)) socket.destroy();
  });
  return server;
}

function boundAddress(server: Server): string {
  // The server listens on a host and port, which is when this is an object.
  const { address, family, port } = server.address() as AddressInfo;
  return family === 'IPv6' ? `[${address}]:${port}` : `${address}:${port}`;
}
