import { mkdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { segmentNumbers, segmentPath, takeDirectory } from '../../../src/money/store/directory.ts';
import { aCharge, aDirectory, aLedger, anOpening } from '../ledger/support.ts';

const modeOf = (path: string) => statSync(path).mode & 0o777;

describe('the directory of the ledger', () => {
  it('is made for its owner alone, and so is all that is in it', () => {
    const directory = join(aDirectory(), 'a', 'ledger');
    const { ledger, clock } = aLedger({ directory });
    ledger.open(anOpening()).settle(aCharge());
    clock.advance(100);
    expect(modeOf(directory)).toBe(0o700);
    for (const name of ['ledger.sqlite', 'ledger.sqlite-wal', 'ledger.sqlite-shm', 'ledger.lock']) {
      expect([name, modeOf(join(directory, name))]).toEqual([name, 0o600]);
    }
  });

  it('is refused to a second ledger, by name', () => {
    const directory = aDirectory();
    aLedger({ directory });
    expect(() => aLedger({ directory })).toThrow(
      `the ledger in ${directory} is in use by another process`,
    );
  });

  it('may be taken again once the ledger is closed', async () => {
    const directory = aDirectory();
    const { close } = aLedger({ directory });
    await close();
    expect(() => aLedger({ directory })).not.toThrow();
  });

  it('is let go of if the ledger cannot be opened', () => {
    const directory = aDirectory();
    writeFileSync(join(directory, 'ledger.sqlite'), 'this is no database, but something else');
    expect(() => aLedger({ directory })).toThrow(
      `the ledger in ${directory} cannot be opened: file is not a database`,
    );
    takeDirectory(directory)();
  });

  it('is named if it cannot be a directory', () => {
    const path = join(aDirectory(), 'file');
    writeFileSync(path, '');
    expect(() => takeDirectory(path)).toThrow(`there can be no ledger in ${path}: EEXIST`);
  });

  it('holds segments in order of their numbers, and other files that are none', () => {
    const directory = aDirectory();
    for (const number of [10, 9, 123_456_789]) writeFileSync(segmentPath(directory, number), '');
    mkdirSync(join(directory, 'ledger-journal-x.jsonl'));
    expect(segmentNumbers(directory)).toEqual([9, 10, 123_456_789]);
  });
});
