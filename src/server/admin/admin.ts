import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Counter } from '@opentelemetry/api';
import type { Clock } from '../../core/clock.ts';
import { formatDollars } from '../../money/pricing/money.ts';
import type { Logger } from '../../telemetry/logger.ts';
import { LiveText } from '../callers/live-text.ts';
import type { ListenerOptions } from '../listener/listen.ts';
import { Refusals } from '../listener/refusals.ts';
import type { CallMemory } from '../page/call-memory.ts';
import { explain } from '../page/explain.ts';
import { SCRIPT_HASH } from '../page/script.ts';
import type { StatusEvents } from '../page/status-events.ts';
import { type AdminStatus, renderStatusPage } from '../page/status-page.ts';
import { AdminDoor, type Refusal } from './door.ts';
import { type HttpListener, listenHttp } from './listener.ts';

export interface AdminServerOptions {
  readonly listen: ListenerOptions;
  /** What it serves: `health` is /livez and /readyz, `metrics` is /metrics. */
  readonly serves: 'everything' | 'health' | 'metrics';
  /** Names, beside localhost and IP addresses, under which it may be asked. */
  readonly hosts: readonly string[];
  /** File with tokens: see `parseTokens`. A request must bring one of them. Left out: none is asked for. */
  readonly tokenFile?: string;
}

export interface AdminServerDeps {
  /** Answers /metrics. */
  handleMetrics(request: IncomingMessage, response: ServerResponse): void;
  /** Whether new calls are taken; false while draining. */
  ready(): boolean;
  status(): AdminStatus;
  /** The calls that were made, and the pages that are open. Absent: neither is served. */
  readonly page?: { readonly memory: CallMemory; readonly events: StatusEvents };
  readonly logger: Pick<Logger, 'error' | 'warn' | 'info'>;
  readonly clock: Clock;
  /** Counts connections that were refused, or cut to make room. */
  readonly refusedConnections: Pick<Counter, 'add'>;
}

/** What operators look at over HTTP: /metrics, /livez, /readyz, /, /status.json and /calls/<id>. */
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

const SECURITY_HEADERS = {
  'cache-control': 'no-store',
  'content-security-policy':
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
};

/** The page alone runs something: what this process has written, and nothing else. */
const PAGE_POLICY = `${SECURITY_HEADERS['content-security-policy']}; script-src ${SCRIPT_HASH}; connect-src 'self'`;

const TEXT = 'text/plain; charset=utf-8';
const HTML = 'text/html; charset=utf-8';
const JSON_TYPE = 'application/json; charset=utf-8';

/** Followed by an id. */
const CALLS = '/calls/';

/** Characters of an id. */
const MAX_ID = 200;

const PATHS = {
  everything: ['/', '/events', '/status.json', CALLS, '/metrics', '/livez', '/readyz'],
  health: ['/livez', '/readyz'],
  metrics: ['/metrics'],
} as const satisfies Record<AdminServerOptions['serves'], readonly string[]>;

export function createAdminServer(options: AdminServerOptions, deps: AdminServerDeps): AdminServer {
  const { clock, logger } = deps;
  const { tokenFile } = options;
  const running = new Set<ServerResponse>();
  const paths: ReadonlySet<string> = new Set(PATHS[options.serves]);
  const door = new AdminDoor({ hosts: options.hosts, needsToken: tokenFile !== undefined }, clock);
  const tokens =
    tokenFile === undefined
      ? undefined
      : new LiveText(tokenFile, {
          clock,
          take: (text) => door.setTokens(text),
          onRefusal: (err) =>
            logger.warn({ err, token_file: tokenFile }, 'the tokens are kept: their file is wrong'),
        });
  const refusals = new Refusals({ clock, log: logger, counter: deps.refusedConnections });
  let listener: HttpListener | undefined;

  function answer(request: IncomingMessage, response: ServerResponse): void {
    running.add(response);
    response.on('close', () => running.delete(response));
    handle({ request, response, paths, door }, deps);
  }

  return {
    async start() {
      try {
        await tokens?.start();
        listener = await listenHttp(options.listen, { clock, log: logger, refusals }, answer);
      } catch (error) {
        tokens?.stop();
        throw error;
      }
      return listener.address;
    },
    async stop() {
      tokens?.stop();
      if (listener === undefined) return;
      const { server, tls } = listener;
      listener = undefined;
      tls?.stop();
      const closed = once(server, 'close');
      server.close();
      await Promise.all([...running].map((response) => once(response, 'close')));
      // What is left says nothing, or has not said enough to be answered.
      server.closeAllConnections();
      await closed;
    },
  };
}

