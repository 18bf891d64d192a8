import { ProviderError } from '../core/errors.ts';
import type { Spender } from '../core/spender.ts';
import type { Owed, SettledItem } from '../money/batches/batch.ts';
import type { BudgetBook, Lack } from '../money/budget/book.ts';
import type { Reservation } from '../money/budget/reservation.ts';

type Payer = Omit<Owed, 'most'>;

/** What of a part does not fit a budget. */
interface Refused {
  readonly spender: Payer;
  readonly error: ProviderError;
}

/** The money that one part of a batch holds of the budgets that apply to it, by who pays. */
export class Holdings {
  readonly #book: Pick<BudgetBook, 'reserveEach' | 'hold'>;
  readonly #model: string;
  readonly #held = new Map<string, Reservation>();
  /** Since it was looked last. */
  #lack: Lack | undefined;

  /** @param model its id */
  constructor(book: Pick<BudgetBook, 'reserveEach' | 'hold'>, model: string) {
    this.#book = book;
    this.#model = model;
  }

  /** Resolves once there may be what was missing. */
  get change(): Promise<void> {
    return this.#lack?.change ?? Promise.resolve();
  }

  /** Returns whose money does not suffice; undefined: others hold what is missing, and nothing more is held. */
  reserve(owed: readonly Owed[]): readonly Refused[] | undefined {
    // Of whom no budget is now, one may come while the part is worked on.
    const open = owed.filter((payer) => !this.#held.has(keyOf(payer)));
    const needs = open
      .map(({ most, ...spender }) => ({ amount: most, spender: this.#whole(spender) }))
      .filter(({ amount }) => amount > 0n);
    const before = this.#lack;
    const found = this.#book.reserveEach(needs);
    this.#lack = 'leave' in found ? found : undefined;
    before?.leave();
    if ('leave' in found) return undefined;
    const refused: Refused[] = [];
    for (const [{ spender }, reserved] of found) {
      if (reserved instanceof ProviderError) refused.push({ spender, error: reserved });
      else this.#held.set(keyOf(spender), reserved);
    }
    // What nobody knows a bound of may have a price all the same: that of its tokens.
    this.resume(open.filter(({ most }) => most === 0n));
    return refused;
  }

  /** What a process that died had reserved is held again, whatever has become of the budgets. */
  resume(owed: readonly Owed[]): void {
    for (const { most, ...spender } of owed) {
      this.#held.set(keyOf(spender), this.#book.hold(this.#whole(spender), most));
    }
  }

  /** @param spent in pico-dollars */
  settle({ most, ...spender }: SettledItem, spent: bigint): void {
    this.#held.get(keyOf(spender))?.settlePart(most, spent);
  }

  /** Gives back what is left. */
  release(): void {
    this.#lack?.leave();
    this.#lack = undefined;
    for (const reservation of this.#held.values()) reservation.settle(0n);
    this.#held.clear();
  }

  #whole(payer: Payer): Spender {
    return { ...payer, model: this.#model };
  }
}

function keyOf({ userId, projectId }: Payer): string {
  return `${userId}\n${projectId}`;
}
