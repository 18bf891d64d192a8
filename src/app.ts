import { randomUUID } from 'node:crypto';
import { AdminServers } from './admin-servers.ts';
import { statusOf } from './admin-status.ts';
import { createBatches } from './batch/create.ts';
import { callersOf } from './caller-options.ts';
import type { Config } from './config/config.ts';
import type { ConfigSources } from './config/load.ts';
import { type Clock, systemClock } from './core/clock.ts';
import { DatedClock } from './core/dated-clock.ts';
import { under, warnOfOpenDoors } from './listener-options.ts';
import { LiveConfig } from './live-config.ts';
import { createOpenAIProvider } from './provider/create.ts';
import { providerOptions } from './provider-options.ts';
import type { GrpcServer, PreparedCallers } from './server/options.ts';
import { CallMemory } from './server/page/call-memory.ts';
import { StatusEvents } from './server/page/status-events.ts';
import { drawStatus } from './server/page/status-page.ts';
import { createServer } from './server/server.ts';
import { logLibrary } from './server/telemetry/library-log.ts';
import { liveServerOptions, serverOptions } from './server-options.ts';
import { capturesContent } from './telemetry/capture.ts';
import { LogDrops } from './telemetry/log-drops.ts';
import { areaLoggers, createLogger, type Logger, setLevels } from './telemetry/logger.ts';
import { startTelemetry } from './telemetry/sdk.ts';
import { warningsOf } from './warnings.ts';

/** What the application takes from its surroundings. */
export interface AppDeps {
  /** Of this sidecar, semver. */
  readonly version: string;
  /** The OTEL_* variables. Default: none. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /** Where the configuration is read again while it is in force. Default: it never is. */
  readonly sources?: ConfigSources;
  /** Log for people rather than JSON. Default false. */
  readonly pretty?: boolean;
  /** Default: JSON on standard error. */
  readonly logger?: Logger;
  /** Called once, when it has begun to serve. Must not reject. Default: nothing is. */
  readonly rehearse?: () => Promise<unknown>;
  /**
   * Called once, behind `rehearse`, when all that a call needs is loaded. Must not throw. Default: nothing is.
   *
   * @param running tells how many calls run
   */
  readonly onWarm?: (running: () => number) => void;
  /** Default: the system's. */
  readonly clock?: Clock;
  /** Epoch ms by the wall clock. Default: the system's; with a `clock`, that one. */
  readonly wallTime?: () => number;
}

export interface App {
  /** Listens. Resolves with the addresses of the gRPC listeners, real ports filled in. */
  start(): Promise<readonly string[]>;
  /** Where /metrics, /livez, /readyz and the status page are; empty before start(). */
  readonly adminAddress: string;
  /** The same, and then those of healthListen and metricsListen, as far as there are any. */
  readonly adminAddresses: readonly string[];
  /** Reads the configuration again; the log tells what came of it. */
  reload(): void;
  /** Drains and stops, in reverse order of start(). Idempotent. */
  stop(): Promise<void>;
  /** Resolves when it has stopped, for whatever reason. */
  readonly stopped: Promise<void>;
  /** Records of usage that could be written nowhere. */
  readonly lostRecords: number;
  readonly logger: Logger;
}

/** For what is shown: a step of the wall clock is told of by the provider. */
function datedClock(clock: Clock, wallTime: (() => number) | undefined): Clock {
  return wallTime === undefined ? clock : new DatedClock(clock, wallTime, () => {});
}

