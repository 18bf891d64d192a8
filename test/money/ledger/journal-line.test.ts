import { describe, expect, it } from '@jest/globals';
import { type JournalLine, readLine, writeLine } from '../../../src/money/ledger/journal-line.ts';
import { anOpening, aRecord, storeInMemory } from './support.ts';

function unpriced() {
  const { prices: _, ...opening } = anOpening();
  return opening;
}

function untracked() {
  const { openedAt, record } = aRecord('call-1');
  const { cost: _, ...rest } = record;
  return { openedAt, record: rest };
}

const COST = { picoDollars: 1n, catalogueVersion: 'v', estimated: false, unpriced: false };

const LINES: readonly JournalLine[] = [
  { type: 'journal', version: 1 },
  { type: 'opened', number: 7, opening: anOpening({ userId: 'naïve "user"\n\u2028' }) },
  { type: 'opened', number: 8, opening: unpriced() },
  {
    type: 'progress',
    now: 1_767_225_600_000.25,
    tokens: [
      [7, 12],
      [8, 0],
    ],
  },
  { type: 'settled', number: 7, stored: aRecord('call-1') },
  { type: 'settled', number: 8, stored: untracked() },
  { type: 'done', numbers: [7, 8] },
  {
    type: 'kept',
    place: { id: 'resp_1', upstream: 'default', endpoint: 'https://api.openai.com', key: 0 },
  },
  { type: 'gone', id: 'resp_1' },
];

/** With each bit turned, and with what makes another number of one in each place. */
function* spoiled(text: string): Generator<string> {
  const bytes = Buffer.from(text);
  for (const [at, byte] of bytes.entries()) {
    const others = Array.from({ length: 8 }, (_, bit) => byte ^ (1 << bit));
    for (const other of [...others, ...Buffer.from('e-.9')]) {
      const copy = Buffer.from(bytes);
      copy[at] = other;
      yield copy.toString();
    }
  }
}

describe('a line of the journal', () => {
  it.each(LINES)('says the same when it is read: $type', (line) => {
    const text = writeLine(line);
    expect(text.indexOf('\n')).toBe(text.length - 1);
    expect(readLine(text)).toEqual(line);
  });

  it.each(LINES)('is not taken for whole when any part of it is missing: $type', (line) => {
    const text = writeLine(line).trimEnd();
    for (let length = 0; length < text.length; length++) {
      expect(readLine(text.slice(0, length))).toBeUndefined();
    }
  });

  it.each(LINES)('can be booked, or is not read, whatever byte of it is spoiled: $type', (line) => {
    const { records } = storeInMemory();
    for (const text of spoiled(writeLine(line).trimEnd())) {
      const read = readLine(text);
      if (read?.type === 'settled') {
        records.add([read.stored]);
        expect(read.stored.record.cost?.picoDollars ?? 0n).toBeGreaterThanOrEqual(0n);
      }
      const counts =
        read?.type === 'opened'
          ? [read.opening.startedAt, read.opening.inputTokens]
          : read?.type === 'progress' && [read.now, ...read.tokens.flat()];
      for (const count of counts || []) {
        expect(count).toBeGreaterThanOrEqual(0);
        expect(new Date(count).getTime()).not.toBeNaN();
      }
    }
  });

  it.each([
    ['a time without a date', { endedAt: 9e15 }],
    ['half an attempt', { attempt: 0.5 }],
    [
      'a count beyond all numbers',
      { usage: { ...aRecord('a').record.usage, outputTokens: 1e300 } },
    ],
    ['a cost below nothing', { cost: { ...COST, picoDollars: -1n } }],
    ['a cost that no flag marks', { cost: { ...COST, unpriced: 1 as never } }],
  ])('is not read if it cannot be booked: %s', (_what, fields) => {
    const { openedAt, record } = aRecord('call-1');
    const stored = { openedAt, record: { ...record, ...fields } };
    expect(readLine(writeLine({ type: 'settled', number: 7, stored }))).toBeUndefined();
  });

  it.each([
    ...['', 'nonsense', '{}', '7', '[]', '["other",1]', '\0\0\0', '["opened",1,null]'],
    ...['["progress",7,null]', '["progress",7,{}]', '["done",null]', '["done",7]'],
    ...['["progress",null,[]]', '["progress",7,[[1,"x"]]]', '["progress",7,[[1,1e999]]]'],
    '["kept",{"id":"a","upstream":"b","endpoint":"c","key":"d"}]',
    ...['["kept",null]', '["kept",{}]', '["settled",1,{}]', '["opened",1,{}]'],
  ])('is not read from %j', (text) => {
    expect(readLine(text)).toBeUndefined();
  });
});
