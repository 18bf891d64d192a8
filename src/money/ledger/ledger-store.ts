import { releaseReserve } from '../store/reserve.ts';
import type { StorePlace } from '../store/serve-stores.ts';
import type { LedgerQuery, LedgerSums, Spending } from './ledger.ts';
import type { StoredRecord } from './record-rows.ts';
import { RecordStore } from './record-store.ts';
import { type Recovered, recover } from './recover.ts';
import type { RetentionOptions } from './retention.ts';
import { SumsReading, toSums } from './sums.ts';
import { dayOf, Groups, type Labels, type Totals } from './totals.ts';

/** What the ledger does in the worker. */
export type LedgerOperations = ReturnType<typeof ledgerStore>;

const NOTHING: Recovered = { records: [], kept: [] };

const SPENDERS: LedgerQuery = { groupBy: ['model', 'userId', 'projectId'] };

/** The ledger as the worker opens it: books what a process that died has left. Every operation throws what SQLite throws. */
export function ledgerStore({ database, directory, isReplacement }: StorePlace) {
  const store = new RecordStore(database);
  let recovered = directory === undefined || isReplacement ? NOTHING : recover(directory, store);
  let reading: SumsReading | undefined;
  return {
    /** What a process that died had left; its records were booked just now. Tells it once. */
    recovered: (): Recovered => {
      const told = recovered;
      recovered = NOTHING;
      return told;
    },
    /** Makes room on a disk that is full, for the last that is written. */
    releaseReserve: (): void => {
      if (directory !== undefined) releaseReserve(directory);
    },
    /** Adds records, and `more` to the daily totals, all or nothing. */
    add: (records: readonly StoredRecord[], more: readonly (Labels & Totals)[]): void => {
      store.add(records, more);
    },
    /** Since a midnight UTC in epoch ms. */
    spending: (since: number): readonly Spending[] =>
      store.sumsFrom(dayOf(since), SPENDERS).map(({ model, userId, projectId, picoDollars }) => ({
        model,
        userId,
        projectId,
        picoDollars,
      })),
    /** Begins to read a sum, in parts so that others have their turn in between, and ends any other. */
    beginSums: (query: LedgerQuery, now: number): void => {
      reading = new SumsReading(store, query, now);
    },
    /** Reads a part. Whether there are more. */
    readOn: (): boolean => reading?.readOn() ?? false,
    endSums: (): LedgerSums => {
      const sums = reading?.end() ?? toSums(new Groups(), { groupBy: [] });
      reading = undefined;
      return sums;
    },
    /** Deletes old records, at most `limit`. Returns how many. */
    deleteOld: (options: RetentionOptions, now: number, limit: number): number =>
      store.deleteBefore(cutoff(store, options, now), limit),
  };
}

function cutoff(store: RecordStore, options: RetentionOptions, now: number): number {
  const tooOld = now - options.retentionMs;
  if (options.maxRecords === undefined) return tooOld;
  const tooMany = store.endOfNewestAfter(options.maxRecords);
  return tooMany === undefined ? tooOld : Math.max(tooOld, tooMany + 1);
}
