import { expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Reservation } from '../../../src/money/budget/reservation.ts';
import { fewOrMany } from '../../support/long.ts';
import { aBudget, aSpender, openBook, settled } from './books.ts';

const BUDGETS = [
  aBudget({ limit: 100n }),
  aBudget({ name: 'monthly', period: 'month', limit: 400n }),
  aBudget({ name: 'users', scope: 'user', match: '?*', limit: 60n }),
  aBudget({ name: 'alice', scope: 'user', match: 'alice', period: 'total', limit: 150n }),
  aBudget({ name: 'models', scope: 'model', match: 'dear', limit: 30n }),
];

const spenders = fc.record({
  userId: fc.constantFrom('alice', 'bob', ''),
  projectId: fc.constant(''),
  model: fc.constantFrom('dear', 'cheap'),
});

const wishes = fc
  .record({ least: fc.nat(30), more: fc.nat(70), explicit: fc.boolean() })
  .map(({ least, more, explicit }) => ({
    least: BigInt(least),
    most: BigInt(least + more),
    explicit,
  }));

const steps = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({ kind: fc.constant('reserve'), spender: spenders, wish: wishes }),
  },
  {
    weight: 5,
    arbitrary: fc.record({ kind: fc.constant('settle'), which: fc.nat(), percent: fc.nat(100) }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('abort'), which: fc.nat() }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('pass'), hours: fc.nat(30) }) },
);

type Step = typeof steps extends fc.Arbitrary<infer T> ? T : never;

/** A call, from its claim to its settlement. */
interface Claimed {
  readonly controller: AbortController;
  reservation?: Reservation;
  refused?: boolean;
}

class Machine {
  readonly #opened = openBook(BUDGETS);
  readonly #claimed: Claimed[] = [];
  readonly #running: Reservation[] = [];

  async take(step: Step): Promise<void> {
    if ('wish' in step) this.#reserve(step);
    else if ('percent' in step) this.#settle(step);
    else if ('hours' in step) this.#opened.clock.advance(step.hours * 3_600_000);
    else this.#claimed.at(step.which % (this.#claimed.length + 1))?.controller.abort();
    this.#check();
    await settled();
    this.#check();
  }

  /** All settle in the end, and then nobody waits and nothing is held. */
  async end(): Promise<void> {
    for (let running = this.#running.pop(); running !== undefined; running = this.#running.pop()) {
      running.settle(0n);
      await settled();
    }
    for (const claimed of this.#claimed) {
      expect(claimed.reservation !== undefined || claimed.refused).toBe(true);
    }
    for (const { reserved } of this.#opened.book.states({})) expect(reserved).toBe(0n);
    expect(this.#opened.clock.pending).toBe(0);
  }

  #reserve({ spender, wish }: Extract<Step, { wish: unknown }>): void {
    const claimed: Claimed = { controller: new AbortController() };
    this.#claimed.push(claimed);
    const granted = (reservation: Reservation) => {
      expect(reservation.granted).toBeGreaterThanOrEqual(wish.least);
      expect(reservation.granted).toBeLessThanOrEqual(wish.most);
      claimed.reservation = reservation;
      this.#running.push(reservation);
    };
    const refused = () => {
      claimed.refused = true;
    };
    try {
      const result = this.#opened.book.reserve(aSpender(spender), wish, claimed.controller);
      if (result instanceof Promise) result.then(granted, refused);
      else granted(result);
    } catch {
      refused();
    }
  }

  #settle({ which, percent }: Extract<Step, { percent: unknown }>): void {
    const [reservation] = this.#running.splice(which % (this.#running.length + 1), 1);
    reservation?.settle((reservation.granted * BigInt(percent)) / 100n);
  }

  #check(): void {
    for (const { limit, spent, reserved } of this.#opened.book.states({})) {
      expect(spent).toBeGreaterThanOrEqual(0n);
      expect(reserved).toBeGreaterThanOrEqual(0n);
      expect(spent + reserved).toBeLessThanOrEqual(limit);
    }
  }
}

it('never holds and spends more than the limits, and leaves nobody waiting for ever', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(steps, { maxLength: 60 }), async (script) => {
      const machine = new Machine();
      for (const step of script) await machine.take(step);
      await machine.end();
    }),
    { numRuns: fewOrMany(80, 300) },
  );
}, 60_000);
