/**
 * `node bench/http2.ts`: what HTTP/2 to the upstream would change, with TLS on both: CPU of a client that
 * reads 200 paced streams through undici, and what those streams wait for while ten callers beside
 * them read nothing. The client does what a relay must and no more, in a process and on a core of its own.
 */
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { createSecureServer, type Http2ServerRequest, type Http2ServerResponse } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { Agent, type Dispatcher } from 'undici';
import { Authority } from '../test/support/certificates.ts';
import { CORES, exitOnSignals, pinMyself, pinnable, startProcess } from './processes.ts';
import { quantile } from './statistics.ts';
import { figure, table } from './table.ts';

const STREAMS = 200;
const SLOW_CALLERS = 10;
const PACE_MS = 20;
const WARM_UP_MS = 2_000;
const WINDOW_MS = 4_000;
const ROUNDS = 3;

interface Figures {
  readonly cpuUsPerChunk: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

const [role, ...options] = process.argv.slice(2);
if (role === 'upstream') await serve();
else if (role === 'client') await report(options);
else await compare();

/** Chunks that carry the time, one per `PACE_MS`; to `/flood` as much as is taken. */
async function serve(): Promise<void> {
  const { cert, key } = new Authority().issue({ commonName: 'upstream', ips: ['127.0.0.1'] });
  const server = createSecureServer({ cert, key, allowHTTP1: true });
  server.on('request', (request: Http2ServerRequest, response: Http2ServerResponse) => {
    response.setHeader('content-type', 'text/event-stream');
    if (request.url === '/flood') return flood(response);
    const timer = setInterval(() => response.write(chunk(now())), PACE_MS);
    response.on('close', () => clearInterval(timer));
  });
  server.on('sessionError', () => {});
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  console.log(`listening on https://127.0.0.1:${(server.address() as AddressInfo).port}`);
  process.once('SIGTERM', () => process.exit(0));
}

function flood(response: Http2ServerResponse): void {
  const piece = Buffer.alloc(64 * 1024, 'x');
  const write = (): void => {
    while (!response.destroyed) if (!response.write(piece)) break;
  };
  response.on('drain', write);
  write();
}

function now(): number {
  return performance.timeOrigin + performance.now();
}

function chunk(at: number): string {
  const delta = { content: 'twenty bytes of text' };
  return `data: ${JSON.stringify({ id: 'c', at, choices: [{ index: 0, delta }] })}\n\n`;
}

/** Prints the figures of one protocol, and ends. */
async function report([origin = '', protocol, slow]: readonly string[]): Promise<void> {
  const allowH2 = protocol === 'HTTP/2';
  const agent = new Agent({
    connect: { rejectUnauthorized: false },
    allowH2,
    // One connection, as with HTTP/2, would have streams of HTTP/1.1 wait for each other.
    ...(allowH2 && { connections: 1 }),
    pipelining: allowH2 ? STREAMS * 2 : 1,
    headersTimeout: 0,
    bodyTimeout: 0,
  });
  const seen: { delays: number[]; chunks: number } = { delays: [], chunks: 0 };
  for (let n = 0; slow === 'slow' && n < SLOW_CALLERS; n += 1) {
    ask(agent, origin, '/flood', (_data, controller) => controller.pause());
  }
  for (let n = 0; n < STREAMS; n += 1) {
    await sleep(2);
    let rest = '';
    ask(agent, origin, '/paced', (data) => {
      const events = (rest + data.toString('utf8')).split('\n\n');
      rest = events.pop() ?? '';
      for (const event of events) {
        seen.delays.push(now() - JSON.parse(event.slice(6)).at);
        seen.chunks += 1;
      }
    });
  }
  await sleep(WARM_UP_MS);
  Object.assign(seen, { delays: [], chunks: 0 });
  const before = process.cpuUsage();
  await sleep(WINDOW_MS);
  const { user, system } = process.cpuUsage(before);
  const figures: Figures = {
    cpuUsPerChunk: (user + system) / seen.chunks,
    p50Ms: quantile(seen.delays, 0.5),
    p99Ms: quantile(seen.delays, 0.99),
  };
  process.stdout.write(JSON.stringify(figures), () => process.exit(0));
}

function ask(
  agent: Agent,
  origin: string,
  path: string,
  onData: (data: Buffer, controller: Dispatcher.DispatchController) => void,
): void {
  agent.dispatch(
    { origin, path, method: 'POST', body: '{}' },
    {
      onRequestStart() {},
      onResponseStart() {},
      onResponseData: (controller, data) => onData(data, controller),
      onResponseEnd() {},
      onResponseError(_controller, error) {
        throw error;
      },
    },
  );
}

async function compare(): Promise<void> {
  exitOnSignals();
  const pinned = pinnable();
  if (pinned) pinMyself(CORES.load);
  const script = process.argv[1] ?? '';
  const upstream = await startProcess({
    args: [script, 'upstream'],
    ...(pinned && { core: CORES.load }),
  });
  const rows = ['HTTP/1.1', 'HTTP/2'].flatMap((protocol) =>
    ['', 'slow'].map((slow) => ({ protocol, slow, rounds: [] as Figures[] })),
  );
  // In turn, so that all see the machine at the same time.
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const { protocol, slow, rounds } of rows) {
      rounds.push(await measured(script, [upstream.address, protocol, slow], pinned));
    }
  }
  await upstream.stop();
  const middle = (rounds: readonly Figures[], key: keyof Figures, digits: number): string =>
    figure(
      quantile(
        rounds.map((figures) => figures[key]),
        0.5,
      ),
      digits,
    );
  console.log(
    table(
      [
        { title: 'to the upstream, TLS', cell: ({ protocol }) => protocol },
        { title: 'callers that read nothing', cell: ({ slow }) => String(slow ? SLOW_CALLERS : 0) },
        { title: 'CPU us/chunk', cell: ({ rounds }) => middle(rounds, 'cpuUsPerChunk', 1) },
        { title: 'relay p50 ms', cell: ({ rounds }) => middle(rounds, 'p50Ms', 2) },
        { title: 'p99', cell: ({ rounds }) => middle(rounds, 'p99Ms', 1) },
      ],
      rows,
    ),
  );
}

async function measured(
  script: string,
  args: readonly string[],
  pinned: boolean,
): Promise<Figures> {
  const onCore = pinned ? ['taskset', '-c', String(CORES.sidecar)] : [];
  const [command = '', ...rest] = [...onCore, process.execPath, script, 'client', ...args];
  const { stdout } = await promisify(execFile)(command, rest, { timeout: 60_000 });
  return JSON.parse(stdout) as Figures;
}
