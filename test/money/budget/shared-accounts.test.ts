import { describe, expect, it } from '@jest/globals';
import type { BudgetAccount, BudgetAccounts } from '../../../src/money/budget/account.ts';
import type { BudgetBook } from '../../../src/money/budget/book.ts';
import { aBudget, aSpender, exactly, NEVER, openBook, settled } from './books.ts';

const DAY_MS = 86_400_000;

/** An account with a lease that a test enlarges by hand. */
class LeasedAccount implements BudgetAccount {
  readonly shared = true;
  readonly wanted: bigint[] = [];
  readonly #onChange: () => void;
  spent = 0n;
  lease: bigint;
  reserved = 0n;
  asked = false;
  released = false;

  constructor(lease: bigint, onChange: () => void) {
    this.lease = lease;
    this.#onChange = onChange;
  }

  get available(): bigint {
    return this.lease - this.reserved;
  }

  get pending(): boolean {
    return this.asked || this.reserved > 0n;
  }

  reserve(amount: bigint): void {
    this.reserved += amount;
  }

  settle(reserved: bigint, spent: bigint): void {
    this.reserved -= reserved;
    this.spent += spent;
    this.lease -= spent;
  }

  want(amount: bigint): void {
    this.wanted.push(amount);
  }

  resize(): void {}

  release(): void {
    this.released = true;
  }

  /** What came of asking for more. */
  change(lease: bigint, spentByOthers = 0n): void {
    this.lease = lease;
    this.spent += spentByOthers;
    this.asked = false;
    this.#onChange();
  }
}

/** Each account opens with the lease that is next. */
class LeasedAccounts implements BudgetAccounts {
  readonly opened: LeasedAccount[] = [];
  readonly #leases: bigint[];
  closed = false;

  constructor(...leases: bigint[]) {
    this.#leases = leases;
  }

  subjects(): Iterable<string> {
    return [];
  }

  open(_key: unknown, _limit: bigint, onChange: () => void): BudgetAccount {
    const account = new LeasedAccount(this.#leases.shift() ?? 0n, onChange);
    this.opened.push(account);
    return account;
  }

  configure(): void {}

  tidy(): void {}

  async close(): Promise<void> {
    this.closed = true;
  }

  get last(): LeasedAccount {
    const account = this.opened.at(-1);
    if (account === undefined) throw new Error('No account was opened.');
    return account;
  }
}

function openWith(accounts: LeasedAccounts) {
  return openBook([aBudget({ alertThresholds: [0.5] })], { accounts });
}

const reserve = async (book: BudgetBook, amount: bigint) =>
  await book.reserve(aSpender(), exactly(amount), NEVER);

describe('a leased account', () => {
  it('is asked for more where there is too little, and the call waits for it', async () => {
    const accounts = new LeasedAccounts(10n);
    const { book } = openWith(accounts);
    accounts.last.asked = true;
    const wait = reserve(book, 30n);
    await settled();
    expect(accounts.last.wanted).toEqual([30n]);
    accounts.last.change(40n);
    expect((await wait).granted).toBe(30n);
  });

  it('refuses if no more is to come', async () => {
    const accounts = new LeasedAccounts(10n);
    const { book } = openWith(accounts);
    accounts.last.asked = true;
    const wait = reserve(book, 30n);
    accounts.last.change(10n);
    await expect(wait).rejects.toMatchObject({ reason: 'BUDGET_EXCEEDED' });
  });

  it('raises the alerts of what others spent', () => {
    const accounts = new LeasedAccounts(10n);
    const { alerts } = openWith(accounts);
    accounts.last.change(10n, 60n);
    expect(alerts).toMatchObject([{ threshold: 0.5, budget: { spent: 60n, shared: true } }]);
  });

  it('is given back at the end of its period', () => {
    const accounts = new LeasedAccounts(10n, 10n);
    const { book, clock } = openWith(accounts);
    clock.advance(DAY_MS);
    expect(book.states({})).toHaveLength(1);
    expect(accounts.opened.map(({ released }) => released)).toEqual([true, false]);
  });

  it('is closed with the book', async () => {
    const accounts = new LeasedAccounts(10n);
    await openWith(accounts).book.close();
    expect(accounts.closed).toBe(true);
  });
});

describe('a new period whose lease is smaller than what runs across midnight', () => {
  async function acrossMidnight(lease = 30n) {
    const accounts = new LeasedAccounts(100n, lease);
    const { book, clock } = openWith(accounts);
    const first = await reserve(book, 40n);
    const second = await reserve(book, 20n);
    clock.advance(DAY_MS);
    return { accounts, book, first, second };
  }

  it('still shows all of it as reserved, and has nothing to give', async () => {
    const { accounts, book } = await acrossMidnight();
    expect(book.states({})).toMatchObject([{ spent: 0n, reserved: 60n }]);
    expect(accounts.last.reserved).toBe(30n);
    const wait = reserve(book, 10n);
    accounts.last.change(60n);
    await settled();
    // All of the larger lease is needed for what runs.
    expect(book.states({})).toMatchObject([{ reserved: 60n }]);
    accounts.last.change(70n);
    expect((await wait).granted).toBe(10n);
  });

  it('books what it cost, and never gives back what it did not take', async () => {
    const { accounts, book, first, second } = await acrossMidnight();
    first.settle(5n);
    expect(accounts.last).toMatchObject({ reserved: 20n, spent: 5n });
    second.settle(5n);
    expect(accounts.last).toMatchObject({ reserved: 0n, spent: 10n });
    expect(book.states({})).toMatchObject([{ spent: 10n, reserved: 0n }]);
  });

  it('may end in another order than it began', async () => {
    const { accounts, first, second } = await acrossMidnight();
    second.settle(5n);
    expect(accounts.last).toMatchObject({ reserved: 30n, spent: 5n });
    first.settle(5n);
    expect(accounts.last).toMatchObject({ reserved: 0n, spent: 10n });
  });

  it('lets a call wait for what runs, even if the lease is nothing', async () => {
    const { accounts, book, first } = await acrossMidnight(0n);
    const wait = reserve(book, 10n);
    first.settle(0n);
    accounts.last.change(30n);
    expect((await wait).granted).toBe(10n);
  });
});
