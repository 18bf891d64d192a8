import { BatchStore } from '../batches/batch-store.ts';
import type { Operations } from '../store/protocol.ts';
import type { StorePlace } from '../store/serve-stores.ts';
import { BATCH_OPERATIONS } from './batch-books.ts';
import { RecordStore } from './record-store.ts';

/** The store of batches as the worker opens it: a result and what it cost are kept together. */
export function batchStore({ database }: StorePlace): Operations {
  const records = new RecordStore(database);
  const store = new BatchStore(database.connection, (charges) => {
    records.insert(charges.map((record) => ({ openedAt: record.startedAt, record })));
  });
  return Object.fromEntries(
    BATCH_OPERATIONS.map((name) => [
      name,
      (...values: unknown[]) => Reflect.apply(store[name], store, values),
    ]),
  );
}
