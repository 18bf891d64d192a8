import { describe, expect, it, jest } from '@jest/globals';
import type { BudgetAccount } from '../../../src/money/budget/account.ts';
import { localAccounts } from '../../../src/money/budget/local-accounts.ts';
import type { Spending } from '../../../src/money/ledger/ledger.ts';
import { aBudget, spending } from './books.ts';

const LIMIT = 100n;
const NO_CHANGE = () => {};
const TODAY = Date.UTC(2026, 0, 1);
const TOMORROW = Date.UTC(2026, 0, 2);
const DAY_MS = 86_400_000;

function accountsWith(rows: readonly Spending[], ...budgets: Parameters<typeof aBudget>) {
  const read = jest.fn((since: number) => (since > TODAY ? [] : rows));
  const definitions = (budgets.length === 0 ? [{}] : budgets).map((fields) => aBudget(fields));
  const accounts = localAccounts({ spending: read }, definitions);
  const open = (subject = '', startsAt = TODAY, budget = 'daily'): BudgetAccount =>
    accounts.open({ budget, subject, startsAt }, LIMIT, NO_CHANGE);
  return { accounts, open, read };
}

describe('a local account', () => {
  it('has its limit to begin with', () => {
    expect(accountsWith([]).open()).toMatchObject({
      spent: 0n,
      reserved: 0n,
      available: 100n,
      pending: false,
      shared: false,
    });
  });

  it('has less available by what is reserved and spent', () => {
    const account = accountsWith([]).open();
    account.reserve(30n);
    expect(account).toMatchObject({ reserved: 30n, available: 70n, pending: true });
    account.settle(30n, 10n);
    expect(account).toMatchObject({ spent: 10n, reserved: 0n, available: 90n, pending: false });
  });

  it('has nothing available, and not less, when more was spent than there was', () => {
    const account = accountsWith([]).open();
    account.reserve(30n);
    account.settle(30n, 130n);
    expect(account).toMatchObject({ spent: 130n, available: 0n });
  });

  it('cannot get more by wanting it', () => {
    const account = accountsWith([]).open();
    account.want(500n);
    expect(account).toMatchObject({ available: 100n, pending: false });
  });

  it('knows what was spent before it was released', () => {
    const { accounts, open } = accountsWith([]);
    const account = open();
    account.settle(0n, 25n);
    account.release();
    expect([...accounts.subjects('daily', TODAY)]).toEqual(['']);
    expect(open().spent).toBe(25n);
  });

  it('leaves nothing behind if nothing was spent', () => {
    const { accounts, open } = accountsWith([]);
    open('alice').release();
    expect([...accounts.subjects('daily', TODAY)]).toEqual([]);
  });

  it('of a period that is over leaves nothing behind', () => {
    const { accounts, open } = accountsWith([]);
    const old = open();
    old.settle(0n, 25n);
    open('', TOMORROW);
    old.release();
    expect([...accounts.subjects('daily', TODAY)]).toEqual([]);
    expect([...accounts.subjects('daily', TOMORROW)]).toEqual([]);
  });
});

describe('what the ledger has', () => {
  const ROWS = [
    spending(10n, { userId: 'alice', projectId: 'apollo', model: 'a' }),
    spending(20n, { userId: 'alice', projectId: 'gemini', model: 'b' }),
    spending(5n, { userId: 'bob', projectId: 'apollo', model: 'a' }),
    spending(0n, { userId: 'carol', projectId: 'apollo', model: 'a' }),
  ];

  it.each([
    ['all', { '': 35n }],
    ['user', { alice: 30n, bob: 5n }],
    ['project', { apollo: 15n, gemini: 20n }],
    ['model', { a: 15n, b: 20n }],
  ] as const)('is summed by the subjects of a budget of scope %s', (scope, sums) => {
    const { accounts, open } = accountsWith(ROWS, { scope });
    const subjects = [...accounts.subjects('daily', TODAY)];
    expect(Object.fromEntries(subjects.map((name) => [name, open(name).spent]))).toEqual(sums);
  });

  it('does not count for a budget that is for others', () => {
    const { open } = accountsWith(ROWS, { scope: 'user', match: 'a*' });
    expect(open('alice').spent).toBe(30n);
    expect(open('bob').spent).toBe(0n);
  });

  it('is read once, from the beginning of the period', () => {
    const { accounts, open, read } = accountsWith(ROWS, { scope: 'user' });
    expect([...accounts.subjects('daily', TODAY)]).toHaveLength(2);
    for (let user = 0; user < 1_000; user += 1) open(`user-${user}`);
    expect(read.mock.calls).toEqual([[TOMORROW], [TODAY]]);
  });

  it('is not read again for a later period, whose spending passed through the accounts', () => {
    const { open, read } = accountsWith(ROWS);
    open();
    expect(open('', TOMORROW).spent).toBe(0n);
    expect(read).toHaveBeenCalledTimes(2);
  });

  it('is read again for a later period that had begun before: the clock was behind', () => {
    const read = jest.fn((since: number) => [
      ...(since <= TODAY ? [spending(20n)] : []),
      ...(since <= TOMORROW ? [spending(3n)] : []),
    ]);
    const accounts = localAccounts({ spending: read }, [aBudget()]);
    const open = (startsAt: number) =>
      accounts.open({ budget: 'daily', subject: '', startsAt }, LIMIT, NO_CHANGE).spent;
    expect([open(TODAY), open(TOMORROW)]).toEqual([23n, 3n]);
    read.mockClear();
    expect(open(TOMORROW + DAY_MS)).toBe(0n);
    expect(read).not.toHaveBeenCalled();
  });

  it('is read for each kind of period', () => {
    const read = jest.fn((since: number) => [spending(since === 0 ? 50n : 7n)]);
    const definitions = [aBudget(), aBudget({ name: 'ever', period: 'total' })];
    const accounts = localAccounts({ spending: read }, definitions);
    const open = (budget: string, startsAt: number) =>
      accounts.open({ budget, subject: '', startsAt }, LIMIT, NO_CHANGE).spent;
    expect([open('daily', TODAY), open('ever', 0)]).toEqual([7n, 50n]);
    expect(read.mock.calls).toEqual([[TOMORROW], [TODAY], [0]]);
  });
});

it('refuses the key of a budget that is not there', async () => {
  const { accounts, open } = accountsWith([]);
  expect(() => open('', TODAY, 'mistyped')).toThrow(RangeError);
  await accounts.close();
});
