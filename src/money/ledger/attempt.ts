import type { Charge } from '../../core/call-record.ts';
import type { Member } from '../../core/live-set.ts';
import type { LedgerEntry, LedgerOpening, Payer } from './ledger.ts';

export interface AttemptOwner {
  sent(attempt: Attempt): void;
  over(attempt: Attempt, charge?: Charge, payer?: Payer): void;
}

/** An attempt that runs. */
export class Attempt implements LedgerEntry, Member {
  /** By which the journal calls it; unique in this process. */
  readonly number: number;
  readonly opening: LedgerOpening;
  outputTokens = 0;
  /** What the journal has of `outputTokens`. */
  journalledTokens = 0;
  /** Its request may have left. */
  isSent = false;
  place: number | undefined = undefined;
  readonly #owner: AttemptOwner;

  constructor(number: number, opening: LedgerOpening, owner: AttemptOwner) {
    this.number = number;
    this.opening = opening;
    this.#owner = owner;
  }

  sent(): void {
    if (this.isSent) return;
    this.isSent = true;
    this.#owner.sent(this);
  }

  progress(outputTokens: number): void {
    this.outputTokens = outputTokens;
  }

  settle(charge: Charge, payer?: Payer): void {
    this.#owner.over(this, charge, payer);
  }

  void(): void {
    this.#owner.over(this);
  }
}
