import { describe, expect, it } from '@jest/globals';
import { ProviderError } from '../../../src/core/errors.ts';
import type { Spender } from '../../../src/core/spender.ts';
import type { BudgetBook } from '../../../src/money/budget/book.ts';
import type { Wish } from '../../../src/money/budget/claim.ts';
import type { Reservation } from '../../../src/money/budget/reservation.ts';
import { aBudget, aSpender, exactly, NEVER, openBook, settled, spending } from './books.ts';

/** What is granted at once. */
function granted(book: BudgetBook, wish: Wish, spender: Spender = aSpender()): Reservation {
  const reservation = book.reserve(spender, wish, NEVER);
  if (reservation instanceof Promise) throw new Error('It waits.');
  return reservation;
}

/** A claim that waits, and what became of it. */
function waiting(book: BudgetBook, wish: Wish, spender: Spender = aSpender()) {
  const controller = new AbortController();
  const reservation = book.reserve(spender, wish, controller);
  if (!(reservation instanceof Promise)) throw new Error('It does not wait.');
  const wait: { granted?: Reservation; error?: unknown; controller: AbortController } = {
    controller,
  };
  reservation.then(
    (result) => {
      wait.granted = result;
    },
    (error: unknown) => {
      wait.error = error;
    },
  );
  return wait;
}

function refusal(book: BudgetBook, wish: Wish, spender: Spender = aSpender()): ProviderError {
  try {
    book.reserve(spender, wish, NEVER);
  } catch (thrown) {
    if (thrown instanceof ProviderError) return thrown;
  }
  throw new Error('It was not refused.');
}

const stateOf = (book: BudgetBook, name = 'daily') => {
  const [state] = book.states({ name });
  if (state === undefined) throw new Error(`There is no budget ${name}.`);
  return state;
};

