import { describe, expect, it } from '@jest/globals';
import type { BudgetBook } from '../../../src/money/budget/book.ts';
import { aBudget, aSpender, exactly, NEVER, openBook, spending } from './books.ts';

const DAY_MS = 86_400_000;
const WATCHED = aBudget({ alertThresholds: [0.5, 0.8, 1] });

async function spend(book: BudgetBook, amount: bigint, userId = 'alice'): Promise<void> {
  const reservation = await book.reserve(aSpender({ userId }), exactly(amount), NEVER);
  reservation.settle(amount);
}

describe('an alert', () => {
  it('is raised once when its threshold is reached', async () => {
    const { book, alerts } = openBook([WATCHED]);
    await spend(book, 49n);
    expect(alerts).toEqual([]);
    await spend(book, 1n);
    await spend(book, 20n);
    expect(alerts).toMatchObject([{ threshold: 0.5, budget: { name: 'daily', spent: 50n } }]);
  });

  it('is raised for each threshold that one attempt passes', async () => {
    const { book, alerts } = openBook([WATCHED]);
    await spend(book, 100n);
    expect(alerts.map(({ threshold }) => threshold)).toEqual([0.5, 0.8, 1]);
  });

  it('counts what is spent, not what is reserved', async () => {
    const { book, alerts } = openBook([WATCHED]);
    const reservation = await book.reserve(aSpender(), exactly(100n), NEVER);
    reservation.settle(10n);
    expect(alerts).toEqual([]);
  });

  it('is raised anew in each period', async () => {
    const { book, clock, alerts } = openBook([WATCHED]);
    await spend(book, 60n);
    clock.advance(DAY_MS);
    expect(book.states({})).toMatchObject([{ alertsRaised: [] }]);
    await spend(book, 60n);
    expect(alerts.map(({ budget }) => budget.startsAt)).toEqual([
      Date.UTC(2026, 0, 1),
      Date.UTC(2026, 0, 2),
    ]);
  });

  it('is raised for each subject', async () => {
    const { book, alerts } = openBook([{ ...WATCHED, scope: 'user' }]);
    await spend(book, 60n, 'alice');
    await spend(book, 60n, 'bob');
    expect(alerts.map(({ budget }) => budget.subject)).toEqual(['alice', 'bob']);
  });

  it('is not raised again after a restart', async () => {
    const { book, alerts } = openBook([WATCHED], { spent: [spending(60n)] });
    expect(book.states({})).toMatchObject([{ alertsRaised: [0.5] }]);
    await spend(book, 25n);
    expect(alerts.map(({ threshold }) => threshold)).toEqual([0.8]);
    expect(book.states({})).toMatchObject([{ alertsRaised: [0.5, 0.8] }]);
  });

  it('is never raised too early by rounding', async () => {
    const { book, alerts } = openBook([aBudget({ limit: 10n, alertThresholds: [0.34] })]);
    await spend(book, 3n);
    expect(alerts).toEqual([]);
    await spend(book, 1n);
    expect(alerts).toHaveLength(1);
  });

  it('is logged and counted', async () => {
    const { book, logged, telemetry } = openBook([
      aBudget({
        name: 'users',
        scope: 'user',
        limit: 2_000_000_000_000n,
        alertThresholds: [0.5],
      }),
    ]);
    await spend(book, 1_500_000_000_000n);
    expect(logged).toEqual([
      {
        message: 'budget reached an alert threshold',
        fields: {
          budget: 'users',
          scope: 'user',
          subject: 'alice',
          period: 'day',
          threshold: 0.5,
          limit: '2',
          spent: '1.5',
          reserved: '0',
          resets_at: '2026-01-02T00:00:00.000Z',
        },
      },
    ]);
    expect(await telemetry.measured('tamma.provider.budget.alerts')).toMatchObject([
      {
        value: 1,
        attributes: {
          'tamma.provider.budget.name': 'users',
          'tamma.provider.budget.threshold': 0.5,
        },
      },
    ]);
  });

  it('of a total is logged without the time of a reset', async () => {
    const { book, logged } = openBook([{ ...WATCHED, period: 'total' }]);
    await spend(book, 60n);
    expect(logged[0]?.fields).not.toHaveProperty('resets_at');
  });
});

