import { describe, expect, it } from '@jest/globals';
import { LedgerError } from '../../../src/money/store/ledger-error.ts';
import {
  DatabaseError,
  errorOf,
  failureOf,
  isDamage,
  SQLITE_CORRUPT,
} from '../../../src/money/store/protocol.ts';
import { StoreDatabase } from '../../../src/money/store/store-database.ts';

const DISK_FULL = 13;

describe('a failure in the thread of the ledger', () => {
  it('of which an operator can mend something comes out as it was', () => {
    const error = errorOf(failureOf(new LedgerError('the directory is gone')));
    expect(error).toBeInstanceOf(LedgerError);
    expect(error.message).toBe('the directory is gone');
    expect(isDamage(error)).toBe(false);
  });

  it('of SQLite says which', () => {
    const thrown = Object.assign(new Error('database or disk is full'), { errcode: DISK_FULL });
    const error = errorOf(failureOf(thrown));
    expect(error).toBeInstanceOf(DatabaseError);
    expect(error).toMatchObject({ message: thrown.message, sqliteCode: DISK_FULL });
    expect(error.stack).toBe(thrown.stack);
    expect(isDamage(error)).toBe(false);
  });

  it('that is nobody else’s is an error all the same', () => {
    const error = errorOf(failureOf('no'));
    expect(error.message).toBe('no');
    expect(error).toMatchObject({ sqliteCode: undefined });
    expect(isDamage(undefined)).toBe(false);
  });

  it.each([
    ['a damaged file', SQLITE_CORRUPT, true],
    ['a file that is no database', 26, true],
    ['one of its kinds', (2 << 8) | SQLITE_CORRUPT, true],
    ['a full disk', DISK_FULL, false],
  ])('is told from %s', (_what, errcode, expected) => {
    expect(isDamage(Object.assign(new Error('no'), { errcode }))).toBe(expected);
  });
});

describe('a transaction', () => {
  it('is done wholly or not at all', () => {
    const database = new StoreDatabase(':memory:');
    database.connection.exec('CREATE TABLE numbers (n INTEGER)');
    const insert = (n: number) => database.prepare('INSERT INTO numbers VALUES (?)').run(n);
    const sum = () => database.prepare('SELECT sum(n) AS sum FROM numbers').get()?.sum;
    database.transaction(() => insert(1));
    const fail = (rollsBack: boolean) => () =>
      database.transaction(() => {
        insert(2);
        // As SQLite does by itself when the disk is full.
        if (rollsBack) database.connection.exec('ROLLBACK');
        throw new Error('disk full');
      });
    expect(fail(false)).toThrow('disk full');
    expect(fail(true)).toThrow('disk full');
    expect(sum()).toBe(1);
    database.check();
    database.close();
  });
});