describe('a reservation', () => {
  it('holds what was granted until it is settled', () => {
    const { book } = openBook([aBudget()]);
    const reservation = granted(book, exactly(60n));
    expect(reservation.granted).toBe(60n);
    expect(stateOf(book)).toMatchObject({ reserved: 60n, spent: 0n });
    reservation.settle(10n);
    expect(stateOf(book)).toMatchObject({ reserved: 0n, spent: 10n });
  });

  it('books what was spent, even if that is more than it held', () => {
    const { book } = openBook([aBudget()]);
    granted(book, exactly(60n)).settle(130n);
    expect(stateOf(book)).toMatchObject({ reserved: 0n, spent: 130n });
    expect(refusal(book, exactly(1n)).reason).toBe('BUDGET_EXCEEDED');
  });

  it('is settled once, however often that is tried', () => {
    const { book } = openBook([aBudget()]);
    const reservation = granted(book, exactly(60n));
    granted(book, exactly(20n));
    reservation.settle(10n);
    reservation.settle(10n);
    expect(stateOf(book)).toMatchObject({ reserved: 20n, spent: 10n });
  });

  it('moves to the budgets of another, whatever both have in common', () => {
    const { book } = openBook([aBudget({ name: 'all' }), aBudget({ scope: 'user' })]);
    const stateOfUser = (user: string) =>
      book.states({ name: 'daily' }).find(({ subject }) => subject === user);
    const reservation = granted(book, exactly(60n));
    const bob = aSpender({ userId: 'bob' });
    const waits = waiting(book, exactly(50n), aSpender());
    reservation.moveTo(bob);
    expect(stateOf(book, 'all')).toMatchObject({ reserved: 60n });
    expect(stateOfUser('alice')).toMatchObject({ reserved: 0n });
    expect(stateOfUser('bob')).toMatchObject({ reserved: 60n });
    reservation.settle(30n);
    expect(stateOfUser('bob')).toMatchObject({ reserved: 0n, spent: 30n });
    expect(stateOfUser('alice')).toMatchObject({ spent: 0n });
    expect(stateOf(book, 'all')).toMatchObject({ reserved: 50n, spent: 30n });
    expect(waits.error).toBeUndefined();
  });

  it('stays where it is if the budgets of the other have no room', () => {
    const { book } = openBook([aBudget({ scope: 'user' })]);
    const reservation = granted(book, exactly(60n));
    granted(book, exactly(50n), aSpender({ userId: 'bob' }));
    expect(() => reservation.moveTo(aSpender({ userId: 'bob' }))).toThrow(ProviderError);
    reservation.settle(10n);
    expect(book.states({})).toMatchObject([
      { subject: 'alice', reserved: 0n, spent: 10n },
      { subject: 'bob', reserved: 50n, spent: 0n },
    ]);
  });

  describe('for several at once', () => {
    const users = [aBudget({ name: 'all' }), aBudget({ scope: 'user', limit: 60n })];
    const needOf = (userId: string, amount: bigint) => ({ spender: aSpender({ userId }), amount });
    const found = (book: BudgetBook, ...needs: readonly ReturnType<typeof needOf>[]) => {
      const all = book.reserveEach(needs);
      if ('leave' in all) throw new Error('It lacks something.');
      return needs.map((need) => all.get(need));
    };
    const lacking = (book: BudgetBook, ...needs: readonly ReturnType<typeof needOf>[]) => {
      const lack = book.reserveEach(needs);
      if (!('leave' in lack)) throw new Error('It lacks nothing.');
      return lack;
    };

    it('refuses whom the others leave too little, even if all else is given back', () => {
      const { book } = openBook(users);
      granted(book, exactly(10n), aSpender({ userId: 'dora' }));
      const needs = [needOf('alice', 40n), needOf('bob', 61n), needOf('carl', 50n)];
      expect(found(book, ...needs)).toMatchObject([
        { granted: 40n },
        { reason: 'BUDGET_EXCEEDED', facts: { budget: { name: 'all', reserved: 10n } } },
        { granted: 50n },
      ]);
      expect(stateOf(book, 'all')).toMatchObject({ reserved: 100n });
    });

    it('reserves nothing while others hold what one of them lacks, and is in nobody’s way', async () => {
      const { book } = openBook(users);
      const other = granted(book, exactly(55n), aSpender({ userId: 'bob' }));
      const lack = lacking(book, needOf('alice', 40n), needOf('bob', 20n));
      expect(stateOf(book, 'all')).toMatchObject({ reserved: 55n });
      expect(book.states({ name: 'daily' }).map(({ subject }) => subject)).toEqual([
        'alice',
        'bob',
      ]);
      expect(granted(book, exactly(45n), aSpender({ userId: 'carl' })).granted).toBe(45n);
      other.settle(5n);
      await lack.change;
      expect(found(book, needOf('bob', 20n))).toMatchObject([{ granted: 20n }]);
      lack.leave();
      expect(book.states({ name: 'daily' }).map(({ subject }) => subject)).toEqual(['bob', 'carl']);
    });

    it('reserves nothing while somebody waits who came before', () => {
      const { book } = openBook([aBudget()]);
      const first = granted(book, exactly(60n));
      const waits = waiting(book, exactly(50n));
      lacking(book, needOf('bob', 10n));
      first.settle(0n);
      expect(waits.error).toBeUndefined();
      expect(found(book, needOf('bob', 10n))).toMatchObject([{ granted: 10n }]);
    });
  });

  it('of what is free is granted though the budget is overspent', () => {
    const { book } = openBook([aBudget()], { spent: [spending(130n)] });
    expect(granted(book, exactly(0n)).granted).toBe(0n);
  });

  it('of a spender to whom no budget applies is granted whole and counted nowhere', () => {
    const { book } = openBook([aBudget({ scope: 'user', match: 'bob' })]);
    expect(book.appliesTo(aSpender())).toBe(false);
    const reservation = granted(book, exactly(1_000n));
    reservation.settle(1_000n);
    expect(reservation.granted).toBe(1_000n);
    expect(book.states({})).toEqual([]);
  });
});

