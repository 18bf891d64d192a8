import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { type Clock, systemClock } from '../../src/core/clock.ts';
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

  const budget = aBudget({ limit: DOLLAR });

  function open(log: LogProbe, dated: Clock = systemClock) {
    return openSharedStore(
      {
        url: server.url,
        keyPrefix: 'test:',
        leaseMs: 30_000,
        timeoutMs: PATIENT_MS,
        onOutage: 'refuse',
      },
      {
        clock: systemClock,
        dated,
        log,
        random: () => 0,
        definitions: [budget],
        ledger: { ...noLedger(), spending: () => [] },
      },
    );
  }

  it('has accounts, rates and totals over one connection, and closes', async () => {
    const log = new LogProbe();
    const store = open(log);
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
    expect((await server.command('client', 'list')).split('\n')).toHaveLength(2);
    await store.accounts.close();
    await store.close();
    await store.close();
    expect(log.lines).toEqual([]);
  });

  it.each<[string, readonly string[], RegExp]>([
    ['scripts', ['-evalsha', '-eval'], /\(NOPERM\)/],
    ['one of its keys', ['resetkeys', '~test:*probe', '~test:*totals*'], /\(NOPERM\)/],
    ['a command in a script', ['-hset', '-hmset'], /\(.*can't run this command/],
  ])('that permits %s no more is up and says why it refuses, until it does not', async (...row) => {
    const [, rules, reason] = row;
    const store = open(new LogProbe());
    await eventually(() => store.status().problem === undefined);
    const before = store.status().since;
    await server.command('acl', 'setuser', 'default', ...rules);
    try {
      const key = { budget: budget.name, subject: row[0], startsAt: DAY * 3 };
      const account = store.accounts.open(key, budget.limit, () => {});
      account.want(CENT);
      await eventually(() => store.status().problem !== undefined);
      expect(store.status().problem).toMatch(/^It refuses some of what it is asked/);
      expect(store.status().problem).toMatch(reason);
      expect(store.status().since).toBeGreaterThanOrEqual(before);
      await server.command('acl', 'setuser', 'default', '+@all', '~*');
      await eventually(() => store.status().problem === undefined);
      await eventually(() => account.available >= CENT);
    } finally {
      await server.command('acl', 'setuser', 'default', '+@all', '~*');
      await store.accounts.close();
      await store.close();
    }
  });

  it('tells by a clock that was set since when it is as it is', async () => {
    let setBy = 0;
    const store = open(new LogProbe(), {
      ...systemClock,
      now: () => systemClock.now() + setBy,
    });
    const { since } = store.status();
    setBy = 3_600_000;
    expect(store.status().since - since).toBe(setBy);
    await store.close();
  });
});
