import type { Charge } from '../../core/call.ts';
import type { LedgerEntry, LedgerOpening } from './ledger.ts';

/** An attempt that runs. */
export class Attempt implements LedgerEntry {
  /** By which the journal calls it; unique in this process. */
  readonly number: number;
  readonly opening: LedgerOpening;
  outputTokens = 0;
  /** What the journal has of `outputTokens`. */
  journalledTokens = 0;
  readonly #over: (attempt: Attempt, charge?: Charge) => void;

  constructor(
    number: number,
    opening: LedgerOpening,
    over: (attempt: Attempt, charge?: Charge) => void,
  ) {
    this.number = number;
    this.opening = opening;
    this.#over = over;
  }

  progress(outputTokens: number): void {
    this.outputTokens = outputTokens;
  }

  settle(charge: Charge): void {
    this.#over(this, charge);
  }

  void(): void {
    this.#over(this);
  }
}
