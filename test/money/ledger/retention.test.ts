import { randomBytes, randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { Outage } from '../../../src/money/ledger/outage.ts';
import { Retention } from '../../../src/money/ledger/retention.ts';
import { databasePath } from '../../../src/money/store/directory.ts';
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
  storeInMemory,
} from './support.ts';

describe('retention', () => {
  it('deletes records of their age, and keeps what they cost', async () => {
    const directory = aDirectory();
    const { ledger, clock, advance } = aLedger({ directory, retentionMs: DAY });
    ledger.open(anOpening({ callId: 'old' })).settle(aCharge());
    await advance(DAY - 60_000);
    const endedAt = clock.now();
    ledger.open(anOpening({ callId: 'new' })).settle(aCharge({ endedAt }));
    await advance(1_000);
    expect(recordsIn(directory)).toHaveLength(2);
    await advance(120_000);
    await advance(60_000);
    expect(recordsIn(directory)).toMatchObject([{ call_id: 'new' }]);
    expect((await ledger.sums({ groupBy: [] })).total.attempts).toBe(2);
    expect(ledger.spending(0)).toMatchObject([{ picoDollars: 2_000n }]);
    expect(ledger.spending(MIDNIGHT + DAY)).toEqual([]);
  });

  it('has at most 320 bytes for each attempt, by which the page of deployment counts', () => {
    const { records, database } = storeInMemory();
    const bytes = () =>
      Number(
        database
          .prepare(
            'SELECT page_count * page_size AS size FROM pragma_page_count(), pragma_page_size()',
          )
          .get()?.size,
      );
    const before = bytes();
    const many = Array.from({ length: 5_000 }, (_, index) => {
      const startedAt = MIDNIGHT + index * 1_000;
      const charge = { startedAt, endedAt: startedAt + 2_000 };
      const { openedAt, record } = aRecord(randomUUID(), charge, {
        userId: `user-${index % 100}`,
        projectId: 'web-shop',
      });
      return { openedAt, record: { ...record, traceId: randomBytes(16).toString('hex') } };
    });
    records.add(many);
    expect((bytes() - before) / many.length).toBeLessThan(320);
    expect((bytes() - before) / many.length).toBeGreaterThan(240);
    const page = readFileSync('docs/deploy.md', 'utf8');
    expect(page).toContain('an attempt takes 320 bytes');
    expect(2 ** 30 / 320 / 90).toBeGreaterThan(37_000);
  });

  it('deletes a little at a time', async () => {
    const { store, records: tables } = storeInMemory();
    const records = Array.from({ length: 1_200 }, (_, index) => aRecord(`call-${index}`));
    tables.add(records);
    const clock = new FakeClock(MIDNIGHT + 2 * DAY);
    const outage = new Outage('database', new FakeLog(), clock);
    const retention = new Retention({ retentionMs: DAY }, { store, outage, clock });
    const left = () => {
      const all = { source: 'records', range: [0, clock.now()] } as const;
      return tables.sums(all, { groupBy: [] })[0]?.attempts ?? 0;
    };
    const seen: number[] = [];
    for (let tick = 0; tick < 3; tick++) {
      clock.advance(100);
      await turn();
      seen.push(left());
    }
    expect(seen).toEqual([700, 200, 0]);
    retention.stop();
    expect(clock.pending).toBe(0);
  });

  it('keeps the newest so many where memory must not grow', async () => {
    const { store, records: tables } = storeInMemory();
    const records = [1, 2, 3, 4].map((n) => aRecord(`call-${n}`, { endedAt: MIDNIGHT + n }));
    tables.add(records);
    const clock = new FakeClock(MIDNIGHT + 10);
    const outage = new Outage('database', new FakeLog(), clock);
    const options = { retentionMs: DAY, maxRecords: 3 };
    const retention = new Retention(options, { store, outage, clock });
    clock.advance(100);
    await turn();
    expect(tables.deletedBefore()).toBe(MIDNIGHT + 2);
    expect(tables.endOfNewestAfter(2)).toBe(MIDNIGHT + 2);
    expect(tables.endOfNewestAfter(3)).toBeUndefined();
    clock.advance(60_000);
    await turn();
    expect(tables.endOfNewestAfter(2)).toBe(MIDNIGHT + 2);
    retention.stop();
  });

  it('waits while the database cannot be written', async () => {
    const directory = aDirectory();
    const { ledger, advance, log } = aLedger({ directory, retentionMs: DAY });
    ledger.open(anOpening()).settle(aCharge());
    await advance(1_000);
    const other = new DatabaseSync(databasePath(directory));
    other.exec('BEGIN IMMEDIATE');
    await advance(2 * DAY);
    expect(recordsIn(directory)).toHaveLength(1);
    other.close();
    await advance(60_000);
    expect(recordsIn(directory)).toHaveLength(0);
    expect(log.lines).toEqual([
      'error: ledger database cannot be written; calls go on',
      'info: ledger database can be written again',
    ]);
  });
});
