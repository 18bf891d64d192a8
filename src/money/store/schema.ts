import type { DatabaseSync } from 'node:sqlite';
import { BATCH_TABLES } from '../batches/schema.ts';
import { LedgerError } from './ledger-error.ts';

/**
 * Each brings the schema one version further; `PRAGMA user_version` counts those that were applied.
 * Only ever append to the list.
 *
 * Records are in order of time, so that new ones are appended and old ones deleted in runs of pages;
 * in order of random call ids each would dirty a page of its own. Times are whole milliseconds since
 * the epoch, money whole pico-dollars (an attempt may cost up to 9.2 million dollars), days ISO 8601.
 */
const MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE records (
    opened_at INTEGER NOT NULL,
    call_id TEXT NOT NULL,
    attempt INTEGER NOT NULL,
    trace_id TEXT NOT NULL,
    started_at INTEGER NOT NULL,
    ended_at INTEGER NOT NULL,
    target TEXT NOT NULL,
    model TEXT NOT NULL,
    user_id TEXT NOT NULL,
    project_id TEXT NOT NULL,
    service_tier TEXT NOT NULL,
    outcome TEXT NOT NULL,
    input_tokens INTEGER NOT NULL,
    output_tokens INTEGER NOT NULL,
    cache_read_tokens INTEGER NOT NULL,
    cache_write_tokens INTEGER NOT NULL,
    reasoning_tokens INTEGER NOT NULL,
    usage_estimated INTEGER NOT NULL,
    pico_dollars INTEGER,
    cost_estimated INTEGER,
    unpriced INTEGER,
    catalogue_version TEXT,
    PRIMARY KEY (opened_at, call_id, attempt)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX records_by_end ON records (ended_at);

  CREATE TABLE days (
    day TEXT NOT NULL,
    model TEXT NOT NULL,
    user_id TEXT NOT NULL,
    project_id TEXT NOT NULL,
    target TEXT NOT NULL,
    outcome TEXT NOT NULL,
    attempts INTEGER NOT NULL,
    estimated_attempts INTEGER NOT NULL,
    unpriced_attempts INTEGER NOT NULL,
    input_tokens INTEGER NOT NULL,
    output_tokens INTEGER NOT NULL,
    cache_read_tokens INTEGER NOT NULL,
    cache_write_tokens INTEGER NOT NULL,
    reasoning_tokens INTEGER NOT NULL,
    pico_dollars INTEGER NOT NULL,
    PRIMARY KEY (day, model, user_id, project_id, target, outcome)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE retention (deleted_before INTEGER NOT NULL) STRICT;
  INSERT INTO retention VALUES (0);
  `,
  BATCH_TABLES,
  // Which key's project a file and a batch belong to.
  `ALTER TABLE batch_parts ADD COLUMN key TEXT NOT NULL DEFAULT ''`,
];

export const SCHEMA_VERSION = MIGRATIONS.length;

/**
 * Brings the schema up to date.
 *
 * @throws LedgerError if it is newer than this program.
 */
export function migrate(database: DatabaseSync): void {
  const version = schemaVersion(database);
  refuseNewer(version);
  MIGRATIONS.slice(version).forEach((migration, index) => {
    database.exec(
      `BEGIN IMMEDIATE; ${migration}; PRAGMA user_version = ${version + index + 1}; COMMIT`,
    );
  });
}

/** 0 if there is none yet. */
export function schemaVersion(database: DatabaseSync): number {
  return Number(database.prepare('PRAGMA user_version').get()?.user_version);
}

export function refuseNewer(version: number): void {
  if (version > SCHEMA_VERSION) {
    throw new LedgerError(
      `its schema has version ${version}, and this program knows ${SCHEMA_VERSION}: a newer version wrote it; start that one, or name another directory`,
    );
  }
}
