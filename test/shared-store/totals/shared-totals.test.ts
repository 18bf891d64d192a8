import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Charge } from '../../../src/core/call-record.ts';
import type { Clock, Timer } from '../../../src/core/clock.ts';
import { pause } from '../../../src/core/pause.ts';
import type { LedgerQuery, LedgerRecord } from '../../../src/money/ledger/ledger.ts';
import { noLedger } from '../../../src/money/ledger/no-ledger.ts';
import { type LuaScript, StoreAwayError } from '../../../src/shared-store/redis/script.ts';
import { LIST_DAYS_SCRIPT, READ_DAY_SCRIPT } from '../../../src/shared-store/totals/script.ts';
import { sharedTotals } from '../../../src/shared-store/totals/shared-totals.ts';
import {
  aCharge,
  aDirectory,
  aLedger,
  anOpening,
  aRecord,
  costing,
  openAlone,
  someUsage,
  storesInMemory,
} from '../../money/ledger/support.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { describeWithRedis } from '../../support/redis-server.ts';
import { eventually, LogProbe, redisOfBlock, Switch } from '../support.ts';

/** Knows how many timers its user waits for. */
class CountingClock implements Clock {
  readonly #clock: Clock;
  waiting = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  now(): number {
    return this.#clock.now();
  }

  after(ms: number, callback: () => void): Timer {
    this.waiting += 1;
    const timer = this.#clock.after(ms, () => {
      this.waiting -= 1;
      callback();
    });
    return {
      refresh: () => {
        this.waiting += 1;
        timer.refresh();
      },
      cancel: () => {
        this.waiting -= 1;
        timer.cancel();
      },
    };
  }

  afterSilence(ms: number, callback: () => void): Timer {
    return this.after(ms, callback);
  }
}

it('totals of a year are waited for two seconds at most, however slowly each script is answered', async () => {
  const clock = new FakeClock(Date.UTC(2026, 10, 29));
  const days = Array.from({ length: 400 }, (_, n) => String(clock.now() - n * 86_400_000));
  let asked = 0;
  const run = async (script: LuaScript): Promise<unknown> => {
    if (script === LIST_DAYS_SCRIPT) return [0, days];
    if (script !== READ_DAY_SCRIPT) return [];
    asked += 1;
    await pause(250, new AbortController().signal, clock);
    return ['0', []];
  };
  const { ledger, close } = openAlone(
    { retentionMs: 1 },
    { clock, log: new LogProbe() },
    storesInMemory(),
  );
  const runner = { isUp: true, run, onChange: () => {} };
  const deps = { clock, dated: clock, log: new LogProbe(), ledger };
  const totals = sharedTotals(runner, { keyPrefix: 'test:' }, deps);
  const began = clock.now();
  let failure: unknown;
  const sums = totals.sums({ groupBy: [] }).catch((error: unknown) => {
    failure = error;
  });
  await eventually(() => asked > 0);
  while (failure === undefined && clock.now() - began < 10_000) {
    clock.advance(50);
    for (let n = 0; n < 20; n += 1) await turn();
  }
  await sums;
  expect(failure).toBeInstanceOf(StoreAwayError);
  expect(clock.now() - began).toBeLessThanOrEqual(2_000);
  const before = asked;
  clock.advance(10_000);
  await turn();
  expect(asked).toBe(before);
  await totals.close();
  await close();
});

