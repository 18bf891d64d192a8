import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { LedgerQuery } from '../../src/money/ledger/ledger.ts';
import type { RedisConnection } from '../../src/shared-store/connection.ts';
import { StoreAwayError } from '../../src/shared-store/script.ts';
import { sharedTotals } from '../../src/shared-store/shared-totals.ts';
import {
  aCharge,
  aLedger,
  anOpening,
  aRecord,
  costing,
  someUsage,
} from '../money/ledger/support.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { describeWithRedis, RedisServer } from '../support/redis-server.ts';
import { connectedTo, eventually, LogProbe, Switch } from './support.ts';

describeWithRedis('totals on Redis', () => {
  const PUSH_MS = 2_000;
  const DAY_MS = 86_400_000;

  let server: RedisServer;
  let connection: RedisConnection;

  beforeAll(async () => {
    server = await RedisServer.start();
    connection = await connectedTo(server);
  });

  afterAll(async () => {
    connection.close();
    await server.stop();
  });

  beforeEach(() => {
    server.command('flushall');
  });

  function openTotals() {
    const clock = new FakeClock(Date.now());
    const runner = new Switch(connection);
    const log = new LogProbe();
    const totals = sharedTotals(runner, { keyPrefix: 'test:' }, { clock, log });
    const today = clock.now() - (clock.now() % DAY_MS);
    /** Lets it try to send what it has. */
    const push = async () => {
      clock.advance(PUSH_MS);
      // The timer runs again when it is done.
      await eventually(() => clock.pending > 0);
    };
    return { totals, clock, runner, log, today, push };
  }

  const record = (...args: Parameters<typeof aRecord>) => aRecord(...args).record;
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
      one.totals.add(record('a', { ...costing(3n), endedAt: one.today }));
      two.totals.add(record('b', { ...costing(4n), endedAt: one.today }));
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
        sidecar.totals.add({ ...opening, ...charge });
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
      one.totals.add(record('a', { endedAt: one.today }));
      await one.push();
      await one.push();
      expect(await openTotals().totals.sums(ALL)).toMatchObject({ total: { attempts: 1 } });
    });

    it('count once what is sent again because the answer was lost', async () => {
      const one = openTotals();
      one.totals.add(record('a', { endedAt: one.today }));
      one.runner.losesAnswers = true;
      await one.push();
      one.totals.add(record('b', { endedAt: one.today }));
      await one.push();
      one.runner.losesAnswers = false;
      expect(await one.totals.sums(ALL)).toMatchObject({ total: { attempts: 2 } });
    });

    it('are kept while the server is away, and sent when it is back', async () => {
      const one = openTotals();
      one.runner.isUp = false;
      one.totals.add(record('a', { endedAt: one.today }));
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
        one.totals.add(record('a', { endedAt: one.today }, labels));
      }
      one.runner.isUp = true;
      const { total } = await one.totals.sums(ALL);
      expect(total.attempts).toBe(20_010);
      const others = await one.totals.sums({ groupBy: ['model'], userId: '(others)' });
      expect(others.rows).toMatchObject([{ attempts: 10, model: 'gpt-5.4-mini' }]);
    });

    it('tell once that the server refuses them', async () => {
      const one = openTotals();
      one.runner.refusal = new Error('OOM command not allowed');
      one.totals.add(record('a', { endedAt: one.today }));
      await one.push();
      await one.push();
      expect(one.log.lines).toEqual(['error: the shared store refuses to keep totals']);
      one.runner.refusal = undefined;
      await one.push();
      one.runner.refusal = new Error('OOM command not allowed');
      one.totals.add(record('a', { endedAt: one.today }));
      await one.push();
      expect(one.log.lines).toHaveLength(2);
    });

    it('are forgotten after a good year', async () => {
      const one = openTotals();
      one.totals.add(record('a', { endedAt: one.today - 500 * DAY_MS }));
      one.totals.add(record('b', { endedAt: one.today }));
      const { rows } = await one.totals.sums({ groupBy: ['day'] });
      expect(rows).toHaveLength(1);
      const day = new Date(one.today).toISOString().slice(0, 10);
      const kept = Number(server.command('ttl', `test:{shared}:totals:${day}`));
      expect(kept).toBeGreaterThan(399 * 86_400);
    });
  });
});
