import type { Headroom } from '../../src/core/rate-headroom.ts';
import { type Conduct, headersMs, type Load, MODEL, piecesOf } from '../../test/load/load.ts';
import {
  httpError,
  type ServerExchange,
  type StubUpstream,
  startStubUpstream,
} from '../../test/support/upstream/index.ts';

const ERROR_EVENT =
  'data: {"error":{"message":"The server is overloaded.","type":"server_error"}}\n\n';

export interface LoadUpstreams {
  /** Base URLs by name. */
  readonly urls: ReadonlyMap<string, string>;
  /** Requests that came, by name. */
  readonly requestsOf: () => Readonly<Record<string, number>>;
  /** From now on time is counted. */
  begin(): void;
  close(): Promise<void>;
}

/** The secret of the n-th key. */
export const secretOf = (key: number): string => `bench-key-${key}`;

/** HTTP servers that behave as the upstreams of a load. @param random in [0, 1) */
export async function startUpstreams(load: Load, random: () => number): Promise<LoadUpstreams> {
  let startedAt = performance.now();
  const requests = new Map<string, number>();
  const stubs = new Map<string, StubUpstream>();
  for (const [name, behave] of Object.entries(load.upstreams)) {
    requests.set(name, 0);
    let running = 0;
    const script = async (exchange: ServerExchange): Promise<void> => {
      requests.set(name, (requests.get(name) ?? 0) + 1);
      running += 1;
      void exchange.request.closed.then(() => {
        running -= 1;
      });
      const asked = { key: keyOf(exchange), running, model: exchange.request.body.model ?? MODEL };
      await play(behave(performance.now() - startedAt, random, asked), exchange);
    };
    stubs.set(name, await startStubUpstream({ keepRequests: false, script }));
  }
  return {
    urls: new Map([...stubs].map(([name, { url }]) => [name, url])),
    requestsOf: () => Object.fromEntries(requests),
    begin: () => {
      startedAt = performance.now();
    },
    close: async () => {
      for (const stub of stubs.values()) await stub.close();
    },
  };
}

function keyOf({ request }: ServerExchange): number {
  return Number(/\d+$/.exec(request.headers.authorization ?? '')?.[0] ?? 0);
}

async function play(conduct: Conduct, exchange: ServerExchange): Promise<void> {
  if (conduct === 'silence') return;
  const since = performance.now();
  const until = (ms: number) => exchange.delay(Math.max(0, since + ms - performance.now()));
  const headers = { ...limitHeaders(conduct.headroom), ...accountHeaders(conduct.account) };
  if ('fails' in conduct) {
    await until(conduct.afterMs ?? 20);
    if (conduct.fails === 'NETWORK_ERROR') return exchange.reset();
    fail(conduct, headers, exchange);
    return;
  }
  await until(headersMs(conduct));
  sendHead(exchange, 200, 'text/event-stream', headers);
  for (const { atMs, text } of piecesOf(conduct)) {
    if (conduct.breaksMs !== undefined && conduct.breaksMs < atMs) {
      await until(conduct.breaksMs);
      if (conduct.breaksWith === undefined) return exchange.reset();
      exchange.raw(ERROR_EVENT);
      exchange.end();
      return;
    }
    await until(atMs);
    exchange.chunk({ content: text });
  }
  exchange.chunk({}, 'stop');
  exchange.usage();
  exchange.done();
  exchange.end();
}

function fail(
  { fails, retryAfterMs }: Extract<Conduct, { fails: unknown }>,
  limits: Readonly<Record<string, string>>,
  exchange: ServerExchange,
): void {
  const isRate = fails === 'RATE_LIMIT_EXCEEDED';
  const status = isRate ? 429 : 503;
  const wait = retryAfterMs === undefined ? {} : { 'retry-after-ms': String(retryAfterMs) };
  sendHead(exchange, status, 'application/json', { ...limits, ...wait });
  void httpError(status, isRate ? { code: 'rate_limit_exceeded' } : {})(exchange);
}

/** Nothing of the simulator's own, which tells of limits in every answer. */
function sendHead(
  exchange: ServerExchange,
  status: number,
  contentType: string,
  headers: Readonly<Record<string, string>>,
): void {
  exchange.head(status, '', [['content-type', contentType], ...Object.entries(headers)]);
}

function limitHeaders(headroom: Headroom | undefined): Readonly<Record<string, string>> {
  if (headroom === undefined) return {};
  return {
    'x-ratelimit-limit-requests': String(headroom.limit),
    'x-ratelimit-remaining-requests': String(headroom.remaining),
    'x-ratelimit-reset-requests': `${headroom.resetMs}ms`,
  };
}

function accountHeaders(account: string | undefined): Readonly<Record<string, string>> {
  return account === undefined
    ? {}
    : { 'openai-organization': 'org-bench', 'openai-project': account };
}
