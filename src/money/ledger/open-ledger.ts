import type { Clock } from '../../core/clock.ts';
import type { AnswerPlace } from '../../core/upstream-answers.ts';
import { Disk } from '../store/disk.ts';
import { LedgerError, messageOf } from '../store/ledger-error.ts';
import type { StoreOptions } from '../store/protocol.ts';
import type { Stores } from '../store/store-client.ts';
import type { BatchOperations } from './batch-books.ts';
import { Journal, keptLines } from './journal.ts';
import type { Ledger, LedgerRecord } from './ledger.ts';
import type { LedgerLog } from './ledger-log.ts';
import type { LedgerOperations } from './ledger-store.ts';
import { SqliteLedger } from './sqlite-ledger.ts';

/** Where records are kept, and for how long. */
export interface LedgerOptions extends StoreOptions {
  /** Single records are deleted once they ended so long ago; daily totals stay. */
  readonly retentionMs: number;
}

export interface LedgerDeps {
  /** With the directory of the options, or in memory as they are. */
  readonly stores: Stores;
  readonly clock: Clock;
  readonly log: LedgerLog;
  /** Is told of each record that is booked, also of those that a process that died has left. */
  readonly onRecord?: (record: LedgerRecord) => void;
}

/** Memory must not grow for ever: some 50 MB. */
const MAX_RECORDS_IN_MEMORY = 100_000;

/**
 * Opens the ledger in the thread that keeps it, and tells what a process that died has left in it.
 *
 * @throws LedgerError if its journal cannot be written
 */
export function openLedger(options: LedgerOptions, deps: LedgerDeps): Ledger {
  const { directory, retentionMs } = options;
  const store = deps.stores.client<LedgerOperations>('ledger');
  const batches = deps.stores.client<BatchOperations>('batches');
  if (directory === undefined) {
    return new SqliteLedger(
      { retentionMs, maxRecords: MAX_RECORDS_IN_MEMORY },
      { store, batches, ...deps },
    );
  }
  const { records, kept } = store.askNow('recovered');
  if (records.length > 0) {
    deps.log.info(
      { directory, recovered: records.length },
      'booked attempts that a process that died had left',
    );
  }
  for (const record of records) deps.onRecord?.(record);
  const journal = newJournal(directory, kept);
  const disk = new Disk(directory, deps.clock);
  return new SqliteLedger({ retentionMs }, { store, batches, journal, disk, kept, ...deps });
}

function newJournal(directory: string, kept: readonly AnswerPlace[]): Journal {
  const journal = new Journal(directory);
  try {
    journal.renew(keptLines(kept));
  } catch (cause) {
    throw new LedgerError(`the ledger in ${directory} cannot be opened: ${messageOf(cause)}`, {
      cause,
    });
  }
  return journal;
}
