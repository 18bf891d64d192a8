import { describe, expect, it } from '@jest/globals';
import { ProviderError } from '../../../src/core/errors.ts';
import type { BudgetBook } from '../../../src/money/budget/book.ts';
import type { Reservation } from '../../../src/money/budget/reservation.ts';
import { random } from '../../support/random.ts';
import { aBudget, aSpender, NEVER, openBook, settled } from './books.ts';

const DOLLAR = 1_000_000_000_000n;
const CENT = DOLLAR / 100n;
const CALLS = 1_000;

interface Refusal {
  readonly spent: bigint;
  readonly limit: bigint;
  readonly least: bigint;
}

/** Calls that all come at once, and end one by one in an order of chance. */
class Rush {
  readonly refusals: Refusal[] = [];
  readonly #book: BudgetBook;
  readonly #random: () => number;
  readonly #running: { readonly reservation: Reservation; readonly least: bigint }[] = [];
  answered = 0;
  overspent = 0;
  mostAtOnce = 0;

  constructor(book: BudgetBook, seed: number) {
    this.#book = book;
    this.#random = random(seed);
  }

  async run(calls: number, explicit: (index: number) => boolean): Promise<void> {
    for (let index = 0; index < calls; index += 1) this.#call(index, explicit(index));
    await settled();
    while (this.#running.length > 0) {
      this.mostAtOnce = Math.max(this.mostAtOnce, this.#running.length);
      this.#settleOne();
      this.#look();
      await settled();
      this.#look();
    }
  }

  #call(index: number, explicit: boolean): void {
    const least = this.#between(CENT / 100n, CENT / 10n);
    const wish = { least, most: least + this.#between(CENT, 20n * CENT), explicit };
    const spender = aSpender({ userId: `user-${index % 7}`, projectId: `project-${index % 3}` });
    const granted = (reservation: Reservation) => {
      this.#running.push({ reservation, least });
    };
    const refused = (error: unknown) => this.#refused(error, least);
    try {
      const result = this.#book.reserve(spender, wish, NEVER);
      if (result instanceof Promise) result.then(granted, refused);
      else granted(result);
    } catch (error) {
      refused(error);
    }
  }

  #refused(error: unknown, least: bigint): void {
    if (!(error instanceof ProviderError) || error.facts.budget === undefined) throw error;
    const { spent, limit } = error.facts.budget;
    this.refusals.push({ spent, limit, least });
  }

  /** Most answers are much shorter than they might be. */
  #settleOne(): void {
    const [ended] = this.#running.splice(Math.floor(this.#random() * this.#running.length), 1);
    if (ended === undefined) return;
    const { reservation, least } = ended;
    const share = BigInt(Math.floor(this.#random() ** 4 * 1_000));
    reservation.settle(least + ((reservation.granted - least) * share) / 1_000n);
    this.answered += 1;
  }

  #look(): void {
    for (const { spent, reserved, limit } of this.#book.states({})) {
      if (spent + reserved > limit) this.overspent += 1;
    }
  }

  #between(from: bigint, to: bigint): bigint {
    return from + (BigInt(Math.floor(this.#random() * 1_000)) * (to - from)) / 1_000n;
  }
}

const SEEDS = [1, 2, 3, 4, 5];

describe('a thousand calls at once', () => {
  it.each(SEEDS)('spend no more than there is, and nearly all of it (seed %i)', async (seed) => {
    const { book } = openBook([
      aBudget({ limit: 8n * DOLLAR }),
      aBudget({ name: 'users', scope: 'user', limit: 2n * DOLLAR }),
      aBudget({ name: 'projects', scope: 'project', limit: 3n * DOLLAR }),
    ]);
    const rush = new Rush(book, seed);
    await rush.run(CALLS, (index) => index % 2 === 0);
    expect(rush.overspent).toBe(0);
    expect(rush.answered + rush.refusals.length).toBe(CALLS);
    expect(rush.refusals.length).toBeGreaterThan(0);
    for (const { spent, limit, least } of rush.refusals) {
      expect(spent + least).toBeGreaterThan(limit);
      expect(Number(spent) / Number(limit)).toBeGreaterThan(0.95);
    }
  });

  it.each(SEEDS)('are all answered if there is enough for them (seed %i)', async (seed) => {
    const { book } = openBook([aBudget({ limit: 40n * DOLLAR })]);
    const rush = new Rush(book, seed);
    await rush.run(CALLS, () => true);
    expect(rush.overspent).toBe(0);
    expect(rush.refusals).toEqual([]);
    expect(rush.answered).toBe(CALLS);
  });

  it('run side by side even if each could spend a quarter of what is left', async () => {
    const { book } = openBook([aBudget({ limit: DOLLAR })]);
    const rush = new Rush(book, 1);
    await rush.run(CALLS, () => false);
    expect(rush.overspent).toBe(0);
    expect(rush.mostAtOnce).toBeGreaterThan(8);
  });
});