/** The composition root: everything is built here, in the order in which it depends on each other. */
export function createApp(config: Config, deps: AppDeps): App {
  const { version } = deps;
  const clock = deps.clock ?? systemClock;
  const wallTime = deps.wallTime ?? (deps.clock === undefined ? Date.now : undefined);
  const drops = new LogDrops();
  const logger =
    deps.logger ?? createLogger({ level: config.logLevel, drops, pretty: deps.pretty ?? false });
  const logs = areaLoggers(logger);
  setLevels(logs, config.log.levels, logger);
  logLibrary(logs.server);
  const dated = datedClock(clock, wallTime);
  for (const warning of warningsOf(config)) logger.warn(warning);

  const telemetry = startTelemetry({
    serviceName: 'tamma-provider-openai',
    serviceVersion: version,
    environment: deps.environment ?? {},
    events: config.telemetry.events === 'on',
    time: { now: () => clock.now(), ...(wallTime && { wall: wallTime }) },
    logger,
  });
  const { tracer, instruments, events: callEvents } = telemetry;
  instruments.droppedLogLines.addCallback((result) => result.observe(drops.lines));

  const provider = createOpenAIProvider(providerOptions(config, version), {
    clock,
    ...(wallTime && { wallTime }),
    tracer,
    instruments,
    log: logs.provider,
    captureContent: capturesContent(deps.environment ?? {}, logger),
  });

  const { batchMeans: means, batchBooks: books } = provider;
  const batches =
    config.dataDir === undefined || books === undefined
      ? undefined
      : createBatches(config.dataDir, config.batch, {
          means,
          books,
          clock,
          log: logs.batches,
          tracer,
          instruments,
        });

  const live = new LiveConfig(config, {
    sources: deps.sources,
    apply,
    onSettled: () => server.refreshStatus(),
    clock,
    logger,
    instruments,
  });

  const memory = new CallMemory(clock, dated);
  const server: GrpcServer = createServer(serverOptions(config, version, live.revision), {
    provider,
    ...(batches && { batches }),
    logger: logs.server,
    callLogger: logs.calls,
    tracer,
    instruments,
    ...(callEvents && { callEvents }),
    clock,
    // randomUUID() joins pieces, and V8 writes those in JSON slowly; this makes one string of them.
    newId: () => randomUUID().toLowerCase(),
    onDispose: () => stop(),
    reload: () => live.reload('call'),
    configProblems: () => live.problems,
    onCall: (call) => memory.note(call),
  });

  async function apply(next: Config, revision: string): Promise<void> {
    const callers = await server.prepareCallers(callersOf(next).callers);
    await provider.whenBooked(() => takeOver(next, revision, callers));
  }

  /** Between two turns: no call sees a part of it. */
  function takeOver(next: Config, revision: string, callers: PreparedCallers): void {
    try {
      provider.reconfigure(providerOptions(next, version));
    } catch (error) {
      callers.drop();
      throw error;
    }
    server.configure(liveServerOptions(next, revision), callers);
    logger.level = next.logLevel;
    setLevels(logs, next.log.levels, logger);
    for (const warning of warningsOf(next)) logger.warn(warning);
    warnOfOpenDoors(next, logger);
  }

  let listeners: readonly string[] = [];
  const status = statusOf({
    version,
    clock,
    dated,
    live,
    server,
    provider,
    batches,
    listeners: () => listeners,
  });
  const events = new StatusEvents(dated, () => drawStatus(status(), memory));
  const admin = new AdminServers(config, {
    handleMetrics: telemetry.handleMetrics,
    ready: () => listeners.length > 0 && !server.draining,
    status,
    page: { memory, events },
    logger: logs.server,
    clock,
    refusedConnections: telemetry.instruments.refusedConnections,
  });

  let stopping: Promise<void> | undefined;
  const { promise: stopped, resolve: hasStopped } = Promise.withResolvers<void>();

  async function start(): Promise<readonly string[]> {
    try {
      warnOfOpenDoors(config, logger);
      await batches?.start();
      await admin.start();
      listeners = await under('listen', server.start());
    } catch (error) {
      await stop();
      throw error;
    }
    const [first, ...others] = admin.addresses;
    live.start();
    const addresses = { listeners, admin: first, ...(others.length > 0 ? { open: others } : {}) };
    logger.info({ ...addresses, version, config_revision: live.revision }, 'serving');
    logger.flush();
    // Behind whoever waits for the addresses.
    setImmediate(() => void warm());
    return listeners;
  }

  /** So that the first call is answered like any other. */
  async function warm(): Promise<void> {
    await provider.warm();
    // Whoever rehearses nothing wants the first call to load what it needs.
    if (deps.rehearse === undefined) return;
    await deps.rehearse();
    await provider.loadTokenizer();
    deps.onWarm?.(server.activeCalls);
  }

  function stop(): Promise<void> {
    stopping ??= (async () => {
      await live.close();
      await server.drain();
      await batches?.close();
      events.close();
      await provider.dispose();
      await admin.stop();
      await telemetry.shutdown();
      logger.info('stopped');
      hasStopped();
    })();
    return stopping;
  }

  return {
    start,
    stop,
    stopped,
    reload: () => void live.reload('signal').catch(() => {}),
    get lostRecords() {
      return provider.ledgerStatus().lost;
    },
    logger,
    get adminAddresses() {
      return admin.addresses;
    },
    get adminAddress() {
      return admin.addresses[0] ?? '';
    },
  };
}
