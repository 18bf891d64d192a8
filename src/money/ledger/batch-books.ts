import { type BatchBooks, BatchStore } from '../batches/batch-store.ts';
import type { StoreClient } from '../store/store-client.ts';
import type { LedgerRecord } from './ledger.ts';

/** What the store of batches does in the worker. */
export type BatchOperations = { readonly [Name in keyof BatchStore]: BatchStore[Name] };

export const BATCH_OPERATIONS = Object.getOwnPropertyNames(BatchStore.prototype).filter(
  (name) => name !== 'constructor',
) as (keyof BatchStore)[];

/** The store of batches in the worker. @param onRecord is told of each record that is booked */
export function batchBooks(
  store: StoreClient<BatchOperations>,
  onRecord: (record: LedgerRecord) => void,
): BatchBooks {
  const asked = BATCH_OPERATIONS.map((name) => [
    name,
    (...values: Parameters<BatchStore[typeof name]>) => store.ask(name, ...values),
  ]);
  const addResults: BatchBooks['addResults'] = async (id, results) => {
    const settled = await store.ask('addResults', id, results);
    const added = new Set(settled.map(({ customId }) => customId));
    for (const { customId, record } of results) {
      if (record !== undefined && added.has(customId)) onRecord(record);
    }
    return settled;
  };
  return { ...Object.fromEntries(asked), addResults };
}
