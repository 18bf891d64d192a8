import type { Clock } from '../../core/clock.ts';
import { databasePath, takeDirectory } from './directory.ts';
import { Journal } from './journal.ts';
import type { Ledger, LedgerRecord } from './ledger.ts';
import { LedgerError, messageOf } from './ledger-error.ts';
import type { LedgerLog } from './ledger-log.ts';
import { RecordStore } from './record-store.ts';
import { recover } from './recover.ts';
import { SqliteLedger } from './sqlite-ledger.ts';

export interface LedgerOptions {
  /** On a local disk; made if it is missing. Absent: the ledger is in memory and ends with the process. */
  readonly directory?: string;
  /** Single records are deleted once they ended so long ago; daily totals stay. */
  readonly retentionMs: number;
}

export interface LedgerDeps {
  readonly clock: Clock;
  readonly log: LedgerLog;
  /** Is told of each record that is booked, also of those that a process that died has left. */
  readonly onRecord?: (record: LedgerRecord) => void;
}

/** Memory must not grow for ever: some 50 MB. */
const MAX_RECORDS_IN_MEMORY = 100_000;

/**
 * Opens the ledger, and books what a process that died has left in it.
 *
 * @throws LedgerError if another process has the directory, if it cannot be written to, or if a newer
 * version of this program wrote it.
 */
export function openLedger(options: LedgerOptions, deps: LedgerDeps): Ledger {
  const { directory, retentionMs } = options;
  if (directory !== undefined) return openDirectory(directory, retentionMs, deps);
  const retention = { retentionMs, maxRecords: MAX_RECORDS_IN_MEMORY };
  return new SqliteLedger(retention, { store: new RecordStore(':memory:'), ...deps });
}

function openDirectory(directory: string, retentionMs: number, deps: LedgerDeps): Ledger {
  const release = takeDirectory(directory);
  let store: RecordStore | undefined;
  try {
    store = new RecordStore(databasePath(directory));
    const recovered = recover(directory, store, deps.onRecord);
    if (recovered > 0) {
      deps.log.info({ directory, recovered }, 'booked attempts that a process that died had left');
    }
    const journal = new Journal(directory);
    journal.renew([]);
    return new SqliteLedger({ retentionMs }, { store, journal, release, ...deps });
  } catch (cause) {
    store?.close();
    release();
    throw new LedgerError(`the ledger in ${directory} cannot be opened: ${messageOf(cause)}`, {
      cause,
    });
  }
}
