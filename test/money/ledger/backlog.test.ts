import { describe, expect, it } from '@jest/globals';
import { Backlog } from '../../../src/money/ledger/backlog.ts';
import { RecordStore } from '../../../src/money/ledger/record-store.ts';
import { aRecord } from './support.ts';

const MAX_WAITING = 100_000;

describe('backlog', () => {
  it('keeps the totals alone of what is too much, and loses no spend', () => {
    const backlog = new Backlog();
    const stored = aRecord('call');
    for (let number = 1; number <= MAX_WAITING; number++) backlog.add(number, stored);
    backlog.add(MAX_WAITING + 1, stored);
    backlog.add(MAX_WAITING + 2, stored);
    let waiting = 0n;
    for (const [, { picoDollars }] of backlog.dailyShares()) waiting += picoDollars;
    expect(waiting).toBe(1_000n * BigInt(MAX_WAITING + 2));

    const store = new RecordStore(':memory:');
    const numbers = backlog.moveTo(store);
    expect(numbers.slice(-2)).toEqual([MAX_WAITING + 1, MAX_WAITING + 2]);
    // One record, as they all have the same key, and two of which the totals alone are known.
    expect(store.sumsFrom('', { groupBy: [] })).toMatchObject([
      { attempts: 3, picoDollars: 3_000n },
    ]);
    store.close();
  });

  it('is as it was if the database does not take it', () => {
    const backlog = new Backlog();
    backlog.add(1, aRecord('call'));
    const store = new RecordStore(':memory:');
    store.close();
    expect(() => backlog.moveTo(store)).toThrow('database is not open');
    expect([...backlog.lines('all')]).toMatchObject([{ type: 'settled', number: 1 }]);
    expect(backlog.empty).toBe(false);
  });

  it('adds all of a batch or nothing', () => {
    const store = new RecordStore(':memory:');
    const good = aRecord('good');
    const bad = { ...aRecord('bad'), openedAt: Number.NaN };
    expect(() => store.add([good, bad])).toThrow('NOT NULL');
    expect(store.firstDay()).toBeUndefined();
    expect(store.add([good])).toEqual([good]);
    store.close();
  });
});
