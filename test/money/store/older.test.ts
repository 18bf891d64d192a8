import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync, type SQLOutputValue } from 'node:sqlite';
import { describe, expect, it } from '@jest/globals';
import { BatchStore } from '../../../src/money/batches/batch-store.ts';
import { databasePath, segmentPath } from '../../../src/money/store/directory.ts';
import { migrate, SCHEMA_VERSION } from '../../../src/money/store/schema.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { aDirectory, aLedger, recordsIn } from '../ledger/support.ts';

/**
 * Directories as older versions left them when they were killed: a database for each version of the schema,
 * and a journal with an attempt that was settled and one in flight. They never change; a new version of the
 * schema gets a file of its own before it is released.
 */
const OLDER = Array.from({ length: SCHEMA_VERSION - 1 }, (_, index) => index + 1);

const file = (name: string) => join(__dirname, 'older', name);

function directoryOf(version: number): string {
  const directory = aDirectory();
  writeFileSync(databasePath(directory), '', { mode: 0o600 });
  const database = new DatabaseSync(databasePath(directory));
  // Each statement on its own would wait for the disk.
  database.exec(`BEGIN; ${readFileSync(file(`${version}.sql`), 'utf8')}; COMMIT`);
  database.close();
  copyFileSync(file('journal.jsonl'), segmentPath(directory, 1));
  return directory;
}

/** Its columns and indices, however they came to be. */
function shapeOf(database: DatabaseSync): readonly Record<string, SQLOutputValue>[] {
  return database
    .prepare(
      `SELECT m.type, m.name, c.name AS column, c.type AS of, c."notnull", c.dflt_value, c.pk
       FROM sqlite_master m, pragma_table_info(m.name) c ORDER BY m.name, c.name`,
    )
    .all();
}

describe.each(OLDER)('a directory of version %i', (version) => {
  it('goes on with all that was kept', async () => {
    const directory = directoryOf(version);
    const { ledger, close } = aLedger({ directory }, new FakeClock(1_790_000_100_000));
    expect((await ledger.sums({ groupBy: [] })).total).toMatchObject({
      attempts: 3,
      estimatedAttempts: 1,
      // 123 each, and 3 for each of 10 tokens that were sent.
      picoDollars: 123n + 123n + 30n,
    });
    expect(recordsIn(directory).map(({ call_id: id, outcome }) => [id, outcome])).toEqual([
      ['in-database', 'completed'],
      ['in-flight', 'PROCESS_DIED'],
      ['in-journal', 'completed'],
    ]);
    await close();
    const database = new DatabaseSync(databasePath(directory));
    const fresh = new DatabaseSync(':memory:');
    migrate(fresh);
    expect(shapeOf(database)).toEqual(shapeOf(fresh));
  });
});

it('a batch of version 2 goes on with the first key', () => {
  const database = new DatabaseSync(databasePath(directoryOf(2)));
  migrate(database);
  const store = new BatchStore(database, () => {});
  expect(store.unfinished()).toMatchObject([{ id: 'batch-old', counts: { total: 2 } }]);
  expect(store.parts('batch-old')).toMatchObject([
    { state: 'running', upstreamBatchId: 'batch_1', key: '' },
  ]);
  expect(store.openItems('batch-old', 1, 0, 10)).toHaveLength(2);
});
