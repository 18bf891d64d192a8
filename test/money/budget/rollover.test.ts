import { describe, expect, it } from '@jest/globals';
import type { BudgetBook } from '../../../src/money/budget/book.ts';
import { MAX_SUBJECTS, OTHER_SUBJECTS } from '../../../src/money/budget/budget.ts';
import type { Reservation } from '../../../src/money/budget/reservation.ts';
import { aBudget, aSpender, exactly, NEVER, openBook, settled, spending } from './books.ts';

const DAY_MS = 86_400_000;
const USERS = aBudget({ name: 'users', scope: 'user' });

async function reserve(book: BudgetBook, amount: bigint, userId = 'alice'): Promise<Reservation> {
  return await book.reserve(aSpender({ userId }), exactly(amount), NEVER);
}

const sums = (book: BudgetBook) =>
  book.states({}).map(({ subject, spent, reserved }) => [subject, spent, reserved]);

describe('a new period', () => {
  it('begins with nothing spent', async () => {
    const { book, clock } = openBook([aBudget()], { spent: [spending(100n)] });
    await expect(reserve(book, 1n)).rejects.toMatchObject({ reason: 'BUDGET_EXCEEDED' });
    clock.advance(DAY_MS);
    expect(sums(book)).toEqual([['', 0n, 0n]]);
    expect((await reserve(book, 100n)).granted).toBe(100n);
  });

  it('takes along what is reserved, so that what ends in it finds its money', async () => {
    const { book, clock } = openBook([aBudget()]);
    const across = await reserve(book, 70n);
    clock.advance(DAY_MS);
    await expect(reserve(book, 101n)).rejects.toMatchObject({ reason: 'BUDGET_EXCEEDED' });
    expect(sums(book)).toEqual([['', 0n, 70n]]);
    across.settle(60n);
    expect(sums(book)).toEqual([['', 60n, 0n]]);
    clock.advance(DAY_MS);
    expect(sums(book)).toEqual([['', 0n, 0n]]);
  });

  it('is noticed by who settles', async () => {
    const { book, clock } = openBook([USERS]);
    const across = await reserve(book, 70n);
    clock.advance(DAY_MS);
    across.settle(60n);
    expect(book.states({})).toMatchObject([{ spent: 60n, startsAt: Date.UTC(2026, 0, 2) }]);
  });

  it('serves who waits, though nobody settles', async () => {
    const { book, clock } = openBook([aBudget()], { spent: [spending(60n)] });
    await reserve(book, 40n);
    const wait = reserve(book, 20n);
    clock.advance(DAY_MS);
    expect((await wait).granted).toBe(20n);
    expect(clock.pending).toBe(0);
  });

  it('serves who waits when it is farther away than a timer reaches', async () => {
    const { book, clock } = openBook([aBudget({ period: 'month' })], { spent: [spending(60n)] });
    await reserve(book, 40n);
    const wait = reserve(book, 20n);
    clock.advance(30 * DAY_MS);
    await settled();
    expect(sums(book)).toEqual([['', 60n, 40n]]);
    clock.advance(DAY_MS);
    expect((await wait).granted).toBe(20n);
  });

  it('does not come for a total', async () => {
    const { book, clock } = openBook([aBudget({ period: 'total' })], { spent: [spending(60n)] });
    const first = await reserve(book, 40n);
    const wait = reserve(book, 20n);
    expect(clock.pending).toBe(0);
    first.settle(0n);
    expect((await wait).granted).toBe(20n);
    clock.advance(400 * DAY_MS);
    expect(sums(book)).toEqual([['', 60n, 20n]]);
  });

  it('comes for each budget in its own time', async () => {
    const { book, clock } = openBook([aBudget(), aBudget({ name: 'monthly', period: 'month' })]);
    (await reserve(book, 10n)).settle(10n);
    clock.advance(DAY_MS);
    (await reserve(book, 5n)).settle(5n);
    expect(book.states({}).map(({ name, spent }) => [name, spent])).toEqual([
      ['daily', 5n],
      ['monthly', 15n],
    ]);
  });

  it('forgets the subjects of the old one', async () => {
    const { book, clock } = openBook([USERS]);
    (await reserve(book, 10n)).settle(10n);
    await reserve(book, 10n, 'bob');
    clock.advance(DAY_MS);
    expect(sums(book)).toEqual([['bob', 0n, 10n]]);
  });
});

describe('subjects', () => {
  it('that spent before are known from the start', () => {
    const { book } = openBook([USERS], { spent: [spending(70n, { userId: 'bob' })] });
    expect(sums(book)).toEqual([['bob', 70n, 0n]]);
  });

  it('that spend nothing leave nothing behind', async () => {
    const { book } = openBook([USERS]);
    for (let id = 0; id < 100_000; id += 1) {
      const reservation = book.reserve(aSpender({ userId: `user-${id}` }), exactly(5n), NEVER);
      if (!(reservation instanceof Promise)) reservation.settle(0n);
    }
    expect(sums(book)).toEqual([]);
  });

  it('that are refused or leave while they wait leave nothing behind', async () => {
    const { book } = openBook([USERS, aBudget({ name: 'all', limit: 50n })]);
    await expect(reserve(book, 51n)).rejects.toMatchObject({ reason: 'BUDGET_EXCEEDED' });
    const running = await reserve(book, 50n, 'bob');
    const controller = new AbortController();
    const wait = book.reserve(aSpender({ userId: 'carol' }), exactly(10n), controller);
    controller.abort();
    await expect(wait).rejects.toMatchObject({ reason: 'CANCELLED' });
    running.settle(0n);
    expect(book.states({ name: 'users' })).toEqual([]);
  });

  it('that are too many are counted together', async () => {
    const { book } = openBook([USERS]);
    for (let id = 0; id < MAX_SUBJECTS + 100; id += 1) {
      const reservation = book.reserve(aSpender({ userId: `user-${id}` }), exactly(1n), NEVER);
      if (!(reservation instanceof Promise)) reservation.settle(1n);
    }
    expect(book.states({})).toHaveLength(MAX_SUBJECTS + 1);
    expect(book.states({ userId: OTHER_SUBJECTS })).toMatchObject([{ spent: 100n }]);
    await expect(reserve(book, 1n, 'one more')).rejects.toMatchObject({
      facts: { budget: { subject: OTHER_SUBJECTS } },
    });
    expect((await reserve(book, 99n, 'user-0')).granted).toBe(99n);
  });

  it('that were too many have spent together what they had before a restart', () => {
    const before = Array.from({ length: MAX_SUBJECTS + 90 }, (_, id) => `user-${id}`);
    const spent = [OTHER_SUBJECTS, ...before].map((userId) => spending(1n, { userId }));
    const { book } = openBook([USERS], { spent });
    expect(book.states({})).toHaveLength(MAX_SUBJECTS);
    expect(book.states({ userId: OTHER_SUBJECTS })).toMatchObject([{ spent: 92n }]);
  });
});
