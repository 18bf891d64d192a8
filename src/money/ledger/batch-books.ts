import { type BatchBooks, BatchStore } from '../batches/batch-store.ts';
import type { LedgerRecord } from './ledger.ts';

/** The store of batches, a turn later. @param onRecord is told of each record that is booked */
export function batchBooks(
  store: BatchStore,
  onRecord: (record: LedgerRecord) => void,
): BatchBooks {
  const names = Object.getOwnPropertyNames(BatchStore.prototype) as (keyof BatchStore)[];
  const later = names.map((name) => [
    name,
    async (...values: unknown[]) => Reflect.apply(store[name], store, values),
  ]);
  const addResults: BatchBooks['addResults'] = async (id, results) => {
    const settled = store.addResults(id, results);
    const added = new Set(settled.map(({ customId }) => customId));
    for (const { customId, record } of results) {
      if (record !== undefined && added.has(customId)) onRecord(record);
    }
    return settled;
  };
  return { ...Object.fromEntries(later), addResults };
}
