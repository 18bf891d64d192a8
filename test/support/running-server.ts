import { systemClock } from '../../src/core/clock.ts';
import type { GrpcServer, ServerDeps, ServerOptions } from '../../src/server/options.ts';
import { createServer } from '../../src/server/server.ts';
import { createLogger } from '../../src/telemetry/logger.ts';
import { FakeProvider } from './fake-provider.ts';
import { connect, type GrpcClient } from './grpc-client.ts';
import { TelemetryProbe } from './telemetry.ts';

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
  readonly telemetry: TelemetryProbe;
  /** Ends whatever still runs. */
  stop(): Promise<void>;
}

const SERVER_OPTIONS: ServerOptions = {
  listen: [{ address: '127.0.0.1:0' }],
  maxMessageBytes: 4 * 1024 * 1024,
  maxBytesInFlight: 1024 * 1024 * 1024,
  memoryBytes: 1024 * 1024 * 1024,
  stallTimeoutMs: 60_000,
  maxConnections: 1000,
  idleTimeoutMs: 3_600_000,
  maxConnectionAgeMs: 86_400_000,
  maxConcurrentStreams: 1000,
  defaultDeadlineMs: 600_000,
  maxDeadlineMs: 3_600_000,
  drainGraceMs: 0,
  allowDispose: false,
  allowInvalidateCache: false,
  allowReload: false,
  reflection: true,
  socketMode: 0o660,
  version: '1.2.3',
  configRevision: 'abcdef012345',
  overload: {
    maxCalls: 10_000,
    maxConnectionShare: 0.5,
    maxEventLoopDelayMs: 60_000,
    maxHeapShare: 1,
    maxMemoryShare: 1,
  },
};

/** A server on a free port, with a fake provider and a client. */
export async function startServer(
  options: Partial<ServerOptions> = {},
  deps: Partial<ServerDeps> = {},
): Promise<RunningServer> {
  const provider = new FakeProvider();
  const log = new LogRecorder();
  const telemetry = new TelemetryProbe();
  let ids = 0;
  const server = createServer(
    { ...SERVER_OPTIONS, ...options },
    {
      provider,
      logger: createLogger({ level: 'info', destination: log }),
      tracer: telemetry.tracer,
      instruments: telemetry.instruments,
      clock: systemClock,
      onDispose: () => {},
      reload: () => Promise.reject(new Error('There is no configuration to read.')),
      meter: { load: { eventLoopDelayMs: 0, heapShare: 0, memoryShare: 0 }, stop() {} },
      newId: () => {
        ids += 1;
        return `call-${ids}`;
      },
      ...deps,
    },
  );
  const addresses = await server.start();
  const client = connect(addresses[0] ?? '');
  return {
    server,
    addresses,
    provider,
    client,
    log,
    telemetry,
    async stop() {
      client.close();
      await server.drain();
    },
  };
}