describe('several budgets that apply', () => {
  const BUDGETS = [
    aBudget({ limit: 100n }),
    aBudget({ name: 'per user', scope: 'user', limit: 40n, period: 'month' }),
    aBudget({ name: 'per project', scope: 'project', match: 'a*', limit: 70n }),
    aBudget({ name: 'per model', scope: 'model', match: 'dear-?', limit: 20n, period: 'total' }),
  ];

  it('hold and book the same amount', () => {
    const { book } = openBook(BUDGETS);
    granted(book, exactly(20n), aSpender({ model: 'dear-1' })).settle(15n);
    const spent = book.states({}).map(({ name, subject, spent: sum }) => [name, subject, sum]);
    expect(spent).toEqual([
      ['daily', '', 15n],
      ['per user', 'alice', 15n],
      ['per project', 'apollo', 15n],
      ['per model', 'dear-1', 15n],
    ]);
  });

  it.each([
    ['per user', aSpender(), 41n],
    ['per project', aSpender({ userId: 'bob' }), 71n],
    ['per model', aSpender({ model: 'dear-1' }), 21n],
  ])('refuse a call that does not fit %s, and hold nothing of it', (name, spender, amount) => {
    const { book } = openBook(
      BUDGETS.filter((budget) => budget.name !== 'per user' || name === 'per user'),
    );
    expect(refusal(book, exactly(amount), spender).facts.quotaSubject).toBe(name);
    expect(stateOf(book)).toMatchObject({ reserved: 0n, spent: 0n });
  });

  it('let a call that names nobody count as a subject of its own', () => {
    const { book } = openBook(BUDGETS);
    const nobody = aSpender({ userId: '', projectId: '' });
    granted(book, exactly(40n), nobody).settle(40n);
    expect(refusal(book, exactly(1n), nobody).facts.budget).toMatchObject({
      name: 'per user',
      subject: '',
    });
    expect(granted(book, exactly(40n)).granted).toBe(40n);
  });
});

describe('too little left', () => {
  it('is granted as it is if it suffices', () => {
    const { book } = openBook([aBudget()], { spent: [spending(70n)] });
    expect(granted(book, { most: 50n, least: 10n, explicit: true }).granted).toBe(30n);
  });

  it('is refused with what is known of the budget', () => {
    const { book, clock } = openBook([aBudget({ limit: 2_500_000_000_000n })], {
      spent: [spending(2_000_000_000_000n)],
      now: Date.UTC(2026, 0, 31, 23, 59),
    });
    clock.advance(500.5);
    const { reason, message, facts } = refusal(book, exactly(600_000_000_000n));
    expect(reason).toBe('BUDGET_EXCEEDED');
    expect(message).toBe(
      'The budget daily does not cover this call, which needs at least 0.6 USD: of 2.5 USD, 2 USD are spent and 0 USD reserved. It is reset at 2026-02-01T00:00:00.000Z.',
    );
    expect(facts).toMatchObject({
      model: 'gpt-test',
      quotaSubject: 'daily',
      retryAfterMs: 59_500,
      budget: { name: 'daily', limit: 2_500_000_000_000n, spent: 2_000_000_000_000n },
    });
  });

  it('of a total is refused for ever', () => {
    const { book } = openBook([aBudget({ period: 'total' })]);
    const { message, facts } = refusal(book, exactly(101n));
    expect(message).toMatch(/It is never reset\.$/);
    expect(facts.retryAfterMs).toBeUndefined();
    expect(facts.budget).not.toHaveProperty('resetsAt');
  });

  it('names the budget that has least', () => {
    const budgets = [aBudget({ limit: 90n }), aBudget({ name: 'small', limit: 80n })];
    const { book } = openBook(budgets);
    expect(refusal(book, exactly(100n)).facts.quotaSubject).toBe('small');
  });

  it('is refused at once if what others hold would not be enough, either', () => {
    const { book } = openBook([aBudget()], { spent: [spending(50n)] });
    granted(book, exactly(30n));
    expect(refusal(book, exactly(51n)).facts.budget).toMatchObject({ spent: 50n, reserved: 30n });
  });
});

