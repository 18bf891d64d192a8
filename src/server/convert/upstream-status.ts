import { ErrorReason } from '../../gen/tamma/provider/v1/error.ts';
import * as wire from '../../gen/tamma/provider/v1/provider.ts';
import type { CircuitState, ModelStatus, UpstreamStatus } from '../../provider/provider.ts';
import { toCount } from './count.ts';
import { ERROR_REASON } from './enums.ts';
import { toTimestamp } from './time.ts';

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
    ready: false,
    problems: [],
  };
}

function toWireModelStatus(status: ModelStatus): wire.ModelStatus {
  return {
    model: status.model,
    circuit: CIRCUIT[status.circuit],
    running: toCount(status.running),
    queued: toCount(status.queued),
    concurrencyLimit: toCount(status.concurrencyLimit),
    ready: false,
    notReadyReason: '',
    circuitChangeTime: undefined,
    nextProbeTime: undefined,
    heldUntilTime: status.heldUntil === undefined ? undefined : toTimestamp(status.heldUntil),
    heldReason:
      status.heldUntil === undefined ? ErrorReason.UNSPECIFIED : ErrorReason.RATE_LIMIT_EXCEEDED,
    statistics: undefined,
    headroom: undefined,
    queueWait: undefined,
    pricing: undefined,
  };
}
