import type { ServerWritableStream } from '@grpc/grpc-js';
import { status } from '@grpc/grpc-js';
import {
  type HealthCheckRequest,
  type HealthCheckResponse,
  type HealthServer,
  HealthService,
  HealthCheckResponse_ServingStatus as ServingStatus,
} from '../gen/grpc/health/v1/health.ts';
import { callStream } from './listener/call-stream.ts';
import { MAX_WATCHES, Places } from './status/places.ts';

/** grpc.health.v1.Health, whose watches can be ended. */
export interface Health {
  readonly definition: typeof HealthService;
  readonly implementation: HealthServer;
  /** Sets every name but `liveness`; watchers are told of a change. NOT_SERVING at first. */
  setServing(serving: boolean): void;
  /**
   * For the drain: sets NOT_SERVING, then ends all watches with OK, because the server's graceful
   * shutdown waits for them otherwise. A watch that comes later is told the status and ended.
   */
  endWatches(): void;
}

/** SERVING as long as the process answers. Not tied to the upstream, which no restart mends. */
const LIVENESS = 'liveness';
/** SERVING from the start until the drain, as is the empty name, which means the whole server. */
const READINESS = 'readiness';

type WatchStream = ServerWritableStream<HealthCheckRequest, HealthCheckResponse>;

interface Watch {
  readonly stream: WatchStream;
  readonly service: string;
  /** What was last sent. */
  status: ServingStatus;
}

/** @param services full names, each of which can be asked for. */
export function createHealth(services: readonly string[]): Health {
  const names = new Set(['', ...services, LIVENESS, READINESS]);
  const watches = new Set<Watch>();
  const places = new Places(MAX_WATCHES);
  let current: ServingStatus = ServingStatus.NOT_SERVING;
  let ended = false;

  function statusOf(name: string): ServingStatus {
    if (!names.has(name)) return ServingStatus.SERVICE_UNKNOWN;
    return name === LIVENESS ? ServingStatus.SERVING : current;
  }

  function watch(stream: WatchStream): void {
    const leave = places.enter(callStream(stream)?.session ?? stream);
    if (leave === undefined) {
      stream.emit('error', { code: status.RESOURCE_EXHAUSTED, details: 'too many watches' });
      return;
    }
    stream.on('close', leave);
    const { service } = stream.request;
    const added = { stream, service, status: statusOf(service) };
    stream.write({ status: added.status });
    if (ended) {
      stream.end();
      return;
    }
    watches.add(added);
    stream.on('close', () => watches.delete(added));
  }

  function setServing(serving: boolean): void {
    current = serving ? ServingStatus.SERVING : ServingStatus.NOT_SERVING;
    for (const watched of watches) {
      const changed = statusOf(watched.service);
      if (changed === watched.status) continue;
      watched.status = changed;
      watched.stream.write({ status: changed });
    }
  }

  return {
    definition: HealthService,
    implementation: {
      check({ request }, callback) {
        if (names.has(request.service)) callback(null, { status: statusOf(request.service) });
        else callback({ code: status.NOT_FOUND, details: 'unknown service' });
      },
      list(_call, callback) {
        const statuses = [...names].map((name) => [name, { status: statusOf(name) }] as const);
        callback(null, { statuses: Object.fromEntries(statuses) });
      },
      watch,
    },
    setServing,
    endWatches() {
      ended = true;
      setServing(false);
      for (const { stream } of watches) stream.end();
      watches.clear();
    },
  };
}