describe('while others hold what is missing', () => {
  it('a call waits until they settle', async () => {
    const { book } = openBook([aBudget()]);
    const first = granted(book, exactly(80n));
    const wait = waiting(book, exactly(60n));
    await settled();
    expect(wait.granted).toBeUndefined();
    first.settle(10n);
    await settled();
    expect(wait.granted?.granted).toBe(60n);
    expect(stateOf(book)).toMatchObject({ spent: 10n, reserved: 60n });
  });

  it('a call waits no longer than it may, and leaves its turn to others', async () => {
    const { book, clock } = openBook([aBudget()]);
    const first = granted(book, exactly(80n));
    const signal = new AbortController().signal;
    const wait = book.reserve(aSpender(), exactly(60n), { signal, maxWaitMs: 1_000 });
    const refused = expect(wait).rejects.toMatchObject({
      reason: 'BUDGET_EXCEEDED',
      message: expect.stringMatching(/It waited for calls that run/),
    });
    const small = waiting(book, exactly(15n));
    const { pending } = clock;
    clock.advance(1_000);
    await refused;
    await settled();
    expect(small.granted?.granted).toBe(15n);
    expect(clock.pending).toBeLessThan(pending);
    first.settle(0n);
    expect(stateOf(book).reserved).toBe(15n);
  });

  it('a call is refused as soon as what they spent leaves too little', async () => {
    const { book } = openBook([aBudget()]);
    const first = granted(book, exactly(80n));
    const wait = waiting(book, exactly(60n));
    first.settle(80n);
    await settled();
    expect(wait.error).toMatchObject({ reason: 'BUDGET_EXCEEDED' });
    expect(stateOf(book)).toMatchObject({ spent: 80n, reserved: 0n });
  });

  it('calls go ahead first come, first served', async () => {
    const { book } = openBook([aBudget()]);
    const first = granted(book, exactly(90n));
    const large = waiting(book, exactly(60n));
    // It would fit, but would let who came before it starve.
    const small = waiting(book, exactly(5n));
    const third = waiting(book, exactly(50n));
    first.settle(0n);
    await settled();
    expect(large.granted?.granted).toBe(60n);
    expect(small.granted?.granted).toBe(5n);
    expect(third.granted).toBeUndefined();
    large.granted?.settle(0n);
    await settled();
    expect(third.granted?.granted).toBe(50n);
  });

  it('calls of others, to whom the blocking budget does not apply, go ahead', () => {
    const { book } = openBook([aBudget(), aBudget({ name: 'users', scope: 'user', limit: 50n })]);
    granted(book, exactly(40n));
    const wait = waiting(book, exactly(20n));
    expect(granted(book, exactly(50n), aSpender({ userId: 'bob' })).granted).toBe(50n);
    expect(wait.granted).toBeUndefined();
  });

  it('a call that is ended leaves, and lets who is behind it go ahead', async () => {
    const { book, clock } = openBook([aBudget()]);
    granted(book, exactly(80n));
    const large = waiting(book, exactly(60n));
    const small = waiting(book, exactly(20n));
    large.controller.abort(new ProviderError('DEADLINE_EXCEEDED'));
    await settled();
    expect(large.error).toMatchObject({ reason: 'DEADLINE_EXCEEDED' });
    expect(small.granted?.granted).toBe(20n);
    expect(clock.pending).toBe(0);
  });

  it('a call that is ended behind others leaves them in order', async () => {
    const { book } = openBook([aBudget()]);
    const first = granted(book, exactly(100n));
    const [second, third, fourth] = [1n, 2n, 3n].map((amount) => waiting(book, exactly(amount)));
    third?.controller.abort();
    first.settle(0n);
    await settled();
    expect(second?.granted?.granted).toBe(1n);
    expect(third?.error).toMatchObject({ reason: 'CANCELLED' });
    expect(fourth?.granted?.granted).toBe(3n);
  });

  it('an end that comes after the grant takes nothing back', async () => {
    const { book } = openBook([aBudget()]);
    const first = granted(book, exactly(100n));
    const wait = waiting(book, exactly(60n));
    first.settle(0n);
    wait.controller.abort();
    await settled();
    expect(wait.granted?.granted).toBe(60n);
    expect(stateOf(book).reserved).toBe(60n);
  });

  it('a call that was ended before does not begin to wait', () => {
    const { book } = openBook([aBudget({ scope: 'user' })]);
    granted(book, exactly(100n));
    const ended = { signal: AbortSignal.abort() };
    expect(() => book.reserve(aSpender(), exactly(60n), ended)).toThrow(
      expect.objectContaining({ reason: 'CANCELLED' }),
    );
  });

  it('a call that another budget blocks in turn moves on and keeps its place', async () => {
    const users = aBudget({ name: 'users', scope: 'user', limit: 60n });
    const { book } = openBook([aBudget(), users]);
    const bob = aSpender({ userId: 'bob' });
    const alices = granted(book, exactly(50n));
    const bobs = granted(book, exactly(40n), bob);
    // The first waits for alice's own budget, the second for that of all.
    const first = waiting(book, exactly(20n));
    const second = waiting(book, exactly(20n), bob);
    const third = waiting(book, exactly(50n), aSpender({ userId: 'carol' }));
    alices.settle(30n);
    await settled();
    expect([first.granted?.granted, second.granted?.granted]).toEqual([20n, undefined]);
    bobs.settle(0n);
    await settled();
    expect([second.granted?.granted, third.granted?.granted]).toEqual([20n, undefined]);
  });
});

