import fs from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, describe, expect, it } from '@jest/globals';
import type { Ledger } from '../../../src/money/ledger/ledger.ts';
import { databasePath } from '../../../src/money/store/directory.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import {
  aCharge,
  aDirectory,
  aLedger,
  anOpening,
  costing,
  DAY,
  diskFull,
  FakeLog,
  inThread,
  journalOf,
  leftBy,
  MIDNIGHT,
  openAlone,
  recordsIn,
  restoreDisk,
  segments,
  someUsage,
} from './support.ts';

const totalOf = async (ledger: Ledger) => (await ledger.sums({ groupBy: [] })).total;

/** Somebody else writes to the database until the function it returns is called. */
function busy(directory: string): () => void {
  const database = new DatabaseSync(databasePath(directory));
  database.exec('BEGIN IMMEDIATE');
  return () => database.close();
}

afterEach(restoreDisk);

describe('what is settled', () => {
  it('is in the database a moment later, with everything that is known of it', async () => {
    const directory = aDirectory();
    const { ledger, advance } = aLedger({ directory });
    ledger.open(anOpening()).settle(aCharge(costing(1_234_567_890_123n)));
    expect(recordsIn(directory)).toEqual([]);
    await advance(50);
    expect(recordsIn(directory)).toEqual([
      {
        ended_at: '2026-01-01T00:00:00.500Z',
        started_at: '2026-01-01T00:00:00.000Z',
        call_id: 'call-1',
        attempt: 1,
        trace_id: 'trace-1',
        target: 'default',
        model: 'gpt-5.4-mini',
        user_id: 'user-1',
        project_id: 'project-1',
        service_tier: 'default',
        outcome: 'completed',
        input_tokens: 100,
        output_tokens: 10,
        cache_read_tokens: 40,
        cache_write_tokens: 5,
        reasoning_tokens: 3,
        usage_estimated: false,
        cost_usd: '1.234567890123',
        cost_estimated: false,
        unpriced: false,
        catalogue_version: '2026-01-01',
      },
    ]);
  });

  it('counts at once, whether it was written out or not', async () => {
    const { ledger } = aLedger({ directory: aDirectory() });
    ledger.open(anOpening()).settle(aCharge());
    expect(await totalOf(ledger)).toMatchObject({ attempts: 1, picoDollars: 1_000n });
    ledger.open(anOpening({ callId: 'call-2' })).settle(aCharge());
    expect(await totalOf(ledger)).toMatchObject({ attempts: 2, picoDollars: 2_000n });
  });

  it('is written in batches, one after the other', async () => {
    const directory = aDirectory();
    const { ledger, clock, advance } = aLedger({ directory });
    for (let call = 0; call < 600; call++) {
      ledger.open(anOpening({ callId: `call-${call}` })).settle(aCharge());
    }
    const { pending } = clock;
    await advance(49);
    expect(recordsIn(directory)).toHaveLength(0);
    expect(clock.pending).toBe(pending);
    const written: number[] = [];
    for (let batch = 0; batch < 3; batch++) {
      await advance(1);
      written.push(recordsIn(directory).length);
    }
    expect(written).toEqual([250, 500, 600]);
  });

  it('is written soon even if it was settled while a batch was on its way', async () => {
    const directory = aDirectory();
    const { ledger, clock, advance } = aLedger({ directory });
    ledger.open(anOpening()).settle(aCharge());
    clock.advance(50);
    ledger.open(anOpening({ callId: 'call-2' })).settle(aCharge());
    await advance(50);
    await advance(50);
    ledger.open(anOpening({ callId: 'call-3' })).settle(aCharge());
    await advance(50);
    expect(recordsIn(directory)).toHaveLength(3);
  });

  it('waits for no timer once everything is written', async () => {
    const { ledger, clock, advance } = aLedger({ directory: aDirectory() });
    const idle = clock.pending;
    ledger.open(anOpening()).settle(aCharge());
    await advance(1_000);
    expect(clock.pending).toBe(idle);
  });

  it('is without cost where costs are not tracked', async () => {
    const directory = aDirectory();
    const { ledger, advance } = aLedger({ directory });
    const { cost: _, ...charge } = aCharge();
    ledger.open(anOpening()).settle(charge);
    await advance(50);
    expect(recordsIn(directory)).toMatchObject([
      { cost_usd: null, cost_estimated: null, unpriced: null, catalogue_version: null },
    ]);
    expect(await totalOf(ledger)).toMatchObject({ attempts: 1, picoDollars: 0n });
  });

  it('is rounded to whole milliseconds and tokens', async () => {
    const directory = aDirectory();
    const { ledger, advance } = aLedger({ directory });
    const usage = someUsage({ outputTokens: 10.6, estimated: true });
    ledger
      .open(anOpening({ startedAt: MIDNIGHT + 0.25 }))
      .settle(aCharge({ usage, startedAt: MIDNIGHT + 0.25, endedAt: MIDNIGHT + 7.75 }));
    await advance(50);
    expect(recordsIn(directory)).toMatchObject([
      { output_tokens: 11, ended_at: '2026-01-01T00:00:00.007Z' },
    ]);
  });

  it('is the most that a database holds if it is more', async () => {
    const { ledger } = aLedger();
    ledger.open(anOpening()).settle(aCharge(costing(2n ** 63n)));
    expect(await totalOf(ledger)).toMatchObject({ picoDollars: 2n ** 63n - 1n });
  });

  it('is written also where that is already all that a day holds of its kind', async () => {
    const { ledger, advance } = aLedger({ directory: aDirectory() });
    for (const callId of ['a', 'b']) {
      ledger.open(anOpening({ callId })).settle(aCharge(costing(2n ** 63n - 1n)));
      await advance(50);
    }
    const total = { attempts: 2, picoDollars: 2n ** 63n - 1n };
    expect(await ledger.sums({ groupBy: [] })).toMatchObject({ total, partial: false });
  });

  it('adds up beyond what a number of the database holds', async () => {
    const { ledger } = aLedger();
    const most = 2n ** 63n - 1n;
    for (const userId of ['a', 'b', 'c']) {
      ledger.open(anOpening({ callId: userId, userId })).settle(aCharge(costing(most)));
    }
    expect(await totalOf(ledger)).toMatchObject({ picoDollars: 3n * most });
  });
});