describe('the gauges', () => {
  const DOLLAR = 1_000_000_000_000n;
  const USERS = aBudget({ name: 'users', scope: 'user', limit: 2n * DOLLAR });

  it('have one series per budget, summed over its subjects', async () => {
    const { book, telemetry } = openBook([aBudget({ limit: 10n * DOLLAR }), USERS]);
    for (const user of ['alice', 'bob', 'carol']) await spend(book, DOLLAR, user);
    await book.reserve(aSpender(), exactly(DOLLAR / 2n), NEVER);
    const seen = async (name: string) =>
      (await telemetry.measured(`tamma.provider.budget.${name}`)).map(({ attributes, value }) => [
        attributes['tamma.provider.budget.name'],
        value,
      ]);
    const expected = (daily: number, users: number) => [
      ['daily', daily],
      ['users', users],
    ];
    expect(await seen('limit')).toEqual(expected(10, 6));
    expect(await seen('spent')).toEqual(expected(3, 3));
    expect(await seen('reserved')).toEqual(expected(0.5, 0.5));
  });

  it('show the period of now, though nobody has called in it', async () => {
    const { book, telemetry, clock } = openBook([aBudget()]);
    await spend(book, 60n);
    clock.advance(DAY_MS);
    expect(await telemetry.measured('tamma.provider.budget.spent')).toMatchObject([{ value: 0 }]);
  });

  it('show nothing once the book is closed', async () => {
    const { book, telemetry } = openBook([aBudget()]);
    await book.close();
    expect(await telemetry.measured('tamma.provider.budget.limit')).toEqual([]);
  });
});

describe('the states', () => {
  const BUDGETS = [
    aBudget({ name: 'users', scope: 'user', match: '*' }),
    aBudget({ name: 'projects', scope: 'project' }),
    aBudget({ name: 'models', scope: 'model', period: 'total', limit: 50n }),
    aBudget({ name: 'all', period: 'month', limit: 1_000n, alertThresholds: [0.9] }),
  ];

  async function opened(): Promise<BudgetBook> {
    const { book } = openBook(BUDGETS);
    await spend(book, 10n, 'carol');
    await spend(book, 10n, 'alice');
    await spend(book, 10n, 'bob');
    await spend(book, 10n, 'alice');
    return book;
  }

  it('are in the order of the configuration, then by subject', async () => {
    const states = (await opened()).states({});
    expect(states.map(({ name, subject }) => [name, subject])).toEqual([
      ['users', 'alice'],
      ['users', 'bob'],
      ['users', 'carol'],
      ['projects', 'apollo'],
      ['models', 'gpt-test'],
      ['all', ''],
    ]);
  });

  it('are complete', async () => {
    const [, all] = (await opened()).states({ userId: 'nobody', projectId: 'none' });
    expect(all).toEqual({
      name: 'all',
      scope: 'all',
      subject: '',
      period: 'month',
      limit: 1_000n,
      spent: 40n,
      reserved: 0n,
      startsAt: Date.UTC(2026, 0, 1),
      resetsAt: Date.UTC(2026, 1, 1),
      alertThresholds: [0.9],
      alertsRaised: [],
      shared: false,
    });
  });

  it.each([
    [{ name: 'users' }, ['alice', 'bob', 'carol']],
    [{ name: 'users', userId: 'bob' }, ['bob']],
    [{ name: 'users', projectId: 'none' }, ['alice', 'bob', 'carol']],
    [{ name: 'projects', projectId: 'none' }, []],
    [{ name: 'models', model: 'gpt-test' }, ['gpt-test']],
    [{ name: 'models', model: 'other' }, []],
    [{ name: 'none' }, []],
  ])('are chosen by %j', async (query, subjects) => {
    const states = (await opened()).states(query);
    expect(states.map(({ subject }) => subject)).toEqual(subjects);
  });
});
