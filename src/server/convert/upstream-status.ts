import { ErrorReason } from '../../gen/tamma/provider/v1/error.ts';
import type * as wire from '../../gen/tamma/provider/v1/provider.ts';
import type { UpstreamStatus } from '../../provider/provider.ts';
import { ERROR_REASON } from './enums.ts';
import { toTimestamp } from './time.ts';

export function toWireUpstreamStatus(status: UpstreamStatus): wire.UpstreamStatus {
  const { endpoint, healthy, lastSuccessAt, lastFailureAt, lastFailureReason } = status;
  return {
    target: '',
    models: [],
    keys: 1,
    keysSetAside: 0,
    endpoint,
    healthy,
    lastSuccessTime: lastSuccessAt === undefined ? undefined : toTimestamp(lastSuccessAt),
    lastFailureTime: lastFailureAt === undefined ? undefined : toTimestamp(lastFailureAt),
    lastFailureReason:
      lastFailureReason === undefined ? ErrorReason.UNSPECIFIED : ERROR_REASON[lastFailureReason],
  };
}
