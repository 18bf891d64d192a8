import { mkdirSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import {
  EXPORT_COLUMNS,
  type ExportRow,
  exportRows,
} from '../../../src/money/ledger/export-rows.ts';
import { exportText } from '../../../src/money/ledger/export-text.ts';
import { databasePath } from '../../../src/money/store/directory.ts';
import { aCharge, aDirectory, aLedger, anOpening, MIDNIGHT, recordsIn } from './support.ts';

function aRow(overrides: Partial<ExportRow> = {}): ExportRow {
  const empty = Object.fromEntries(EXPORT_COLUMNS.map((column) => [column, null]));
  return { ...empty, ...overrides } as ExportRow;
}

const csvOf = (row: ExportRow) => [...exportText([row], 'csv')].join('').split('\r\n')[1];

async function tenCalls(directory: string) {
  const { ledger, close, advance } = aLedger({ directory });
  for (let call = 0; call < 10; call++) {
    const times = { startedAt: MIDNIGHT, endedAt: MIDNIGHT + 100 - call };
    ledger.open(anOpening({ callId: `call-${call}` })).settle(aCharge(times));
  }
  await advance(50);
  return { ledger, close, advance };
}

describe('rows of an export', () => {
  it('come in order of their end, from a time on and until another', async () => {
    const directory = aDirectory();
    await tenCalls(directory);
    const calls = (range: object) => Array.from(exportRows(directory, range), (row) => row.call_id);
    expect(calls({})).toHaveLength(10);
    expect(calls({ from: MIDNIGHT + 98 })).toEqual(['call-2', 'call-1', 'call-0']);
    expect(calls({ until: MIDNIGHT + 93 })).toEqual(['call-9', 'call-8']);
  });

  it('are those of one moment, however long it takes and whatever is written meanwhile', async () => {
    const directory = aDirectory();
    const { ledger, advance } = await tenCalls(directory);
    const rows = exportRows(directory, {});
    rows.next();
    for (let call = 10; call < 500; call++) {
      const times = { startedAt: MIDNIGHT, endedAt: MIDNIGHT + 200 };
      ledger.open(anOpening({ callId: `call-${call}` })).settle(aCharge(times));
      if (call % 50 === 0) await advance(50);
    }
    await advance(50);
    await advance(50);
    expect([...rows]).toHaveLength(9);
    expect(recordsIn(directory)).toHaveLength(500);
  });

  it('can be read of a ledger that nobody writes', async () => {
    const directory = aDirectory();
    const { close } = await tenCalls(directory);
    await close();
    expect(recordsIn(directory)).toHaveLength(10);
  });

  it('let go of the ledger when nobody wants more', async () => {
    const directory = aDirectory();
    const { close } = await tenCalls(directory);
    for (const row of exportRows(directory, {})) {
      expect(row.call_id).toBe('call-9');
      break;
    }
    await close();
    expect(() => aLedger({ directory })).not.toThrow();
  });

  it('cannot be read where there is no ledger, or no usable one', () => {
    const directory = aDirectory();
    expect(() => recordsIn(directory)).toThrow(`There is no ledger in ${directory}.`);
    writeFileSync(databasePath(directory), '');
    expect(() => recordsIn(directory)).toThrow('an older version wrote it');
    writeFileSync(databasePath(directory), 'something else than a database');
    expect(() => recordsIn(directory)).toThrow(
      `The ledger in ${directory} cannot be read: file is not a database.`,
    );
  });

  it('cannot be read if the database cannot be opened', () => {
    const directory = aDirectory();
    mkdirSync(databasePath(directory));
    expect(() => recordsIn(directory)).toThrow(`The ledger in ${directory} cannot be read: `);
  });
});

describe('text of an export', () => {
  it('is JSON Lines', () => {
    const row = aRow({ call_id: 'a\nb', input_tokens: 7, usage_estimated: true, cost_usd: '0.1' });
    const [text = '', ...more] = exportText([row], 'jsonl');
    expect(more).toEqual([]);
    expect(text.trimEnd().split('\n')).toHaveLength(1);
    expect(JSON.parse(text)).toEqual(row);
  });

  it('is CSV with its names in the first line, even if there are no rows', () => {
    expect([...exportText([], 'csv')]).toEqual([`${EXPORT_COLUMNS.join(',')}\r\n`]);
    expect([...exportText([], 'jsonl')]).toEqual([]);
  });

  it('leaves what is not known empty in CSV', () => {
    expect(csvOf(aRow({ attempt: 2, unpriced: false }))).toBe(',,,2,,,,,,,,,,,,,,,,false,');
  });

  it.each([
    ['plain', 'plain'],
    ['naïve', 'naïve'],
    ['a,b', '"a,b"'],
    ['a;b', '"a;b"'],
    ['say "hi"', '"say ""hi"""'],
    ['two\nlines', '"two\nlines"'],
    ['=1+1', "'=1+1"],
    ['+1', "'+1"],
    ['-1', "'-1"],
    ['@SUM(A1)', "'@SUM(A1)"],
    ['\t=1', '"\'\t=1"'],
    ['\r=1', '"\'\r=1"'],
    ['＝1', "'＝1"],
    ['=HYPERLINK("http://x","y")', '"\'=HYPERLINK(""http://x"",""y"")"'],
  ])('writes the user %j as %s', (user, field) => {
    const text = [...exportText([aRow({ user_id: user })], 'csv')].join('');
    expect(text.slice(text.indexOf('\r\n') + 2)).toBe(`,,,,,,,${field},,,,,,,,,,,,,\r\n`);
  });

  it('comes in pieces of a bounded size', () => {
    function* manyRows() {
      for (let row = 0; row < 2_000; row++) yield aRow({ call_id: `call-${row}` });
    }
    const pieces = [...exportText(manyRows(), 'jsonl')];
    expect(pieces.length).toBeGreaterThan(5);
    expect(Math.max(...pieces.map(({ length }) => length))).toBeLessThan(70_000);
    expect(pieces.join('').trimEnd().split('\n')).toHaveLength(2_000);
  });
});
