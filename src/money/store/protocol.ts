import { LedgerError, messageOf } from './ledger-error.ts';

/**
 * What a store does in the worker: operations by name, each synchronous, one at a time. What they take
 * and return is cloned between the threads: plain data, bigints and bytes, but no classes.
 */
// biome-ignore lint/suspicious/noExplicitAny: the types of each store say what its operations take.
export type Operations = Readonly<Record<string, (...args: any[]) => unknown>>;

/** How the worker is started. */
export interface StoreOptions {
  /** On a local disk; made if it is missing. Absent: the database is in memory and ends with the process. */
  readonly directory?: string;
  /**
   * What becomes of a damaged database: the start is refused, or it is moved aside and a new one begun.
   * Default: refuse.
   */
  readonly onCorruption?: 'refuse' | 'keep_aside';
  /** Bytes of the disk that are held for a stop while it is full. Default: 0. */
  readonly reserveBytes?: number;
}

/** Value of the first reply. */
export interface Opened {
  /** Path of a damaged database that was moved away. Absent: there was none. */
  readonly aside?: string;
}

/** `workerData` of the thread. */
export interface WorkerStart {
  readonly options: StoreOptions;
  /** It takes the place of a thread that died in this process, whose journal is nobody's to recover. */
  readonly isReplacement: boolean;
  readonly port: import('node:worker_threads').MessagePort;
  /** Counts replies, for who waits for one without an event loop. */
  readonly replies: Int32Array<SharedArrayBuffer>;
}

export interface StoreRequest {
  readonly id: number;
  readonly store: string;
  readonly operation: string;
  readonly args: readonly unknown[];
}

/** The first reply has the id OPENED: the database is open, or cannot be. */
export type StoreReply =
  | { readonly id: number; readonly value: unknown }
  | { readonly id: number; readonly failure: StoreFailure };

export const OPENED = 0;

/** An error as it travels: a clone keeps neither class nor codes. */
export interface StoreFailure {
  readonly message: string;
  readonly stack?: string;
  /** Of SQLite: its primary result code. */
  readonly sqliteCode?: number;
  /** An operator can do something about it. */
  readonly isLedgerError: boolean;
}

/** What SQLite, or the file system below it, refused. */
export class DatabaseError extends Error {
  /** SQLite's primary result code, such as 13: the disk is full. Absent: not SQLite's. */
  readonly sqliteCode?: number;

  constructor(message: string, sqliteCode?: number) {
    super(message);
    this.name = 'DatabaseError';
    if (sqliteCode !== undefined) this.sqliteCode = sqliteCode;
  }
}

/** SQLite's primary result codes of a damaged file, and of one that is no database. */
export const SQLITE_CORRUPT = 11;
const SQLITE_NOTADB = 26;

/** Whether the file is damaged. */
export function isDamage(thrown: unknown): boolean {
  const code = thrown instanceof DatabaseError ? thrown.sqliteCode : sqliteCodeOf(thrown);
  return code === SQLITE_CORRUPT || code === SQLITE_NOTADB;
}

/** SQLite's primary result code of what was thrown; undefined: none. */
export function sqliteCodeOf(thrown: unknown): number | undefined {
  if (typeof thrown !== 'object' || thrown === null || !('errcode' in thrown)) return undefined;
  return Number(thrown.errcode) & 0xff;
}

export function failureOf(thrown: unknown): StoreFailure {
  const sqliteCode = sqliteCodeOf(thrown);
  return {
    message: messageOf(thrown),
    isLedgerError: thrown instanceof LedgerError,
    ...(thrown instanceof Error && thrown.stack !== undefined && { stack: thrown.stack }),
    ...(sqliteCode !== undefined && { sqliteCode }),
  };
}

export function errorOf({ message, stack, sqliteCode, isLedgerError }: StoreFailure): Error {
  const error = isLedgerError ? new LedgerError(message) : new DatabaseError(message, sqliteCode);
  // Where it happened: here it only arrives.
  if (stack !== undefined) error.stack = stack;
  return error;
}

/** The database could not be opened: no other reply follows. */
export function isFailedStart(
  reply: StoreReply,
): reply is Extract<StoreReply, { failure: unknown }> {
  return reply.id === OPENED && 'failure' in reply;
}

/** @throws LedgerError or DatabaseError if it tells of a failure */
export function answerIn(reply: StoreReply): unknown {
  if ('failure' in reply) throw errorOf(reply.failure);
  return reply.value;
}