describe('what was told', () => {
  it('is in the journal before anything else happens, exactly', () => {
    const directory = aDirectory();
    const { ledger } = aLedger({ directory });
    ledger.open(anOpening()).settle(aCharge(costing(77n)));
    const left = leftBy(directory);
    aLedger({ directory: left });
    expect(recordsIn(left)).toMatchObject([{ outcome: 'completed', cost_usd: '0.000000000077' }]);
  });
});

describe('what is void', () => {
  it('is in no record, and not in flight any more', async () => {
    const directory = aDirectory();
    const { ledger, advance } = aLedger({ directory });
    ledger.open(anOpening()).void();
    await advance(50);
    const left = leftBy(directory);
    aLedger({ directory: left });
    expect(recordsIn(left)).toEqual([]);
  });

  it('needs no journal', async () => {
    const { ledger, advance } = aLedger();
    ledger.open(anOpening()).void();
    await advance(50);
    expect(await totalOf(ledger)).toMatchObject({ attempts: 0 });
  });
});

describe('what is in flight', () => {
  it('is on disk when the request is sent, without a word of the prompt', () => {
    const directory = aDirectory();
    const { ledger } = aLedger({ directory });
    ledger.open(anOpening({ callId: 'in-flight' }));
    expect(journalOf(directory)).toContain('"callId":"in-flight"');
  });

  it('is nothing before its request is sent', async () => {
    const directory = aDirectory();
    const { ledger, close } = openAlone(
      { directory, retentionMs: DAY },
      { clock: new FakeClock(), log: new FakeLog() },
    );
    const entry = ledger.open(anOpening({ callId: 'not-sent' }));
    entry.progress(3);
    expect(journalOf(directory)).not.toContain('not-sent');
    entry.void();
    expect((await ledger.sums({ groupBy: [] })).total.attempts).toBe(0);
    expect(journalOf(directory)).not.toContain('done');
    await close();
  });

  it('is written down with its output every 50 ms, and only if there is more', async () => {
    const directory = aDirectory();
    const { ledger, advance } = aLedger({ directory });
    const entry = ledger.open(anOpening());
    ledger.open(anOpening({ callId: 'silent' }));
    entry.progress(3);
    entry.progress(5);
    await advance(50);
    await advance(50);
    entry.progress(8);
    await advance(50);
    const progress = journalOf(directory).match(/^\["progress".*$/gm);
    expect(progress).toEqual([
      `["progress",${MIDNIGHT + 50},[[1,5]]]`,
      `["progress",${MIDNIGHT + 150},[[1,8]]]`,
    ]);
  });

  it('is watched again after a pause', async () => {
    const directory = aDirectory();
    const { ledger, advance } = aLedger({ directory });
    ledger.open(anOpening()).settle(aCharge());
    await advance(10_000);
    const entry = ledger.open(anOpening({ callId: 'later' }));
    entry.progress(4);
    await advance(250);
    expect(journalOf(directory)).toContain('[[2,4]]');
  });

  it('is taken over into the next segment, and the old one is deleted', async () => {
    const directory = aDirectory();
    const { ledger, advance } = aLedger({ directory });
    const entry = ledger.open(anOpening({ callId: 'long' }));
    entry.progress(9);
    const [first] = segments(directory);
    for (let call = 0; call < 4_000; call++) {
      ledger.open(anOpening({ callId: `short-${call}` })).settle(aCharge());
    }
    await advance(50);
    for (let batch = 1; batch < 4_000 / 250; batch++) await advance(1);
    expect(segments(directory)).toHaveLength(1);
    expect(segments(directory)).not.toEqual([first]);
    const journal = journalOf(directory);
    expect(journal.length).toBeLessThan(500_000);
    expect(journal).toContain('"callId":"long"');
    expect(journal).toContain('[[1,9]]');
  });
});

describe('while the database cannot be written', () => {
  it('calls go on, it is said once, and everything is written when it can be', async () => {
    const directory = aDirectory();
    const { ledger, advance, log } = aLedger({ directory });
    const release = busy(directory);
    for (let call = 0; call < 3; call++) {
      ledger.open(anOpening({ callId: `call-${call}` })).settle(aCharge());
      await advance(5_000);
    }
    expect(log.lines).toEqual(['error: ledger database cannot be written; calls go on']);
    expect(recordsIn(directory)).toEqual([]);
    release();
    await advance(1_000);
    expect(log.lines.slice(1)).toEqual(['info: ledger database can be written again']);
    expect(recordsIn(directory)).toHaveLength(3);
  });

  it('sums say that they are partial, and the status why', async () => {
    const directory = aDirectory();
    const { ledger, clock, advance } = aLedger({ directory });
    const disk = { freeBytes: expect.any(Number), sizeBytes: expect.any(Number) };
    expect(ledger.status()).toMatchObject({ since: MIDNIGHT, pending: 0, lost: 0, disk });
    const release = busy(directory);
    clock.advance(10);
    ledger.open(anOpening()).settle(aCharge());
    expect(await ledger.sums({ groupBy: [] })).toMatchObject({
      partial: true,
      total: { attempts: 0 },
    });
    expect(ledger.status()).toMatchObject({
      problem: 'The ledger database cannot be written: database is locked.',
      since: MIDNIGHT + 10,
      pending: 1,
      lost: 0,
    });
    release();
    await advance(1_000);
    expect(await ledger.sums({ groupBy: [] })).toMatchObject({
      partial: false,
      total: { attempts: 1 },
    });
    expect(ledger.status()).toMatchObject({ since: MIDNIGHT + 1_010, pending: 0, lost: 0 });
    expect(ledger.status()).not.toHaveProperty('problem');
  });

  it('the journal has what is settled, as it is and once', async () => {
    const directory = aDirectory();
    const { ledger, advance } = aLedger({ directory });
    const release = busy(directory);
    ledger.open(anOpening()).settle(aCharge(costing(77n)));
    await advance(50);
    await advance(10_000);
    expect(journalOf(directory).match(/^\["settled"/gm)).toHaveLength(1);
    const left = leftBy(directory);
    release();
    aLedger({ directory: left });
    expect(recordsIn(left)).toMatchObject([{ outcome: 'completed', cost_usd: '0.000000000077' }]);
  });

  it('a close leaves the rest to the journal', async () => {
    const directory = aDirectory();
    const { ledger, close } = aLedger({ directory });
    const release = busy(directory);
    ledger.open(anOpening()).settle(aCharge(costing(77n)));
    await close();
    release();
    const { log } = aLedger({ directory });
    expect(log.fields).toEqual([{ directory, recovered: 1 }]);
    expect(recordsIn(directory)).toMatchObject([{ cost_usd: '0.000000000077' }]);
  });
});

describe('while the journal cannot be written', () => {
  it('calls go on, it is said once, and what is in flight is in it when it can be', async () => {
    const directory = aDirectory();
    const { ledger, advance, log } = aLedger({ directory });
    diskFull();
    ledger.open(anOpening({ callId: 'lost' })).progress(6);
    ledger.open(anOpening({ callId: 'settled' })).settle(aCharge());
    ledger.open(anOpening({ callId: 'void' })).void();
    await advance(10_000);
    expect(log.lines).toEqual(['error: ledger journal cannot be written; calls go on']);
    expect(recordsIn(directory)).toMatchObject([{ call_id: 'settled' }]);
    restoreDisk();
    await advance(1_000);
    expect(log.lines.slice(1)).toEqual(['info: ledger journal can be written again']);
    expect(segments(directory)).toHaveLength(1);
    const left = leftBy(directory);
    aLedger({ directory: left });
    expect(recordsIn(left)).toMatchObject([
      { call_id: 'settled', output_tokens: 10 },
      { call_id: 'lost', output_tokens: 6, outcome: 'PROCESS_DIED' },
    ]);
  });

  it('nor the database, what is settled is in the journal once that can be written', async () => {
    const directory = aDirectory();
    const { ledger, advance } = aLedger({ directory });
    const release = busy(directory);
    diskFull();
    ledger.open(anOpening()).settle(aCharge(costing(77n)));
    await advance(5_000);
    restoreDisk();
    await advance(1_000);
    const left = leftBy(directory);
    release();
    aLedger({ directory: left });
    expect(recordsIn(left)).toMatchObject([{ cost_usd: '0.000000000077' }]);
  });
});

describe('close', () => {
  it('says what is lost if neither database nor journal can be written', async () => {
    const directory = aDirectory();
    const { ledger, log, close } = aLedger({ directory });
    ledger.open(anOpening({ callId: 'journalled' })).settle(aCharge());
    const release = busy(directory);
    diskFull();
    ledger.open(anOpening({ callId: 'call-2' })).settle(aCharge());
    ledger.open(anOpening({ callId: 'call-3' })).settle(aCharge(costing(5n)));
    await ledger.close();
    expect(ledger.status().lost).toBe(2);
    release();
    await close();
    expect(log.lines.slice(-2)).toEqual([
      'error: lost to the ledger',
      'error: attempts are lost to the ledger: neither its database nor its journal can be written',
    ]);
    expect(log.fields.slice(-2)).toMatchObject([
      { day: '2026-01-01', user_id: 'user-1', attempts: 2, cost_usd: '0.000000001005' },
      { attempts: 2, cost_usd: '0.000000001005' },
    ]);
    restoreDisk();
    aLedger({ directory });
    expect(recordsIn(directory)).toMatchObject([{ call_id: 'journalled' }]);
  });

  it('lets go of its reserve before it gives anything up', async () => {
    const directory = aDirectory();
    const reserve = join(directory, 'ledger.reserve');
    const { ledger, log, close, advance } = aLedger(
      { directory, reserveBytes: 3_000_000 },
      new FakeClock(),
      inThread,
    );
    while (!fs.existsSync(reserve) || fs.statSync(reserve).size < 3_000_000) await advance(0);
    const release = busy(directory);
    const write = fs.writeFileSync;
    diskFull((...args) => {
      if (fs.existsSync(reserve)) throw new Error('ENOSPC');
      write(...args);
    });
    ledger.open(anOpening()).settle(aCharge(costing(77n)));
    await ledger.close();
    expect(ledger.status().lost).toBe(0);
    release();
    await close();
    expect(log.lines).toContain('info: ledger journal can be written again');
    restoreDisk();
    aLedger({ directory });
    expect(recordsIn(directory)).toMatchObject([{ cost_usd: '0.000000000077' }]);
  });

  it('writes out what is left and leaves no journal', async () => {
    const directory = aDirectory();
    const { ledger, close, clock } = aLedger({ directory });
    ledger.open(anOpening()).settle(aCharge());
    await close();
    await close();
    expect(recordsIn(directory)).toHaveLength(1);
    expect(segments(directory)).toEqual([]);
    expect(clock.pending).toBe(0);
  });

  it('leaves what is still in flight to the next start, and takes nothing more', async () => {
    const directory = aDirectory();
    const { ledger, close } = aLedger({ directory });
    const entry = ledger.open(anOpening());
    entry.progress(4);
    await close();
    entry.settle(aCharge());
    ledger.open(anOpening({ callId: 'late' })).settle(aCharge());
    aLedger({ directory });
    expect(recordsIn(directory)).toMatchObject([{ call_id: 'call-1', output_tokens: 4 }]);
  });

  it('ends a ledger in memory', async () => {
    const { ledger, close, clock } = aLedger({}, new FakeClock(), inThread);
    await close();
    expect(clock.pending).toBe(0);
    await expect(ledger.sums({ groupBy: [] })).rejects.toThrow('the ledger is closed');
  });
});
