import { isDeepStrictEqual } from 'node:util';
import { ProviderError } from '../core/errors.ts';
import { IAIBatchProviderService } from '../gen/tamma/provider/v1/batch_provider.ts';
import { IAIProviderService } from '../gen/tamma/provider/v1/provider.ts';
import { IAIUsageProviderService } from '../gen/tamma/provider/v1/usage_provider.ts';
import { BytesInFlight } from './arrivals/bytes-in-flight.ts';
import { Door } from './arrivals/door.ts';
import { Inbound } from './arrivals/inbound.ts';
import { startLoadMeter } from './arrivals/load-meter.ts';
import { OverloadGuard } from './arrivals/overload.ts';
import { createBatchHandlers } from './batch-handlers.ts';
import { Authenticator } from './callers/authenticator.ts';
import { drainCalls, shutDown } from './drain.ts';
import { createGrpcJsServer } from './grpc-js-server.ts';
import { createHandlers } from './handlers.ts';
import { createHealth } from './health.ts';
import { Connections } from './listener/connections.ts';
import { createInjector } from './listener/injector.ts';
import { Listeners } from './listener/listen.ts';
import { Refusals } from './listener/refusals.ts';
import type { GrpcServer, LiveServerOptions, ServerDeps, ServerOptions } from './options.ts';
import { createReflection } from './reflection.ts';
import { ActiveCalls } from './rpc/active-calls.ts';
import { rawService } from './rpc/raw-service.ts';
import { Rpcs } from './rpc/rpc.ts';
import { StatusBoard } from './status/watch.ts';
import { RepeatedFailures } from './telemetry/repeated-failures.ts';
import { createUsageHandlers } from './usage-handlers.ts';

/** As health checks name them. */
const SERVICE_NAMES = ['IAIProvider', 'IAIUsageProvider', 'IAIBatchProvider'].map(
  (name) => `tamma.provider.v1.${name}`,
);

/**
 * The gRPC server: IAIProvider, IAIUsageProvider, IAIBatchProvider, health and reflection.
 *
 * @throws Error if a method has no handler
 */
export function createServer(options: ServerOptions, deps: ServerDeps): GrpcServer {
  const { provider, clock, onDispose } = deps;
  const { version } = options;
  let live: LiveServerOptions = options;
  const calls = new ActiveCalls();
  const activeCalls = (): number => calls.answering;
  const draining = new AbortController();
  let drained: Promise<void> | undefined;
  const meter = deps.meter ?? startLoadMeter(clock, options.memoryBytes);
  const guard = new OverloadGuard(options.overload, { meter, instruments: deps.instruments });
  let drainEndsAt: number | undefined;
  const load = (): number => guard.load(calls.heavy);
  const drainLeftMs = (): number | undefined =>
    drainEndsAt && Math.max(0, drainEndsAt - clock.now());
  const status = new StatusBoard({
    provider,
    clock,
    version,
    get configRevision() {
      return live.configRevision;
    },
    get configProblems() {
      return deps.configProblems?.() ?? [];
    },
    activeCalls,
    load,
    drainLeftMs,
  });
  const logger = deps.callLogger ?? deps.logger;
  const repeats = new RepeatedFailures(clock, logger, () => live.maxRepeatedLines ?? 0);
  const rpcs = new Rpcs({
    ...deps,
    logger,
    repeats,
    calls,
    admit: (running) => guard.admit(running),
    get deadlines() {
      return { defaultMs: live.defaultDeadlineMs, maxMs: live.maxDeadlineMs };
    },
    stallMs: options.stallTimeoutMs,
    draining: () => drained !== undefined,
    onSettled: () => status.refresh(),
  });
  const health = createHealth(SERVICE_NAMES);
  const reflection = createReflection();
  let authenticator =
    options.callers === undefined ? undefined : new Authenticator(options.callers, deps);
  const door = new Door({ ...deps, authenticator });
  const bytes = new BytesInFlight(options.maxBytesInFlight, options.overload.maxConnectionShare);
  const inbound = new Inbound({
    bytes,
    clock,
    instruments: deps.instruments,
    stallMs: options.stallTimeoutMs,
  });
  const server = createGrpcJsServer(options, { ...deps, inbound, door }, [
    {
      definition: rawService(IAIProviderService),
      implementation: createHandlers({
        rpcs,
        provider,
        status,
        live: () => live,
        reload: deps.reload,
        onDispose,
      }),
    },
    {
      definition: rawService(IAIUsageProviderService),
      implementation: createUsageHandlers({ rpcs, provider }),
    },
    {
      definition: rawService(IAIBatchProviderService),
      implementation: createBatchHandlers({
        rpcs,
        ...(deps.batches && { batches: deps.batches }),
        draining: draining.signal,
      }),
    },
    health,
    ...(options.reflection ? reflection.services : []),
  ]);

  const refusals = new Refusals({
    clock,
    log: deps.logger,
    counter: deps.instruments.refusedConnections,
  });
  const inject = createInjector(server);
  const connections = new Connections(options, {
    clock,
    refusals,
    inject,
    random: Math.random,
  });
  const { socketMode } = options;
  const listeners = new Listeners({ clock, log: deps.logger, connections, refusals, socketMode });

  async function drain(): Promise<void> {
    drainEndsAt = clock.now() + live.drainGraceMs;
    health.setServing(false);
    health.endWatches();
    reflection.endStreams();
    status.drain();
    draining.abort(new ProviderError('SHUTTING_DOWN'));
    // Behind an address of this machine there is no other: its callers are told why they are refused.
    listeners.closeToOthers();
    connections.sendOthersAway();
    await drainCalls(calls, live.drainGraceMs, clock);
    meter.stop();
    authenticator?.stop();
    inbound.stop();
    listeners.close();
    await shutDown(server, connections, clock);
    repeats.close();
  }

  return {
    async start() {
      await authenticator?.start();
      const addresses = await listeners.open(options.listen);
      health.setServing(true);
      return addresses;
    },
    inject: (connection) => void inject(connection),
    drain() {
      drained ??= drain();
      return drained;
    },
    get draining() {
      return drained !== undefined;
    },
    async prepareCallers(wanted) {
      if (isDeepStrictEqual(wanted, authenticator?.options)) {
        return { authenticator, drop: () => {} };
      }
      const next = wanted === undefined ? undefined : new Authenticator(wanted, deps);
      await next?.start();
      return { authenticator: next, drop: () => next?.stop() };
    },
    configure(wanted, callers) {
      live = wanted;
      guard.configure(wanted.overload);
      connections.configure(wanted);
      bytes.configure(wanted.maxBytesInFlight, wanted.overload.maxConnectionShare);
      if (callers.authenticator !== authenticator) {
        if (authenticator !== undefined) callers.authenticator?.follow(authenticator);
        authenticator?.stop();
        authenticator = callers.authenticator;
        door.setAuthenticator(authenticator);
      }
      // A drain that has begun meanwhile has no use for them.
      if (drained !== undefined) authenticator?.stop();
      status.refresh();
    },
    refreshStatus: () => status.refresh(),
    activeCalls,
    load,
    drainLeftMs,
  };
}
