import type { StoreStatus } from '../../gen/tamma/provider/v1/provider.ts';
import type { LedgerStatus } from '../../money/ledger/ledger.ts';
import { toTimestamp } from './time.ts';

export function toWireStoreStatus({ problem, since, pending }: LedgerStatus): StoreStatus {
  return {
    healthy: problem === undefined,
    problem: problem ?? '',
    sinceTime: toTimestamp(since),
    pending: BigInt(pending),
  };
}
