/**
 * A worker that makes the sidecar checkpoint without end: it writes pages to the log of the same database,
 * and leaves it to the sidecar to move them on with its next batch of records.
 */
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { workerData } from 'node:worker_threads';

/** Of a page each: SQLite moves a log on that has more than 1,000. Few, so that the sidecar has its turn. */
const RECORDS = 100;
const PAUSE_MS = 50;
const BUSY_MS = 1_000;

const { path, from, until } = workerData;
const database = new DatabaseSync(path, { timeout: BUSY_MS });
database.exec('PRAGMA wal_autocheckpoint = 0');
const touch =
  database.prepare(`UPDATE records SET trace_id = hex(randomblob(16)) WHERE ended_at IN (
  SELECT ended_at FROM records WHERE ended_at >= ? ORDER BY ended_at LIMIT 1)`);
for (;;) {
  database.exec('BEGIN IMMEDIATE');
  for (let count = 0; count < RECORDS; count += 1) {
    touch.run(from + Math.floor(Math.random() * (until - from)));
  }
  database.exec('COMMIT');
  await sleep(PAUSE_MS);
}
