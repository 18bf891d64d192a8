import { DatabaseSync } from 'node:sqlite';
import { describe, expect, it } from '@jest/globals';
import { databasePath } from '../../../src/money/store/directory.ts';
import { migrate, SCHEMA_VERSION, schemaVersion } from '../../../src/money/store/schema.ts';
import { aCharge, aDirectory, aLedger, anOpening, recordsIn } from '../ledger/support.ts';

describe('the schema of the ledger', () => {
  it('is brought up to date from nothing, and left alone then', () => {
    const database = new DatabaseSync(':memory:');
    expect(schemaVersion(database)).toBe(0);
    migrate(database);
    expect(schemaVersion(database)).toBe(SCHEMA_VERSION);
    migrate(database);
    expect(schemaVersion(database)).toBe(SCHEMA_VERSION);
    database.close();
  });

  it('keeps what is there when the ledger is opened again', async () => {
    const directory = aDirectory();
    const { ledger, close } = aLedger({ directory });
    ledger.open(anOpening()).settle(aCharge());
    await close();
    aLedger({ directory });
    expect(recordsIn(directory)).toHaveLength(1);
  });

  it('is refused, and not touched, if it is newer than the program', async () => {
    const directory = aDirectory();
    await aLedger({ directory }).close();
    const database = new DatabaseSync(databasePath(directory));
    database.exec(`PRAGMA user_version = ${SCHEMA_VERSION + 1}`);
    const message = `its schema has version ${SCHEMA_VERSION + 1}, and this program knows ${SCHEMA_VERSION}: a newer version wrote it; start that one`;
    expect(() => aLedger({ directory })).toThrow(message);
    expect(() => recordsIn(directory)).toThrow(message);
    expect(schemaVersion(database)).toBe(SCHEMA_VERSION + 1);
    database.close();
  });
});
