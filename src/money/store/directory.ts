import { closeSync, mkdirSync, openSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { LedgerError, messageOf } from './ledger-error.ts';

/** Who called what at what price is nobody's business but the sidecar's user. */
const OWNER_ONLY_DIRECTORY = 0o700;
const OWNER_ONLY_FILE = 0o600;

const SEGMENT = /^ledger-journal-(\d+)\.jsonl$/;

export const databasePath = (directory: string): string => join(directory, 'ledger.sqlite');

export const segmentPath = (directory: string, number: number): string =>
  join(directory, `ledger-journal-${String(number).padStart(8, '0')}.jsonl`);

/** Numbers of the journal's segments, oldest first. */
export function segmentNumbers(directory: string): readonly number[] {
  return readdirSync(directory)
    .flatMap((name) => SEGMENT.exec(name)?.slice(1) ?? [])
    .map(Number)
    .sort((a, b) => a - b);
}

/**
 * Makes the directory if it is missing, and takes it for this process until the function it returns
 * is called or the process dies, in whatever way.
 *
 * The lock is SQLite's on a file of its own, hence the kernel's: there is nothing stale to take over
 * after a kill, and process ids, which are 1 in every container, play no part.
 *
 * @throws LedgerError if another ledger has it, or it cannot be written to.
 */
export function takeDirectory(directory: string): () => void {
  try {
    mkdirSync(directory, { recursive: true, mode: OWNER_ONLY_DIRECTORY });
    const path = join(directory, 'ledger.lock');
    createFile(path);
    // SQLite gives the modes of the database to the files that it makes beside it.
    createFile(databasePath(directory));
    const lock = new DatabaseSync(path);
    lock.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE');
    return () => lock.close();
  } catch (cause) {
    throw isBusy(cause)
      ? new LedgerError(`the ledger in ${directory} is in use by another process`, { cause })
      : new LedgerError(`there can be no ledger in ${directory}: ${messageOf(cause)}`, { cause });
  }
}

function createFile(path: string): void {
  closeSync(openSync(path, 'a', OWNER_ONLY_FILE));
}

const SQLITE_BUSY = 5;

function isBusy(cause: unknown): boolean {
  return (
    typeof cause === 'object' &&
    cause !== null &&
    'errcode' in cause &&
    cause.errcode === SQLITE_BUSY
  );
}
