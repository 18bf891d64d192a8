import {
  chmodSync,
  mkdirSync,
  readdirSync,
  rmdirSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, jest } from '@jest/globals';
import {
  databasePath,
  directoryProblem,
  segmentNumbers,
  segmentPath,
  takeDirectory,
} from '../../../src/money/store/directory.ts';
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

  it('can be looked at before it is taken, and nothing is made', () => {
    const directory = aDirectory();
    const below = join(directory, 'a', 'b');
    expect([directory, below].map(directoryProblem)).toEqual([undefined, undefined]);
    expect(readdirSync(directory)).toEqual([]);
    expect(directoryProblem('/proc/x/y')).toMatch(/^ENOENT/);
    writeFileSync(join(directory, 'file'), '');
    expect(directoryProblem(join(directory, 'file'))).toBe('it is no directory');
    chmodSync(directory, 0o777);
    expect(directoryProblem(directory)).toMatch(/can be written by others/);
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
    mkdirSync(databasePath(directory));
    expect(() => aLedger({ directory })).toThrow(`the ledger in ${directory} cannot be opened: `);
    rmdirSync(databasePath(directory));
    takeDirectory(directory)();
  });

  it('is named if it cannot be a directory', () => {
    const path = join(aDirectory(), 'file');
    writeFileSync(path, '');
    expect(() => takeDirectory(path)).toThrow(
      `there can be no ledger in ${path}: it is no directory`,
    );
  });

  it('is refused with the name of a lock that is none', () => {
    const directory = aDirectory();
    const lock = join(directory, 'ledger.lock');
    writeFileSync(lock, 'no database, and longer than its first page is'.repeat(100));
    expect(() => takeDirectory(directory)).toThrow(
      `there can be no ledger in ${directory}: ${lock}: file is not a database`,
    );
  });

  it('is refused at once where the kernel makes none', () => {
    expect(() => takeDirectory('/proc/x')).toThrow('there can be no ledger in /proc/x: ENOENT');
    const file = join(aDirectory(), 'file');
    writeFileSync(file, '');
    expect(() => takeDirectory(join(file, 'x'))).toThrow('ENOTDIR');
  });

  it('is refused if others can write to it, or to what is in it', () => {
    const directory = aDirectory();
    for (const mode of [0o777, 0o1777, 0o770, 0o702]) {
      chmodSync(directory, mode);
      expect(() => takeDirectory(directory)).toThrow(
        `${directory} can be written by others (mode ${mode.toString(8)}); chmod go-w it`,
      );
    }
    chmodSync(directory, 0o755);
    const path = segmentPath(directory, 1);
    writeFileSync(path, '');
    chmodSync(path, 0o666);
    expect(() => takeDirectory(directory)).toThrow(`${path} can be written by others (mode 666)`);
  });

  it('is refused if it is a link, or something in it is', () => {
    const directory = aDirectory();
    const link = join(aDirectory(), 'link');
    symlinkSync(directory, link);
    expect(() => takeDirectory(link)).toThrow(`${link} is a symbolic link; name what it points to`);
    symlinkSync(join(link, 'elsewhere'), databasePath(directory));
    expect(() => takeDirectory(directory)).toThrow(`${databasePath(directory)} is a symbolic link`);
  });

  it('is refused if it belongs to somebody else', () => {
    const directory = aDirectory();
    const { uid } = statSync(directory);
    jest.spyOn(process, 'geteuid').mockReturnValue(uid + 1);
    expect(() => takeDirectory(directory)).toThrow(
      `${directory} belongs to user ${uid}, and this process runs as ${uid + 1}`,
    );
    jest.restoreAllMocks();
  });

  it('holds segments in order of their numbers, and other files that are none', () => {
    const directory = aDirectory();
    for (const number of [10, 9, 123_456_789]) writeFileSync(segmentPath(directory, number), '');
    mkdirSync(join(directory, 'ledger-journal-x.jsonl'));
    expect(segmentNumbers(directory)).toEqual([9, 10, 123_456_789]);
  });
});
