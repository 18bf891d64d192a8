import type { StoreStatus } from '../../core/store-status.ts';
import type { StoreStatus as WireStoreStatus } from '../../gen/tamma/provider/v1/provider.ts';
import { toTimestamp } from './time.ts';

export function toWireStoreStatus({ problem, since, pending }: StoreStatus): WireStoreStatus {
  return {
    healthy: problem === undefined,
    problem: problem ?? '',
    sinceTime: toTimestamp(since),
    pending: BigInt(pending),
  };
}
