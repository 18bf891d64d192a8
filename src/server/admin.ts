import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { formatDollars } from '../money/pricing/money.ts';
import type { Logger } from '../telemetry/logger.ts';
import { parseListenAddress } from './listener/address.ts';
import { type AdminStatus, renderStatusPage } from './status-page.ts';

export interface AdminServerOptions {
  /** Host and port, `127.0.0.1:9464` or `[::1]:9464`; port 0 takes a free one. */
  readonly listen: string;
}

export interface AdminServerDeps {
  /** Answers /metrics. */
  handleMetrics(request: IncomingMessage, response: ServerResponse): void;
  /** Whether new calls are taken; false while draining. */
  ready(): boolean;
  status(): AdminStatus;
  readonly logger: Pick<Logger, 'error'>;
}

/** What operators look at over HTTP: /metrics, /livez, /readyz, / and /status.json. */
export interface AdminServer {
  /**
   * Resolves to the address with the real port.
   *
   * @throws Error if `listen` cannot be parsed or bound.
   */
  start(): Promise<string>;
  /** Lets running responses finish, then closes every connection. */
  stop(): Promise<void>;
}

/** All in ms. Requests are a line and a few headers, from a scraper or a probe close by. */
const TIMEOUTS = {
  headersTimeout: 5_000,
  requestTimeout: 10_000,
  keepAliveTimeout: 5_000,
  connectionsCheckingInterval: 5_000,
};
/** A connection with nothing to say is cut after this; also bounds how long `stop` can take. */
const SOCKET_IDLE_TIMEOUT_MS = 15_000;

const SECURITY_HEADERS = {
  'cache-control': 'no-store',
  'content-security-policy':
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
};

const TEXT = 'text/plain; charset=utf-8';
const HTML = 'text/html; charset=utf-8';
const JSON_TYPE = 'application/json; charset=utf-8';

export function createAdminServer(options: AdminServerOptions, deps: AdminServerDeps): AdminServer {
  const running = new Set<ServerResponse>();
  const server = createServer(TIMEOUTS, (request, response) => {
    running.add(response);
    response.on('close', () => running.delete(response));
    handle(request, response, deps);
  });
  server.setTimeout(SOCKET_IDLE_TIMEOUT_MS);

  return {
    async start() {
      server.listen(hostAndPort(options.listen));
      await once(server, 'listening');
      return boundAddress(server);
    },
    async stop() {
      if (!server.listening) return;
      const closed = once(server, 'close');
      server.close();
      await Promise.all([...running].map((response) => once(response, 'close')));
      // What is left says nothing, or has not said enough to be answered.
      server.closeAllConnections();
      await closed;
    },
  };
}

function handle(request: IncomingMessage, response: ServerResponse, deps: AdminServerDeps): void {
  try {
    for (const [name, value] of Object.entries(SECURITY_HEADERS)) response.setHeader(name, value);
    if (request.method === 'GET' || request.method === 'HEAD') {
      route(request, response, deps);
    } else {
      response.setHeader('allow', 'GET, HEAD');
      send(response, 405, TEXT, 'method not allowed\n');
    }
  } catch (err) {
    deps.logger.error({ err, url: request.url }, 'admin request failed');
    // A status can no longer be sent, but a cut connection is not taken for a whole answer.
    if (response.headersSent) response.destroy();
    else send(response, 500, TEXT, 'internal error\n');
  }
}

function route(request: IncomingMessage, response: ServerResponse, deps: AdminServerDeps): void {
  const [path] = String(request.url).split('?', 1);
  switch (path) {
    case '/metrics':
      deps.handleMetrics(request, response);
      return;
    case '/livez':
      send(response, 200, TEXT, 'ok\n');
      return;
    case '/readyz':
      if (deps.ready()) send(response, 200, TEXT, 'ok\n');
      else send(response, 503, TEXT, 'draining\n');
      return;
    case '/':
      send(response, 200, HTML, renderStatusPage(deps.status()));
      return;
    case '/status.json':
      send(response, 200, JSON_TYPE, statusJson(deps.status()));
      return;
    default:
      send(response, 404, TEXT, 'not found\n');
  }
}

function statusJson(status: AdminStatus): string {
  // JSON knows no bigint, and the only ones are money.
  const money = (_key: string, value: unknown) =>
    typeof value === 'bigint' ? formatDollars(value) : value;
  return `${JSON.stringify(status, money, 2)}\n`;
}

function send(response: ServerResponse, code: number, type: string, body: string): void {
  response.writeHead(code, { 'content-type': type, 'content-length': Buffer.byteLength(body) });
  response.end(body);
}

function hostAndPort(listen: string): { host: string; port: number } {
  const address = parseListenAddress(listen);
  if (address.kind !== 'tcp') throw new Error(`"${listen}" is not an address: host:port`);
  // Node takes an IPv6 address without the brackets.
  return { host: address.host.replace(/^\[|\]$/g, ''), port: address.port };
}

function boundAddress(server: Server): string {
  // The server listens on a host and port, which is when this is an object.
  const { address, family, port } = server.address() as AddressInfo;
  return family === 'IPv6' ? `[${address}]:${port}` : `${address}:${port}`;
}
