/**
 * `npm run bench:guards`: what the guards of the server cost a short call, in microseconds of CPU. The
 * same handler of bytes is served by grpc-js alone, and behind all that stands before a call: the
 * listener and its connections, arrivals, bytes in flight, the overload guard, and the count of what a request
 * holds. Rounds of both take turns, with their client in this process, so that what else the machine does
 * concerns both; told are the median difference of the pairs and its quartiles. Exits 1 if the median is
 * above 20 us.
 */
import { type Server as GrpcServer, Server, ServerCredentials } from '@grpc/grpc-js';
import { systemClock } from '../src/core/clock.ts';
import { Role } from '../src/gen/tamma/provider/v1/message.ts';
import {
  CountTokensResponse,
  IAIProviderService,
  SendMessageRequest,
} from '../src/gen/tamma/provider/v1/provider.ts';
import { guardArrivals } from '../src/server/arrivals/arrivals.ts';
import { BytesInFlight } from '../src/server/arrivals/bytes-in-flight.ts';
import { Inbound } from '../src/server/arrivals/inbound.ts';
import { startLoadMeter } from '../src/server/arrivals/load-meter.ts';
import { OverloadGuard } from '../src/server/arrivals/overload.ts';
import { Connections } from '../src/server/listener/connections.ts';
import { createInjector } from '../src/server/listener/injector.ts';
import { Listeners } from '../src/server/listener/listen.ts';
import { type RawRequest, rawService } from '../src/server/rpc/raw-service.ts';
import { requestShape } from '../src/server/rpc/request-shape.ts';
import { oversizeOf } from '../src/server/rpc/request-size.ts';
import { grpcStatus, RawGrpc } from '../test/support/raw-grpc.ts';
import { TelemetryProbe } from '../test/support/telemetry.ts';
import { quantile } from './statistics.ts';

const PAIRS = 40;
const CALLS = 500;
const AT_ONCE = 10;
const TARGET_US = 20;
const GIB = 2 ** 30;

const { path } = IAIProviderService.countTokens;
const request = {
  model: 'gpt-4o',
  messages: [{ role: Role.USER, content: 'Say hello to everybody who is there.' }],
};
const message = SendMessageRequest.encode(SendMessageRequest.fromPartial({ request })).finish();
const reply = Buffer.from(CountTokensResponse.encode(CountTokensResponse.create()).finish());

const clock = systemClock;
const { instruments } = new TelemetryProbe();
const shape = requestShape(path);
const meter = startLoadMeter(clock, 4 * GIB);
const overload = new OverloadGuard(
  {
    maxCalls: 1_000,
    maxConnectionShare: 0.5,
    maxEventLoopDelayMs: 60_000,
    maxHeapShare: 1,
    maxMemoryShare: 1,
  },
  { meter, instruments },
);

function serve(server: GrpcServer, guarded: boolean): void {
  const { countTokens } = rawService(IAIProviderService);
  if (countTokens === undefined) throw new Error('the contract has no CountTokens');
  server.addService(
    { countTokens },
    {
      countTokens: (
        call: { request: RawRequest },
        answer: (error: null, bytes: Buffer) => void,
      ) => {
        if (guarded) {
          overload.admit({ all: 1, ofConnection: 1 });
          if (oversizeOf(call.request.take(), shape) !== undefined)
            throw new Error('it is no attack');
        }
        answer(null, reply);
      },
    },
  );
}

async function startBare(): Promise<string> {
  const server = new Server({ 'grpc.enable_channelz': 0 });
  serve(server, false);
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    ),
  );
  return `127.0.0.1:${port}`;
}

async function startGuarded(): Promise<string> {
  const bytes = new BytesInFlight(GIB, 0.5);
  const inbound = new Inbound({ bytes, clock, instruments, stallMs: 60_000 });
  const server = new Server({ 'grpc.enable_channelz': 0, interceptors: [inbound.interceptor] });
  guardArrivals(server, { large: new Set([path]), clock });
  serve(server, true);
  const refusals = { note: () => {} };
  const connections = new Connections(
    { maxConnections: 1_000, idleTimeoutMs: 3_600_000, maxConnectionAgeMs: 86_400_000 },
    { clock, refusals, inject: createInjector(server), random: Math.random },
  );
  const log = { info: () => {}, warn: () => {} };
  const listeners = new Listeners({ clock, log, connections, refusals, socketMode: 0o600 });
  const [address = ''] = await listeners.open([{ address: '127.0.0.1:0' }]);
  return address;
}

/** CPU of a call in a round of them, in us. */
async function round(client: RawGrpc): Promise<number> {
  const before = process.cpuUsage();
  for (let made = 0; made < CALLS; made += AT_ONCE) {
    const statuses = await Promise.all(
      Array.from({ length: AT_ONCE }, () => grpcStatus(client.call(path, message))),
    );
    if (statuses.some((status) => status !== 0)) throw new Error('a call has failed');
  }
  const { user, system } = process.cpuUsage(before);
  return (user + system) / CALLS;
}

const bare = new RawGrpc(await startBare());
const guarded = new RawGrpc(await startGuarded());
for (let warm = 0; warm < 10; warm += 1) for (const client of [bare, guarded]) await round(client);

const differences: number[] = [];
const alone: number[] = [];
for (let pair = 0; pair < PAIRS; pair += 1) {
  // Each is the first of a pair as often as the other.
  const first = pair % 2 === 0 ? bare : guarded;
  const one = await round(first);
  const other = await round(first === bare ? guarded : bare);
  const [without, beside] = first === bare ? [one, other] : [other, one];
  alone.push(without);
  differences.push(beside - without);
}
const [low, middle, high] = [0.25, 0.5, 0.75].map((share) => quantile(differences, share));
const us = (value = Number.NaN) => value.toFixed(1);
console.log(
  `the guards take ${us(middle)} us of a call (quartiles ${us(low)} to ${us(high)}), that takes ${us(quantile(alone, 0.5))} without them`,
);
process.exit((middle ?? Number.NaN) <= TARGET_US ? 0 : 1);
