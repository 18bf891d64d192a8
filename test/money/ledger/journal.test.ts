import fs from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from '@jest/globals';
import { Journal } from '../../../src/money/ledger/journal.ts';
import type { JournalLine } from '../../../src/money/ledger/journal-line.ts';
import { aDirectory, anOpening, diskFull, journalOf, restoreDisk, segments } from './support.ts';

const DONE: JournalLine = { type: 'done', numbers: [1] };
const HEAD = '["journal",1]\n';

function aJournal() {
  const directory = aDirectory();
  const journal = new Journal(directory);
  return { directory, journal };
}

afterEach(restoreDisk);

describe('journal', () => {
  it('is on disk as soon as it is appended to, for its owner alone', () => {
    const { directory, journal } = aJournal();
    journal.renew([]);
    journal.append(DONE);
    expect(journalOf(directory)).toBe(`${HEAD}["done",[1]]\n`);
    const [name = ''] = segments(directory);
    expect(fs.statSync(join(directory, name)).mode & 0o777).toBe(0o600);
    journal.close();
  });

  it('is broken and takes nothing until it begins', () => {
    const { directory, journal } = aJournal();
    expect(journal.broken).toBe(true);
    expect(journal.large).toBe(false);
    journal.append(DONE);
    expect(segments(directory)).toEqual([]);
  });

  it('deletes what came before once it has begun anew', () => {
    const { directory, journal } = aJournal();
    journal.renew([]);
    journal.append(DONE);
    journal.renew([{ type: 'done', numbers: [2] }]);
    expect(segments(directory)).toHaveLength(1);
    expect(journalOf(directory)).toBe(`${HEAD}["done",[2]]\n`);
    journal.close();
  });

  it('is large after a mebibyte, and after twice what it took over if that is more', () => {
    const { journal } = aJournal();
    const opened: JournalLine = {
      type: 'opened',
      number: 1,
      opening: anOpening({ userId: 'u'.repeat(600_000) }),
    };
    journal.renew([]);
    journal.append(opened);
    expect(journal.large).toBe(false);
    journal.append(opened);
    expect(journal.large).toBe(true);
    journal.renew([opened, opened]);
    expect(journal.large).toBe(false);
    journal.append(opened);
    journal.append(opened);
    expect(journal.large).toBe(false);
    journal.append(opened);
    expect(journal.large).toBe(true);
    journal.close();
  });

  it('is broken by a write that fails, so that nothing follows half a line', () => {
    const { directory, journal } = aJournal();
    journal.renew([]);
    diskFull();
    expect(() => journal.append(DONE)).toThrow('ENOSPC');
    expect(journal.broken).toBe(true);
    restoreDisk();
    journal.append(DONE);
    expect(journalOf(directory)).toBe(HEAD);
    journal.renew([DONE]);
    expect(journal.broken).toBe(false);
    expect(segments(directory)).toHaveLength(1);
    journal.close();
  });

  it('goes on as it was if it cannot begin anew', () => {
    const { directory, journal } = aJournal();
    journal.renew([]);
    diskFull();
    expect(() => journal.renew([DONE])).toThrow('ENOSPC');
    restoreDisk();
    expect(segments(directory)).toHaveLength(1);
    journal.append(DONE);
    expect(journalOf(directory)).toBe(`${HEAD}["done",[1]]\n`);
    journal.close();
  });

  it('leaves its files when it is closed, and none when it is removed', () => {
    const { directory, journal } = aJournal();
    journal.renew([]);
    journal.close();
    expect(segments(directory)).toHaveLength(1);
    journal.remove();
    expect(segments(directory)).toEqual([]);
  });
});
