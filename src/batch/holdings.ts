import { ProviderError } from '../core/errors.ts';
import type { Owed, SettledItem } from '../money/batches/batch.ts';
import type { BudgetBook } from '../money/budget/book.ts';
import type { Reservation } from '../money/budget/reservation.ts';

type Spender = Omit<Owed, 'most'>;

/** What of a part does not fit a budget. */
interface Refused {
  readonly spender: Spender;
  readonly error: ProviderError;
}

/** The money that one part of a batch holds of the budgets that apply to it, by who pays. */
export class Holdings {
  readonly #book: Pick<BudgetBook, 'appliesTo' | 'reserve' | 'hold'>;
  readonly #model: string;
  readonly #held = new Map<string, Reservation>();

  /** @param model its id */
  constructor(book: Pick<BudgetBook, 'appliesTo' | 'reserve' | 'hold'>, model: string) {
    this.#book = book;
    this.#model = model;
  }

  /** Returns whose money does not suffice. Rejects with the end of the signal. */
  async reserve(owed: readonly Owed[], signal: AbortSignal): Promise<readonly Refused[]> {
    const refused: Refused[] = [];
    for (const { most, ...spender } of owed) {
      const whole = { ...spender, model: this.#model };
      if (most === 0n || this.#held.has(keyOf(spender)) || !this.#book.appliesTo(whole)) continue;
      try {
        const wish = { most, least: most, explicit: true };
        this.#held.set(keyOf(spender), await this.#book.reserve(whole, wish, { signal }));
      } catch (thrown) {
        const error = ProviderError.from(thrown);
        if (error.reason !== 'BUDGET_EXCEEDED') throw error;
        refused.push({ spender, error });
      }
    }
    return refused;
  }

  /** What a process that died had reserved is held again, whatever has become of the budgets. */
  resume(owed: readonly Owed[]): void {
    for (const { most, ...spender } of owed) {
      const whole = { ...spender, model: this.#model };
      if (most === 0n || !this.#book.appliesTo(whole)) continue;
      this.#held.set(keyOf(spender), this.#book.hold(whole, most));
    }
  }

  /** @param spent in pico-dollars */
  settle({ most, ...spender }: SettledItem, spent: bigint): void {
    this.#held.get(keyOf(spender))?.settlePart(most, spent);
  }

  /** Gives back what is left. */
  release(): void {
    for (const reservation of this.#held.values()) reservation.settle(0n);
    this.#held.clear();
  }
}

function keyOf({ userId, projectId }: Spender): string {
  return `${userId}\n${projectId}`;
}
