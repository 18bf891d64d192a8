import { describe, expect, it } from '@jest/globals';
import { Backlog } from '../../../src/money/ledger/backlog.ts';
import { aRecord, storeInMemory } from './support.ts';

const MAX_WAITING = 100_000;

describe('backlog', () => {
  it('keeps the totals alone of what is too much, and loses no spend', () => {
    const { records } = storeInMemory();
    const backlog = new Backlog();
    const stored = aRecord('call');
    for (let number = 1; number <= MAX_WAITING + 2; number++) backlog.add(number, stored, false);
    const batch = backlog.next();
    // Meanwhile there is one more.
    backlog.add(MAX_WAITING + 3, stored, false);
    expect(batch.numbers.slice(-2)).toEqual([MAX_WAITING + 1, MAX_WAITING + 2]);
    records.add(batch.records, batch.excess);
    backlog.landed(batch);
    // One record, as they all have the same key, and two of which the totals alone are known.
    expect(records.sumsFrom('', { groupBy: [] })).toMatchObject([
      { attempts: 3, picoDollars: 3_000n },
    ]);
    expect(backlog.next()).toMatchObject({ excess: [{ attempts: 1, picoDollars: 1_000n }] });
    for (let left = backlog.size; left > 0; left = backlog.size) backlog.landed(backlog.next());
    expect(backlog.next()).toEqual({ records: [], excess: [], numbers: [] });
  });

  it('keeps a batch until it is known to be in the database', () => {
    const backlog = new Backlog();
    backlog.add(1, aRecord('call'), false);
    expect(backlog.next()).toEqual(backlog.next());
    expect([...backlog.lines()]).toMatchObject([{ type: 'settled', number: 1 }]);
    expect(backlog.empty).toBe(false);
  });
});

describe('the tables', () => {
  it('take all of a batch or nothing', () => {
    const { records } = storeInMemory();
    const good = aRecord('good');
    const bad = { ...aRecord('bad'), openedAt: Number.NaN };
    expect(() => records.add([good, bad])).toThrow('NOT NULL');
    expect(records.firstDay()).toBeUndefined();
    expect(records.add([good])).toEqual([good]);
  });
});
