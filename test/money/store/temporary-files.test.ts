import { existsSync, mkdirSync, readdirSync, readlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { databasePath } from '../../../src/money/store/directory.ts';
import { StoreDatabase } from '../../../src/money/store/store-database.ts';
import { aDirectory } from '../ledger/support.ts';

const OPEN_FILES = '/proc/self/fd';

/** Directories of SQLite's temporary files that this process has open. */
function temporaryFiles(): readonly string[] {
  return readdirSync(OPEN_FILES).flatMap((fd) => {
    try {
      const path = readlinkSync(`${OPEN_FILES}/${fd}`);
      return path.includes('/etilqs_') ? [dirname(path)] : [];
    } catch {
      return [];
    }
  });
}

function whileItSorts(path: string): readonly string[] {
  const database = new StoreDatabase(path);
  const sorted = database
    .prepare(
      `WITH RECURSIVE many(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM many WHERE n < 50000)
        SELECT hex(randomblob(100)) AS value FROM many ORDER BY value`,
    )
    .iterate();
  sorted.next();
  const found = temporaryFiles();
  sorted.return?.();
  database.close();
  return found;
}

// Elsewhere nobody can see which files are open.
(existsSync(OPEN_FILES) ? describe : describe.skip)(
  'what is sorted and too large for memory',
  () => {
    it.each(['plain', "with a 'quote"])('goes beside the database, in a directory %s', (name) => {
      const directory = join(aDirectory(), name);
      mkdirSync(directory);
      const found = whileItSorts(databasePath(directory));
      expect(found.length).toBeGreaterThan(0);
      expect(new Set(found)).toEqual(new Set([directory]));
    });

    it('goes nowhere where the database is in memory', () => {
      expect(whileItSorts(':memory:')).toEqual([]);
    });
  },
);
