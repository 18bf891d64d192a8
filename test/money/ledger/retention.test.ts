import { DatabaseSync } from 'node:sqlite';
import { describe, expect, it } from '@jest/globals';
import { databasePath } from '../../../src/money/ledger/directory.ts';
import { Outage } from '../../../src/money/ledger/outage.ts';
import { RecordStore } from '../../../src/money/ledger/record-store.ts';
import { Retention } from '../../../src/money/ledger/retention.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import {
  aCharge,
  aDirectory,
  aLedger,
  anOpening,
  aRecord,
  DAY,
  FakeLog,
  MIDNIGHT,
  recordsIn,
} from './support.ts';

describe('retention', () => {
  it('deletes records of their age, and keeps what they cost', async () => {
    const directory = aDirectory();
    const { ledger, clock } = aLedger({ directory, retentionMs: DAY });
    ledger.open(anOpening({ callId: 'old' })).settle(aCharge());
    clock.advance(DAY - 60_000);
    const endedAt = clock.now();
    ledger.open(anOpening({ callId: 'new' })).settle(aCharge({ endedAt }));
    clock.advance(1_000);
    expect(recordsIn(directory)).toHaveLength(2);
    clock.advance(120_000);
    expect(recordsIn(directory)).toMatchObject([{ call_id: 'new' }]);
    expect((await ledger.sums({ groupBy: [] })).total.attempts).toBe(2);
    expect(ledger.spending(0)).toMatchObject([{ picoDollars: 2_000n }]);
    expect(ledger.spending(MIDNIGHT + DAY)).toEqual([]);
  });

  it('deletes a little at a time', () => {
    const store = new RecordStore(':memory:');
    const records = Array.from({ length: 1_200 }, (_, index) => aRecord(`call-${index}`));
    store.add(records);
    const clock = new FakeClock(MIDNIGHT + 2 * DAY);
    const outage = new Outage('database', new FakeLog());
    const retention = new Retention({ retentionMs: DAY }, { store, outage, clock });
    const left = () => {
      const all = { source: 'records', range: [0, clock.now()] } as const;
      return store.sums(all, { groupBy: [] })[0]?.attempts ?? 0;
    };
    const seen = [0, 0, 0].map(() => {
      clock.advance(100);
      return left();
    });
    expect(seen).toEqual([700, 200, 0]);
    retention.stop();
    expect(clock.pending).toBe(0);
    store.close();
  });

  it('keeps the newest so many where memory must not grow', () => {
    const store = new RecordStore(':memory:');
    const records = [1, 2, 3, 4].map((n) => aRecord(`call-${n}`, { endedAt: MIDNIGHT + n }));
    store.add(records);
    const clock = new FakeClock(MIDNIGHT + 10);
    const outage = new Outage('database', new FakeLog());
    const options = { retentionMs: DAY, maxRecords: 3 };
    const retention = new Retention(options, { store, outage, clock });
    clock.advance(100);
    expect(store.deletedBefore()).toBe(MIDNIGHT + 2);
    expect(store.endOfNewestAfter(2)).toBe(MIDNIGHT + 2);
    expect(store.endOfNewestAfter(3)).toBeUndefined();
    clock.advance(60_000);
    expect(store.endOfNewestAfter(2)).toBe(MIDNIGHT + 2);
    retention.stop();
    store.close();
  });

  it('waits while the database cannot be written', () => {
    const directory = aDirectory();
    const { ledger, clock, log } = aLedger({ directory, retentionMs: DAY });
    ledger.open(anOpening()).settle(aCharge());
    clock.advance(1_000);
    const other = new DatabaseSync(databasePath(directory));
    other.exec('BEGIN IMMEDIATE');
    clock.advance(2 * DAY);
    expect(recordsIn(directory)).toHaveLength(1);
    other.close();
    clock.advance(60_000);
    expect(recordsIn(directory)).toHaveLength(0);
    expect(log.lines).toEqual([
      'error: ledger database cannot be written; calls go on',
      'info: ledger database can be written again',
    ]);
  });
});
