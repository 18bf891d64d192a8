import {
  accessSync,
  closeSync,
  constants,
  existsSync,
  lstatSync,
  mkdtempSync,
  openSync,
  readdirSync,
  renameSync,
  rmdirSync,
  type Stats,
  statSync,
} from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { makeDirectory } from '../../core/make-directory.ts';
import { LedgerError, messageOf } from './ledger-error.ts';

/** Who called what at what price is nobody's business but the sidecar's user. */
const OWNER_ONLY_DIRECTORY = 0o700;
const OWNER_ONLY_FILE = 0o600;
const WRITABLE_BY_OTHERS = 0o022;

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
 * @throws LedgerError if another ledger has it, it cannot be written to, or others can write to it.
 */
export function takeDirectory(directory: string): () => void {
  try {
    makeDirectory(resolve(directory), OWNER_ONLY_DIRECTORY);
    checkOwnership(directory);
    accessSync(directory, constants.R_OK | constants.W_OK | constants.X_OK);
    const path = join(directory, 'ledger.lock');
    createFile(path);
    // SQLite gives the modes of the database to the files that it makes beside it.
    createFile(databasePath(directory));
    const lock = lockedAt(path);
    return () => lock.close();
  } catch (cause) {
    throw isBusy(cause)
      ? new LedgerError(`the ledger in ${directory} is in use by another process`, { cause })
      : new LedgerError(`there can be no ledger in ${directory}: ${messageOf(cause)}`, { cause });
  }
}

function lockedAt(path: string): DatabaseSync {
  try {
    const lock = new DatabaseSync(path);
    lock.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE');
    return lock;
  } catch (cause) {
    // SQLite does not say of which file it speaks.
    throw isBusy(cause) ? cause : new LedgerError(`${path}: ${messageOf(cause)}`, { cause });
  }
}

/**
 * Why `takeDirectory` would fail, however often it is asked: nothing is made, and who has it now is not
 * looked at. Undefined: it would not.
 */
export function directoryProblem(directory: string): string | undefined {
  try {
    if (existsSync(directory)) {
      checkOwnership(directory);
      accessSync(directory, constants.R_OK | constants.W_OK | constants.X_OK);
    } else {
      let above = dirname(resolve(directory));
      while (!existsSync(above)) above = dirname(above);
      // Some file systems let nobody make anything, whatever they say of rights.
      rmdirSync(mkdtempSync(join(above, '.check-')));
    }
    return undefined;
  } catch (error) {
    return messageOf(error);
  }
}

/** Whether the database is a file with nothing in it. SQLite takes that for a new one. */
export function isEmpty(directory: string): boolean {
  return statSync(databasePath(directory), { throwIfNoEntry: false })?.size === 0;
}

/** Moves a damaged database away. Returns the path that it has from now on. */
export function setAside(directory: string, now: Date): string {
  const path = databasePath(directory);
  const aside = `${path}.damaged-${now.toISOString().replaceAll(':', '-')}`;
  renameSync(path, aside);
  for (const suffix of ['-wal', '-shm']) {
    if (existsSync(path + suffix)) renameSync(path + suffix, aside + suffix);
  }
  createFile(path);
  return aside;
}

/** Files by which somebody else could change what was spent, or learn of it. */
const KEPT = /^(ledger|cache|shared-totals|sidecar-name|batches)/;

/** The directory and what is kept in it: neither follows a link, and nobody else can write to it. */
function checkOwnership(directory: string): void {
  const stats = lstatSync(directory);
  if (!stats.isSymbolicLink() && !stats.isDirectory()) throw new LedgerError('it is no directory');
  checkOwner(directory, stats);
  for (const name of readdirSync(directory)) {
    const path = join(directory, name);
    if (KEPT.test(name)) checkOwner(path, lstatSync(path));
  }
}

function checkOwner(path: string, stats: Stats): void {
  if (stats.isSymbolicLink()) {
    throw new LedgerError(`${path} is a symbolic link; name what it points to`);
  }
  const user = process.geteuid?.();
  if (user !== undefined && stats.uid !== user) {
    throw new LedgerError(
      `${path} belongs to user ${stats.uid}, and this process runs as ${user}; give it a directory of its own, such as a new one inside`,
    );
  }
  if (user !== undefined && (stats.mode & WRITABLE_BY_OTHERS) !== 0) {
    throw new LedgerError(
      `${path} can be written by others (mode ${(stats.mode & 0o7777).toString(8)}); chmod go-w it, or name a new directory inside`,
    );
  }
}

/** For its owner alone. Never opens what is there: to close it again would end SQLite's locks on it. */
export function createFile(path: string): void {
  if (!existsSync(path)) closeSync(openSync(path, 'wx', OWNER_ONLY_FILE));
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