describeWithRedis('totals on Redis', () => {
  const PUSH_MS = 2_000;
  const HOUR_MS = 3_600_000;
  const DAY_MS = 24 * HOUR_MS;

  const redis = redisOfBlock();

  let ledgers: { close(): Promise<void> }[];

  beforeEach(async () => {
    await redis.server.command('flushall');
    ledgers = [];
  });

  afterEach(async () => {
    await Promise.all(ledgers.map((ledger) => ledger.close()));
  });

  /** The totals of a sidecar, and its ledger, which tells of what it books. */
  function openTotals(directory?: string, clock = new FakeClock(Date.now())) {
    /** By how much the wall clock was set, in ms. */
    let ahead = 0;
    const dated = {
      now: () => clock.now() + ahead,
      after: clock.after.bind(clock),
      afterSilence: clock.afterSilence.bind(clock),
    };
    const runner = new Switch(redis.connection);
    const log = new LogProbe();
    const early: LedgerRecord[] = [];
    let told = (booked: LedgerRecord): unknown => early.push(booked);
    const options = { retentionMs: 30 * DAY_MS, ...(directory !== undefined && { directory }) };
    const onRecord = (booked: LedgerRecord) => void told(booked);
    const stores = directory === undefined ? storesInMemory() : undefined;
    const opened = openAlone(options, { clock: dated, log, onRecord }, stores);
    const { ledger } = opened;
    const store = { keyPrefix: 'test:' };
    const own = new CountingClock(clock);
    /** Whether the ledger has only what was written before. */
    const database = { isAway: false };
    const sums = async (query: LedgerQuery) => {
      if (!database.isAway) return ledger.sums(query);
      return { ...(await noLedger().sums(query)), partial: true };
    };
    const deps = { clock: own, dated, log, ledger: { sums }, directory };
    const totals = sharedTotals(runner, store, deps);
    told = totals.add.bind(totals);
    early.forEach(told);
    ledgers.push(opened);
    const today = clock.now() - (clock.now() % DAY_MS);
    /** Lets it try to send what it has. */
    const push = async (afterMs = PUSH_MS) => {
      clock.advance(afterMs);
      // The timer runs again when it is done.
      await eventually(() => own.waiting > 0);
    };
    const book = (callId: string, charge: Partial<Charge> = {}, labels = {}) => {
      const { record } = aRecord(callId, { endedAt: dated.now(), ...charge }, labels);
      ledger.open(anOpening({ ...record })).settle(record as Charge);
      // Nothing else ends in this millisecond.
      clock.advance(1);
    };
    const set = (ms: number) => {
      ahead = ms;
    };
    const { close } = opened;
    return { totals, clock, set, runner, log, today, push, ledger, database, book, close };
  }

  const ALL = { groupBy: [] };

  /** One of many that differ. @param at epoch ms */
  function anAttempt(index: number, at: number) {
    const model = `model-${index % 3}`;
    const isCancelled = index % 7 === 0;
    const opening = anOpening({
      callId: `call-${index}`,
      model,
      userId: `user: "${index % 5}"`,
      projectId: index % 2 === 0 ? '' : 'ж',
      startedAt: at,
    });
    const charge = aCharge({
      model,
      upstream: index % 4 === 0 ? 'azure' : 'default',
      outcome: isCancelled ? 'CANCELLED' : 'completed',
      usage: someUsage({ inputTokens: index * 1_000, estimated: isCancelled }),
      cost: {
        // Their sum is above what a double can count.
        picoDollars: BigInt(index) * 9_007_199_254_740_993n,
        catalogueVersion: '1',
        estimated: false,
        unpriced: index % 11 === 0,
      },
      startedAt: at,
      endedAt: at,
    });
    return { opening, charge };
  }

  describe('shared totals', () => {
    it('are those of all sidecars', async () => {
      const [one, two] = [openTotals(), openTotals()];
      one.book('a', { ...costing(3n), endedAt: one.today });
      two.book('b', { ...costing(4n), endedAt: one.today });
      await one.totals.close();
      const { total } = await two.totals.sums(ALL);
      expect(total).toMatchObject({
        attempts: 2,
        inputTokens: 200,
        outputTokens: 20,
        cacheReadTokens: 80,
        cacheWriteTokens: 10,
        reasoningTokens: 6,
        picoDollars: 7n,
      });
    });

    it('say the same as a ledger that has all records', async () => {
      const [one, two] = [openTotals(), openTotals()];
      const clock = new FakeClock();
      const { ledger } = aLedger({}, clock);
      for (let index = 0; index < 200; index += 1) {
        const { opening, charge } = anAttempt(index, clock.now() + (index % 3) * DAY_MS);
        ledger.open(opening).settle(charge);
        const sidecar = index % 2 === 0 ? one : two;
        sidecar.ledger.open(opening).settle(charge);
        if (index % 20 > 17) await sidecar.push();
      }
      await two.push();
      clock.advance(3 * DAY_MS);
      const dimensions = ['model', 'userId', 'projectId', 'outcome', 'target', 'day'] as const;
      const from = clock.now() - 2 * DAY_MS;
      for (const query of [
        ALL,
        { groupBy: dimensions },
        { groupBy: ['day'], from },
        { groupBy: ['model'], until: from },
        { groupBy: ['target'], model: 'model-1', userId: 'user: "2"', projectId: 'ж' },
        { groupBy: ['outcome'], from, until: from },
      ] satisfies readonly LedgerQuery[]) {
        const [ours, theirs] = [await one.totals.sums(query), await ledger.sums(query)];
        expect(ours.total).toEqual(theirs.total);
        expect(new Set(ours.rows)).toEqual(new Set(theirs.rows));
      }
    });

    it('are sent every few seconds', async () => {
      const one = openTotals();
      one.book('a', { endedAt: one.today });
      await one.push();
      await one.push();
      expect(await openTotals().totals.sums(ALL)).toMatchObject({ total: { attempts: 1 } });
    });

    it('count once what is sent again because the answer was lost', async () => {
      const one = openTotals();
      one.book('a', { endedAt: one.today });
      one.runner.losesAnswers = true;
      await one.push();
      one.book('b', { endedAt: one.today });
      await one.push();
      one.runner.losesAnswers = false;
      expect(await one.totals.sums(ALL)).toMatchObject({ total: { attempts: 2 } });
    });

    it('are kept while the server is away, and sent when it is back', async () => {
      const one = openTotals();
      one.runner.isUp = false;
      one.book('a', { endedAt: one.today });
      await expect(one.totals.sums(ALL)).rejects.toBeInstanceOf(StoreAwayError);
      await one.totals.close();
      one.runner.isUp = true;
      expect(await one.totals.sums(ALL)).toMatchObject({ total: { attempts: 1 } });
      expect(one.log.lines).toEqual([]);
    });

    it('take no more memory than some ten thousand groups while it is away', async () => {
      const one = openTotals();
      one.runner.isUp = false;
      for (let index = 0; index < 20_010; index += 1) {
        const labels = { userId: `user-${index}`, projectId: 'apollo' };
        one.book(`call-${index}`, { endedAt: one.today }, labels);
        // The connection must not seem to be silent.
        if (index % 500 === 0) await turn();
      }
      // None that was begun beside them is under way any more.
      await one.push();
      one.runner.isUp = true;
      const { total } = await one.totals.sums(ALL);
      expect(total.attempts).toBe(20_010);
      const { rows } = await one.totals.sums({ groupBy: ['userId'] });
      expect(rows).toHaveLength(1_000);
    });

    it('tell once that the server refuses them', async () => {
      const one = openTotals();
      one.runner.refusal = new Error('OOM command not allowed');
      one.book('a', { endedAt: one.today });
      await one.push();
      await one.push();
      expect(one.log.lines).toEqual(['error: the shared store refuses to keep totals']);
      one.runner.refusal = undefined;
      await one.push();
      one.runner.refusal = new Error('OOM command not allowed');
      one.book('a', { endedAt: one.today });
      await one.push();
      expect(one.log.lines).toHaveLength(2);
    });

    it('of a process that was killed before it had sent them are told by the next', async () => {
      const directory = aDirectory();
      const one = openTotals(directory);
      one.book('a');
      await one.push();
      one.book('b');
      await one.push();
      one.runner.isUp = false;
      one.book('c');
      await one.close();
      const two = openTotals(directory, one.clock);
      two.book('d');
      await two.push();
      expect(await two.totals.sums(ALL)).toMatchObject({ total: { attempts: 4 }, partial: false });
      expect(await openTotals().totals.sums(ALL)).toMatchObject({ total: { attempts: 4 } });
    });

    it('are told anew, once, when the server has lost its data, and are partial until then', async () => {
      const [one, two, other] = [openTotals(), openTotals(), openTotals()];
      for (const sidecar of [one, two]) {
        sidecar.book('a', { endedAt: one.today - 2 * DAY_MS });
        sidecar.book('b', costing(5n), { userId: 'alice' });
        sidecar.book('c', costing(7n), { userId: 'bob' });
        await sidecar.push();
      }
      expect(await other.totals.sums(ALL)).toMatchObject({ total: { attempts: 6 } });
      await redis.server.command('flushall');
      one.book('d', costing(1n), { userId: 'bob' });
      expect(await one.totals.sums(ALL)).toMatchObject({ total: { attempts: 4 }, partial: true });
      expect(await other.totals.sums(ALL)).toMatchObject({ partial: true });
      await two.push(10_000);
      await two.push(10_000);
      await redis.server.command('del', 'test:{shared}:totals:lost');
      const { rows, total, partial } = await other.totals.sums({ groupBy: ['userId'] });
      expect(total).toMatchObject({ attempts: 7, picoDollars: 25n + 2_000n });
      expect(rows.map(({ userId, attempts }) => [userId, attempts]).sort()).toEqual([
        ['', 2],
        ['alice', 2],
        ['bob', 3],
      ]);
      expect(partial).toBe(false);
      expect([...one.log.lines, ...two.log.lines]).toEqual([]);
    });

    it('are told when it closes, also if what is being told then fails', async () => {
      const one = openTotals();
      const run = one.runner.run.bind(one.runner);
      let fails = 1;
      one.runner.run = async (...args) => {
        fails -= 1;
        if (fails === 0) throw new StoreAwayError('Too much ends to compare totals now.');
        return run(...args);
      };
      one.book('a');
      one.clock.advance(PUSH_MS);
      await one.totals.close();
      expect(one.totals.pending).toBe(0);
      expect(await openTotals().totals.sums(ALL)).toMatchObject({ total: { attempts: 1 } });
    });

    it('that the server rolled back are told again', async () => {
      const one = openTotals();
      one.book('a');
      await one.push();
      const day = new Date(one.today).toISOString().slice(0, 10);
      const keys = [`test:{shared}:totals:${day}`];
      keys.push(await redis.server.command('keys', 'test:*:totals:attempts:*'));
      for (const key of keys) await redis.server.command('copy', key, `${key}:kept`);
      one.book('b');
      await one.push();
      for (const key of keys) await redis.server.command('copy', `${key}:kept`, key, 'replace');
      one.book('c');
      await one.push();
      await one.push();
      expect(await openTotals().totals.sums(ALL)).toMatchObject({ total: { attempts: 3 } });
    });

    it.each([-3, 3, 26])(
      'that were lost are told again after the wall clock was set by %p hours',
      async (hours) => {
        const one = openTotals();
        one.book('a');
        await one.push();
        one.set(hours * HOUR_MS);
        one.book('b');
        await one.push();
        await redis.server.command('flushall');
        one.book('c');
        for (let pushes = 0; pushes < 3; pushes += 1) await one.push(10_000);
        expect(await openTotals().totals.sums(ALL)).toMatchObject({ total: { attempts: 3 } });
        expect(one.log.lines).toEqual([]);
      },
    );

    it.each([
      ['a day', 12],
      ['midnight', 22],
    ])(
      'count once what ended later than now, because the wall clock was set back over a restart within %s',
      async (_within, hour) => {
        const directory = aDirectory();
        const now = Date.now();
        const midnight = now - (now % DAY_MS);
        const one = openTotals(directory, new FakeClock(midnight + hour * HOUR_MS));
        one.book('a');
        one.set(3 * HOUR_MS);
        one.book('b');
        await one.push();
        await one.close();
        const two = openTotals(directory, one.clock);
        two.book('c');
        await two.push();
        expect(await two.totals.sums(ALL)).toMatchObject({ total: { attempts: 3 } });
        await two.push(30 * HOUR_MS);
        await redis.server.command('flushall');
        two.book('d');
        for (let pushes = 0; pushes < 3; pushes += 1) await two.push(10_000);
        expect(await openTotals().totals.sums(ALL)).toMatchObject({ total: { attempts: 4 } });
      },
    );

    it('that a new ledger does not know stay as they are', async () => {
      const directory = aDirectory();
      const one = openTotals(directory);
      one.book('a');
      await one.push();
      await one.close();
      for (const name of readdirSync(directory)) {
        if (name.startsWith('ledger')) rmSync(join(directory, name));
      }
      const two = openTotals(directory, one.clock);
      two.book('b');
      expect(await two.totals.sums(ALL)).toMatchObject({ total: { attempts: 2 } });
      await two.close();
      const three = openTotals(directory, one.clock);
      expect(await three.totals.sums(ALL)).toMatchObject({ total: { attempts: 2 } });
    });

    it('are compared with a ledger that has all its records, and not before', async () => {
      const directory = aDirectory();
      const one = openTotals(directory);
      one.book('a');
      await one.push();
      await one.close();
      const before = readFileSync(join(directory, 'shared-totals.json'), 'utf8');
      const two = openTotals(directory, one.clock);
      two.database.isAway = true;
      two.book('b');
      await expect(two.totals.sums(ALL)).rejects.toThrow(StoreAwayError);
      // One that had lost records would begin with another sender.
      const sender = readFileSync(join(directory, 'shared-totals.json'), 'utf8');
      two.database.isAway = false;
      expect(await two.totals.sums(ALL)).toMatchObject({ total: { attempts: 2 } });
      expect(sender).toBe(before);
    });

    it('of sidecars that are older count beside them', async () => {
      const one = openTotals();
      one.book('a', costing(1n));
      await one.push();
      const day = new Date(one.today).toISOString().slice(0, 10);
      const field = JSON.stringify(['gpt-test', 'alice', '', 'default', 'completed']);
      await redis.server.command(
        'hset',
        `test:{shared}:totals:${day}`,
        field,
        '2 0 0 10 5 0 0 0 0 3',
      );
      const { total } = await one.totals.sums(ALL);
      expect(total).toMatchObject({ attempts: 3, picoDollars: 4n });
    });

    it('are forgotten after a good year', async () => {
      const one = openTotals();
      one.book('a', { endedAt: one.today - 500 * DAY_MS });
      one.book('b', { endedAt: one.today });
      const { rows } = await one.totals.sums({ groupBy: ['day'] });
      expect(rows).toHaveLength(1);
      const day = new Date(one.today).toISOString().slice(0, 10);
      const kept = Number(await redis.server.command('ttl', `test:{shared}:totals:${day}`));
      expect(kept).toBeGreaterThan(399 * 86_400);
    });
  });
});