interface Asked {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly paths: ReadonlySet<string>;
  readonly door: AdminDoor;
}

function handle({ request, response, paths, door }: Asked, deps: AdminServerDeps): void {
  try {
    for (const [name, value] of Object.entries(SECURITY_HEADERS)) response.setHeader(name, value);
    // Nobody has a use for a body: it is not read to its end, which may never come.
    if (hasBody(request)) response.setHeader('connection', 'close');
    const refusal = door.refusal(request);
    const [asked = ''] = String(request.url).split('?', 1);
    const path = asked.startsWith(CALLS) ? CALLS : asked;
    if (refusal !== undefined) refuse(refusal, response);
    else if (request.method !== 'GET' && request.method !== 'HEAD') {
      response.setHeader('allow', 'GET, HEAD');
      send(response, 405, TEXT, 'method not allowed\n');
    } else if (paths.has(path)) route(path, request, response, deps);
    else send(response, 404, TEXT, 'not found\n');
  } catch (err) {
    deps.logger.error({ err, url: request.url }, 'admin request failed');
    // A status can no longer be sent, but a cut connection is not taken for a whole answer.
    if (response.headersSent) response.destroy();
    else send(response, 500, TEXT, 'internal error\n');
  }
}

function hasBody({ headers }: IncomingMessage): boolean {
  const { 'content-length': length = '0', 'transfer-encoding': coding } = headers;
  return coding !== undefined || length !== '0';
}

function refuse(refusal: Refusal, response: ServerResponse): void {
  if (refusal === 'wrong host') {
    send(response, 421, TEXT, 'not served under this name: see admin.hosts\n');
    return;
  }
  response.setHeader('www-authenticate', ['Bearer', 'Basic realm="tamma-provider-openai"']);
  send(response, 401, TEXT, 'a token is needed\n');
}

function route(
  path: string,
  request: IncomingMessage,
  response: ServerResponse,
  deps: AdminServerDeps,
): void {
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
      response.setHeader('content-security-policy', PAGE_POLICY);
      send(response, 200, HTML, renderStatusPage(deps.status(), deps.page?.memory));
      return;
    case '/events':
      if (request.method === 'HEAD') send(response, 200, TEXT, '');
      else if (!deps.page?.events.open(response)) send(response, 503, TEXT, 'too many pages\n');
      return;
    case CALLS:
      sendCall(String(request.url).slice(CALLS.length), response, deps);
      return;
    case '/status.json':
      send(response, 200, JSON_TYPE, statusJson(deps.status()));
      return;
  }
}

function sendCall(asked: string, response: ServerResponse, { page }: AdminServerDeps): void {
  const [first, ...others] = page?.memory.find(decoded(asked.slice(0, MAX_ID))) ?? [];
  if (first === undefined) {
    send(response, 404, TEXT, 'no such call among the last that are remembered\n');
    return;
  }
  const explained = [first, ...others].map(explain);
  const body = others.length === 0 ? explained[0] : { calls: explained };
  send(response, 200, JSON_TYPE, `${JSON.stringify(body, null, 2)}\n`);
}

/** An id needs no percent signs; a text that cannot be decoded is none. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
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
