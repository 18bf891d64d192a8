import { describe, expect, it } from '@jest/globals';
import type { Wish } from '../../../src/money/budget/claim.ts';
import { localAccounts } from '../../../src/money/budget/local-accounts.ts';
import { aBudget, aSpender, exactly, NEVER, openBook, spending } from './books.ts';

const ANY: Wish = exactly(10n);

describe('other budgets', () => {
  it('have what the ledger has, and hold what runs', async () => {
    const { book } = openBook([], { spent: [spending(30n)] });
    const running = await book.reserve(aSpender(), exactly(20n), NEVER);
    book.configure([aBudget({ name: 'late' })]);
    expect(book.states({})).toMatchObject([{ name: 'late', spent: 30n, reserved: 20n }]);
    running.settle(15n);
    expect(book.states({})).toMatchObject([{ spent: 45n, reserved: 0n }]);
  });

  it('begin in the period of those that are there, where the clock was set back behind it', () => {
    const { book, clock } = openBook([aBudget()], { spent: [spending(30n)] });
    const [{ startsAt } = {}] = book.states({});
    clock.advance(-1);
    book.configure([aBudget(), aBudget({ name: 'late' })]);
    expect(book.states({ name: 'late' })).toMatchObject([{ spent: 30n, startsAt }]);
  });

  it('that count the same keep what was spent and is reserved, whatever their limit', async () => {
    const { book } = openBook([aBudget({ scope: 'user' })]);
    const running = await book.reserve(aSpender(), exactly(60n), NEVER);
    book.configure([aBudget({ scope: 'user', limit: 50n })]);
    expect(book.states({})).toMatchObject([{ limit: 50n, reserved: 60n }]);
    running.settle(40n);
    expect(() => book.reserve(aSpender(), exactly(20n), NEVER)).toThrow();
    book.configure([aBudget({ scope: 'user', limit: 100n })]);
    expect(book.states({})).toMatchObject([{ limit: 100n, spent: 40n, reserved: 0n }]);
  });

  it('count anew what they count otherwise, and nothing twice', async () => {
    const spent = [spending(30n), spending(5n, { userId: 'bob' })];
    const { book } = openBook([aBudget()], { spent });
    expect(book.states({})).toMatchObject([{ spent: 35n }]);
    book.configure([aBudget({ scope: 'user' })]);
    expect(book.states({})).toMatchObject([
      { subject: 'alice', spent: 30n },
      { subject: 'bob', spent: 5n },
    ]);
    book.configure([aBudget()]);
    expect(book.states({})).toMatchObject([{ subject: '', spent: 35n }]);
  });

  it('begin with the ledger when they come again, which knows what was spent meanwhile', async () => {
    const spent = [spending(30n)];
    const { book } = openBook([aBudget()], { spent });
    book.configure([]);
    spent.push(spending(20n));
    book.configure([aBudget()]);
    expect(book.states({})).toMatchObject([{ subject: '', spent: 50n }]);
  });

  it('let go, or refuse, who waits for those of before', async () => {
    const { book } = openBook([aBudget({ limit: 10n })]);
    const running = await book.reserve(aSpender(), ANY, NEVER);
    const waits = Promise.resolve(book.reserve(aSpender(), ANY, NEVER));
    const waitsToo = Promise.resolve(book.reserve(aSpender(), ANY, NEVER));
    book.configure([aBudget({ limit: 20n })]);
    (await waits).settle(0n);
    (await waitsToo).settle(0n);
    const last = Promise.resolve(book.reserve(aSpender(), exactly(20n), NEVER));
    book.configure([aBudget({ limit: 5n })]);
    await expect(last).rejects.toMatchObject({ reason: 'BUDGET_EXCEEDED' });
    const free = book.reserve.bind(book, aSpender(), exactly(1_000n), NEVER);
    book.configure([]);
    (await free()).settle(1n);
    running.settle(1n);
    expect(book.states({})).toEqual([]);
  });

  it('stay as they are where the ledger cannot be read', () => {
    const { book } = openBook([aBudget()], {
      accounts: {
        subjects: (budget) => {
          if (budget === 'late') throw new Error('the ledger is away');
          return [];
        },
        open: () => ({
          spent: 7n,
          reserved: 0n,
          available: 93n,
          pending: false,
          shared: false,
          reserve: () => {},
          settle: () => {},
          want: () => {},
          resize: () => {},
          release: () => {},
        }),
        configure: () => {},
        tidy: () => {},
        close: async () => {},
      },
    });
    expect(() => book.configure([aBudget({ limit: 1n }), aBudget({ name: 'late' })])).toThrow(
      'the ledger is away',
    );
    expect(book.states({})).toMatchObject([{ name: 'daily', limit: 100n, spent: 7n }]);
  });

  it('know what was spent since the ledger could not be read', () => {
    const now = Date.UTC(2026, 0, 5);
    const spent = [spending(30n)];
    let isAway = true;
    const read = (since: number) => {
      if (isAway && since < now) throw new Error('the ledger is away');
      return spent;
    };
    const { book } = openBook([], { now, accounts: localAccounts({ spending: read }, []) });
    const both = [aBudget(), aBudget({ name: 'monthly', period: 'month' })];
    expect(() => book.configure(both)).toThrow('the ledger is away');
    isAway = false;
    spent.push(spending(20n));
    book.configure(both);
    expect(book.states({})).toMatchObject([{ spent: 50n }, { spent: 50n }]);
  });

  it('raise an alert again where a higher limit makes it one to come', async () => {
    const { book, alerts } = openBook([aBudget({ alertThresholds: [0.5] })]);
    (await book.reserve(aSpender(), exactly(60n), NEVER)).settle(60n);
    expect(alerts).toHaveLength(1);
    book.configure([aBudget({ alertThresholds: [0.5], limit: 200n })]);
    expect(alerts).toHaveLength(1);
    (await book.reserve(aSpender(), exactly(40n), NEVER)).settle(40n);
    expect(alerts).toHaveLength(2);
  });
});
