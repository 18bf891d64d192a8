import { metrics } from '@opentelemetry/api';
import {
  InMemorySpanExporter,
  SimpleSpanProcessor,
  TracerProvider,
} from '@opentelemetry/sdk-trace';
import { type Clock, systemClock } from '../../src/provider/clock.ts';
import {
  createServer,
  type GrpcServer,
  type ServerDeps,
  type ServerOptions,
} from '../../src/server/server.ts';
import { createInstruments } from '../../src/telemetry/instruments.ts';
import { createLogger } from '../../src/telemetry/logger.ts';
import { FakeProvider } from './fake-provider.ts';
import { connect, type GrpcClient } from './grpc-client.ts';

export type LogLine = Readonly<Record<string, unknown>>;

/** Log lines as they are written. */
export class LogRecorder {
  readonly lines: LogLine[] = [];
  readonly #waiting: (() => void)[] = [];

  write(line: string): void {
    this.lines.push(JSON.parse(line));
    for (const wake of this.#waiting.splice(0)) wake();
  }

  /** The first line that fits, as soon as there is one. */
  async find(fits: (line: LogLine) => boolean): Promise<LogLine> {
    for (;;) {
      const found = this.lines.find(fits);
      if (found !== undefined) return found;
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  /** The line of the one call of a method that was made. */
  ofCall(method: string): Promise<LogLine> {
    return this.find((line) => line.method === `tamma.provider.v1.IAIProvider/${method}`);
  }
}

export interface RunningServer {
  readonly server: GrpcServer;
  readonly addresses: readonly string[];
  readonly provider: FakeProvider;
  readonly client: GrpcClient;
  readonly log: LogRecorder;
  readonly spans: InMemorySpanExporter;
  /** Ends whatever still runs. */
  stop(): Promise<void>;
}

export const SERVER_OPTIONS: ServerOptions = {
  listen: ['127.0.0.1:0'],
  maxMessageBytes: 4 * 1024 * 1024,
  maxConcurrentStreams: 1000,
  defaultDeadlineMs: 600_000,
  maxDeadlineMs: 3_600_000,
  drainGraceMs: 0,
  allowDispose: false,
  socketMode: 0o660,
  version: '1.2.3',
  configRevision: 'abcdef012345',
};

export interface TestServer extends Omit<RunningServer, 'addresses' | 'client' | 'stop'> {
  readonly deps: ServerDeps;
}

/** A server that does not listen yet. */
export function buildServer(
  options: Partial<ServerOptions> = {},
  deps: Partial<ServerDeps> & { readonly clock?: Clock } = {},
): TestServer {
  const provider = new FakeProvider();
  const log = new LogRecorder();
  const spans = new InMemorySpanExporter();
  const tracers = new TracerProvider({
    spanProcessors: [new SimpleSpanProcessor({ exporter: spans })],
  });
  let ids = 0;
  const all: ServerDeps = {
    provider,
    logger: createLogger({ level: 'info', destination: log }),
    tracer: tracers.getTracer('test'),
    instruments: createInstruments(metrics.getMeter('none')),
    clock: systemClock,
    onDispose: () => {},
    newId: () => {
      ids += 1;
      return `call-${ids}`;
    },
    ...deps,
  };
  const server = createServer({ ...SERVER_OPTIONS, ...options }, all);
  return { server, provider, log, spans, deps: all };
}

/** A server on a free port, with a fake provider and a client. */
export async function startServer(
  options: Partial<ServerOptions> = {},
  deps: Partial<ServerDeps> = {},
): Promise<RunningServer> {
  const built = buildServer(options, deps);
  const addresses = await built.server.start();
  const client = connect(addresses[0] ?? '');
  return {
    ...built,
    addresses,
    client,
    async stop() {
      client.close();
      await built.server.drain();
    },
  };
}
