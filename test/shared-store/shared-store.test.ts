import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { systemClock } from '../../src/core/clock.ts';
import { noLedger } from '../../src/money/ledger/no-ledger.ts';
import { openSharedStore } from '../../src/shared-store/shared-store.ts';
import { aBudget } from '../money/budget/books.ts';
import { aRecord } from '../money/ledger/support.ts';
import { describeWithRedis, RedisServer } from '../support/redis-server.ts';
import { CENT, DOLLAR, eventually, LogProbe, PATIENT_MS } from './support.ts';

const DAY = Date.UTC(2026, 0, 1);
const TARGET = { upstream: 'default', model: 'gpt-test' };

describeWithRedis('a shared store', () => {
  let server: RedisServer;

  beforeAll(async () => {
    server = await RedisServer.start();
  });

  afterAll(() => server.stop());

  it('has accounts, rates and totals over one connection, and closes', async () => {
    const log = new LogProbe();
    const budget = aBudget({ limit: DOLLAR });
    const store = openSharedStore(
      {
        url: server.url,
        keyPrefix: 'test:',
        leaseMs: 30_000,
        timeoutMs: PATIENT_MS,
        onOutage: 'refuse',
      },
      {
        clock: systemClock,
        dated: systemClock,
        log,
        random: () => 0,
        definitions: [budget],
        ledger: { ...noLedger(), spending: () => [] },
      },
    );
    const key = { budget: budget.name, subject: '', startsAt: DAY * 2 };
    const account = store.accounts.open(key, budget.limit, () => {});
    account.want(CENT);
    await eventually(() => account.available >= CENT);
    const rate = { subject: 'requests per day', limit: 10 } as const;
    const source = store.newRateSource(rate, TARGET, systemClock.now());
    await eventually(() => source.take(1, systemClock.now()));
    store.totals.add(aRecord('a', { endedAt: systemClock.now() }).record);
    expect(await store.totals.sums({ groupBy: [] })).toMatchObject({ total: { attempts: 1 } });
    // And one of the tool that asks.
    expect(server.command('client', 'list').split('\n')).toHaveLength(2);
    await store.accounts.close();
    await store.close();
    await store.close();
    expect(log.lines).toEqual([]);
  });
});
