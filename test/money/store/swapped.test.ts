import { copyFileSync, renameSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import type { LedgerOperations } from '../../../src/money/ledger/ledger-store.ts';
import { databasePath } from '../../../src/money/store/directory.ts';
import { FileRenewed, StoreDatabase } from '../../../src/money/store/store-database.ts';
import { StoreThread } from '../../../src/money/store-thread/store-thread.ts';
import { aDirectory, aRecord, recordsIn } from '../ledger/support.ts';

const callsIn = (directory: string) => recordsIn(directory).map((row) => row.call_id);

describe('a database whose file is taken from under it', () => {
  it('by deletion is written anew with all that it had, for its owner alone', () => {
    const path = databasePath(aDirectory());
    const database = new StoreDatabase(path);
    database.connection.exec('CREATE TABLE kept (value)');
    const add = (value: number) =>
      database.transaction(() => database.prepare('INSERT INTO kept VALUES (?)').run(value));
    add(1);
    rmSync(path);
    expect(() => add(2)).toThrow(FileRenewed);
    database.close();
    expect(statSync(path).mode & 0o777).toBe(0o600);
    const renewed = new StoreDatabase(path);
    expect(renewed.prepare('SELECT value FROM kept').all()).toEqual([{ value: 1 }]);
    renewed.close();
  });

  it('by another file takes nothing more, and leaves that as it is', () => {
    const path = databasePath(aDirectory());
    const database = new StoreDatabase(path);
    copyFileSync(path, `${path}.copy`);
    renameSync(`${path}.copy`, path);
    const { size } = statSync(path);
    expect(() => database.transaction(() => {})).toThrow('another file stands in place of');
    expect(statSync(path).size).toBe(size);
    database.close();
  });

  it('with its directory goes on in it', () => {
    const directory = aDirectory();
    const database = new StoreDatabase(databasePath(directory));
    renameSync(directory, `${directory}-moved`);
    expect(database.transaction(() => 'done')).toBe('done');
    database.close();
    renameSync(`${directory}-moved`, directory);
  });

  it('by deletion of all that is in the directory loses nothing that was in it', async () => {
    const directory = aDirectory();
    const stores = new StoreThread({ directory });
    const client = stores.client<LedgerOperations>('ledger');
    await client.ask('add', [aRecord('before')], []);
    for (const name of ['ledger.sqlite', 'ledger.sqlite-wal', 'ledger.sqlite-shm', 'ledger.lock']) {
      rmSync(join(directory, name), { force: true });
    }
    await expect(client.ask('add', [aRecord('lost?')], [])).rejects.toThrow('was deleted');
    // What is asked while the thread ends rejects, too; who writes records tries again.
    const again = (): Promise<void> =>
      client.ask('add', [aRecord('lost?')], []).catch(() => again());
    await again();
    await stores.close();
    expect(callsIn(directory)).toEqual(['before', 'lost?']);
  });
});