describe('a call without a limit of its own', () => {
  const wish = { most: 80n, least: 0n, explicit: false };

  it('gets what its model can write at most, if that is there', () => {
    expect(granted(openBook([aBudget()]).book, wish).granted).toBe(80n);
  });

  it('does not wait for all of it if a quarter is there', () => {
    const { book } = openBook([aBudget()]);
    granted(book, exactly(75n));
    expect(granted(book, wish).granted).toBe(25n);
  });

  it('waits for a quarter of it', async () => {
    const { book } = openBook([aBudget()]);
    const first = granted(book, exactly(85n));
    const wait = waiting(book, wish);
    first.settle(70n);
    await settled();
    // Of the 30 that can be had at best now.
    expect(wait.granted?.granted).toBe(30n);
  });

  it('shares evenly with who waits behind it, but takes a quarter', async () => {
    const { book } = openBook([aBudget()]);
    const first = granted(book, exactly(100n));
    const waits = [1, 2, 3, 4, 5, 6].map(() => waiting(book, wish));
    first.settle(0n);
    await settled();
    expect(waits.map(({ granted: result }) => result?.granted)).toEqual([
      20n,
      20n,
      20n,
      20n,
      20n,
      undefined,
    ]);
  });

  it('gets more than a quarter if there is more for everybody', async () => {
    const { book } = openBook([aBudget()]);
    const first = granted(book, exactly(100n));
    const waits = [1, 2].map(() => waiting(book, wish));
    first.settle(0n);
    await settled();
    expect(waits.map(({ granted: result }) => result?.granted)).toEqual([50n, 50n]);
  });
});

describe('the last of a budget', () => {
  it('is shared among several calls, rather than spent by one after the other', () => {
    const { book } = openBook([aBudget()], { spent: [spending(60n)] });
    const wish = { most: 50n, least: 0n, explicit: true };
    granted(book, exactly(30n));
    // At best 40 of the 50 can be had.
    expect(granted(book, wish).granted).toBe(10n);
  });

  it('goes to a call that is alone', () => {
    const { book } = openBook([aBudget()], { spent: [spending(60n)] });
    expect(granted(book, { most: 50n, least: 0n, explicit: true }).granted).toBe(40n);
  });
});

describe('tryReserve', () => {
  it('takes what nobody will miss', () => {
    const { book } = openBook([aBudget()]);
    expect(book.tryReserve(aSpender(), 25n)?.granted).toBe(25n);
    expect(stateOf(book).reserved).toBe(25n);
  });

  it('takes nothing where it is more than a quarter', () => {
    const { book } = openBook([aBudget({ scope: 'user' })]);
    expect(book.tryReserve(aSpender(), 26n)).toBeUndefined();
    expect(book.states({})).toEqual([]);
  });

  it('takes nothing where somebody waits', () => {
    const { book } = openBook([aBudget()]);
    granted(book, exactly(20n));
    waiting(book, exactly(90n));
    expect(book.tryReserve(aSpender(), 1n)).toBeUndefined();
  });
});
