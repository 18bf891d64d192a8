import { Server, type ServiceDefinition, type UntypedServiceImplementation } from '@grpc/grpc-js';
import { IAIBatchProviderService } from '../gen/tamma/provider/v1/batch_provider.ts';
import { IAIProviderService } from '../gen/tamma/provider/v1/provider.ts';
import { guardArrivals } from './arrivals/arrivals.ts';
import type { Door } from './arrivals/door.ts';
import type { Inbound } from './arrivals/inbound.ts';
import { setHttp2Options } from './http2-options.ts';
import type { ServerDeps, ServerOptions } from './options.ts';
import { assertComplete } from './rpc/raw-service.ts';
import { traceLibraryCalls } from './telemetry/library-telemetry.ts';

/** The methods whose requests hold a conversation. */
const LARGE_REQUESTS: ReadonlySet<string> = new Set(
  [
    IAIProviderService.sendMessage,
    IAIProviderService.sendMessageSync,
    IAIProviderService.countTokens,
    IAIBatchProviderService.createBatch,
  ].map(({ path }) => path),
);

/** Time a connection has to answer a ping, in ms. */
const PING_TIMEOUT_MS = 20_000;

interface Service {
  readonly definition: ServiceDefinition;
  readonly implementation: UntypedServiceImplementation;
}

interface Guards extends Pick<ServerDeps, 'tracer' | 'instruments' | 'clock'> {
  readonly inbound: Inbound;
  readonly door: Door;
}

/**
 * The server of grpc-js that has these services, behind what guards them.
 *
 * @throws Error if a method has no handler
 */
export function createGrpcJsServer(
  options: ServerOptions,
  guards: Guards,
  services: readonly Service[],
): Server {
  const server = new Server({
    'grpc.max_receive_message_length': options.maxMessageBytes,
    'grpc.max_send_message_length': -1,
    'grpc.max_concurrent_streams': options.maxConcurrentStreams,
    // Its books cost a third of sending a message.
    'grpc.enable_channelz': 0,
    interceptors: [guards.inbound.interceptor],
    // A connection that does nothing, not even the preface of HTTP/2, answers no ping.
    'grpc.keepalive_time_ms': options.stallTimeoutMs,
    'grpc.keepalive_timeout_ms': Math.min(options.stallTimeoutMs, PING_TIMEOUT_MS),
  });
  setHttp2Options(server);
  const paths = new Set<string>();
  const isKnown = (path: string) => paths.has(path);
  guardArrivals(server, {
    large: LARGE_REQUESTS,
    clock: guards.clock,
    door: guards.door,
    onCall: traceLibraryCalls({ ...guards, isKnown }),
  });
  for (const { definition, implementation } of services) {
    assertComplete(definition, implementation);
    server.addService(definition, implementation);
    for (const { path } of Object.values(definition)) paths.add(path);
  }
  return server;
}
