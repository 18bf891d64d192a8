import type { StoreStatus } from '../../core/store-status.ts';
import { ErrorReason } from '../../gen/tamma/provider/v1/error.ts';
import * as wire from '../../gen/tamma/provider/v1/provider.ts';
import type {
  AttemptStatistics,
  CacheStatus,
  CircuitState,
  ModelStatus,
  Percentiles,
  RateLeft,
  UpstreamStatus,
} from '../../provider/provider.ts';
import { toCount } from './count.ts';
import { ERROR_REASON } from './enums.ts';
import { toDuration, toTimestamp } from './time.ts';

const CIRCUIT: Record<CircuitState, wire.ModelStatus_Circuit> = {
  closed: wire.ModelStatus_Circuit.CLOSED,
  open: wire.ModelStatus_Circuit.OPEN,
  half_open: wire.ModelStatus_Circuit.HALF_OPEN,
};

export function toWireUpstreamStatus(status: UpstreamStatus): wire.UpstreamStatus {
  const { endpoint, healthy, lastSuccessAt, lastFailureAt, lastFailureReason } = status;
  return {
    target: status.target,
    endpoint,
    healthy,
    lastSuccessTime: lastSuccessAt === undefined ? undefined : toTimestamp(lastSuccessAt),
    lastFailureTime: lastFailureAt === undefined ? undefined : toTimestamp(lastFailureAt),
    lastFailureReason:
      lastFailureReason === undefined ? ErrorReason.UNSPECIFIED : ERROR_REASON[lastFailureReason],
    models: status.models.map(toWireModelStatus),
    keys: toCount(status.keys),
    keysSetAside: toCount(status.keysSetAside),
    ready: status.ready,
    problems: [...status.problems],
  };
}

function toWireModelStatus(status: ModelStatus): wire.ModelStatus {
  return {
    model: status.model,
    circuit: CIRCUIT[status.circuit],
    running: toCount(status.running),
    queued: toCount(status.queued),
    concurrencyLimit: toCount(status.concurrencyLimit),
    ready: status.ready ?? false,
    notReadyReason: status.notReadyReason ?? '',
    circuitChangeTime: time(status.circuitChangedAt),
    nextProbeTime: time(status.nextProbeAt),
    heldUntilTime: time(status.heldUntil),
    heldReason:
      status.heldUntil === undefined ? ErrorReason.UNSPECIFIED : ErrorReason.RATE_LIMIT_EXCEEDED,
    statistics: status.statistics && toWireStatistics(status.statistics),
    headroom: status.headroom && toWireHeadroom(status.headroom),
    queueWait: toDuration(status.queueWaitMs ?? 0),
    pricing: status.pricing && { ...status.pricing },
  };
}

function toWireStatistics(statistics: AttemptStatistics): wire.AttemptStatistics {
  const { windowMs, attempts, failures, timeToFirstToken, duration } = statistics;
  return {
    window: toDuration(windowMs),
    attempts: BigInt(attempts),
    failures: failures.map(({ reason, count }) => ({
      reason: ERROR_REASON[reason],
      count: BigInt(count),
    })),
    timeToFirstToken: timeToFirstToken && toWirePercentiles(timeToFirstToken),
    duration: duration && toWirePercentiles(duration),
    outputTokensPerSecond: statistics.outputTokensPerSecond,
  };
}

function toWirePercentiles({ p50, p95, p99 }: Percentiles): wire.Percentiles {
  return { p50: toDuration(p50), p95: toDuration(p95), p99: toDuration(p99) };
}

function toWireHeadroom({ requests, tokens, fullMs }: RateLeft): wire.Headroom {
  return {
    requests: requests === undefined ? undefined : BigInt(requests),
    tokens: tokens === undefined ? undefined : BigInt(tokens),
    timeToFull: toDuration(fullMs),
  };
}

function time(epochMs: number | undefined) {
  return epochMs === undefined ? undefined : toTimestamp(epochMs);
}

export function toWireStoreStatus({ problem, since, pending }: StoreStatus): wire.StoreStatus {
  return {
    healthy: problem === undefined,
    problem: problem ?? '',
    sinceTime: toTimestamp(since),
    pending: BigInt(pending),
  };
}

export function toWireCacheStatus({ entries, bytes, hits, misses }: CacheStatus): wire.CacheStatus {
  return {
    entries: BigInt(entries),
    bytes: BigInt(bytes),
    hits: BigInt(hits),
    misses: BigInt(misses),
  };
}
