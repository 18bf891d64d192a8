import { smaller } from '../../core/bigint.ts';
import type { ProviderError } from '../../core/errors.ts';
import { LiveSet } from '../../core/live-set.ts';
import type { Spender } from '../../core/spender.ts';
import type { Allowance } from './allowance.ts';
import type { Budgets } from './budgets.ts';
import type { Held } from './change.ts';
import type { Claim } from './claim.ts';
import type { Reservation } from './reservation.ts';

export interface ReservationsDeps {
  readonly budgets: Pick<Budgets, 'claim' | 'drop' | 'current'>;
  /** Ends a claim that does not fit. Returns the refusal. */
  readonly refuse: (claim: Claim, by: Allowance) => ProviderError;
  /** Money was given back to these, or spent of them. */
  readonly onChange: (allowances: readonly Allowance[]) => void;
}

/** The money that is held, until it is settled. */
export class Reservations {
  readonly #deps: ReservationsDeps;
  readonly #held = new LiveSet<Held>();

  constructor(deps: ReservationsDeps) {
    this.#deps = deps;
  }

  [Symbol.iterator](): Iterator<Held> {
    return this.#held[Symbol.iterator]();
  }

  /** Of what the allowances of a claim hold. @param isShort see Reservation */
  open(claim: Claim, granted: bigint, isShort = false): Reservation {
    const held: Held = { claim, left: granted, place: undefined };
    this.#held.add(held);
    const settlePart = (share: bigint, spent: bigint) => {
      // More, or twice, would free what others hold.
      if (held.place === undefined) return;
      const freed = smaller(share, held.left);
      held.left -= freed;
      this.#settle(held.claim, freed, spent);
    };
    return {
      granted,
      isShort,
      settlePart,
      settle: (spent) => {
        settlePart(held.left, spent);
        if (this.#held.delete(held)) this.#deps.budgets.drop(held.claim);
      },
      moveTo: (spender) => this.#move(held, spender),
    };
  }

  /** What both spenders' budgets have in common holds it all the time. */
  #move(held: Held, spender: Spender): void {
    const { budgets, refuse, onChange } = this.#deps;
    const { claim: before, left } = held;
    const claim = budgets.claim(spender, { most: left, least: left, explicit: true });
    const added = claim.allowances.filter((allowance) => !before.allowances.includes(allowance));
    const gone = before.allowances.filter((allowance) => !claim.allowances.includes(allowance));
    const poorest = added.find(({ available }) => available < left);
    if (poorest !== undefined) throw refuse(claim, poorest);
    for (const allowance of added) allowance.reserve(left);
    for (const allowance of gone) allowance.settle(left, 0n);
    held.claim = claim;
    budgets.drop(before);
    onChange(gone);
  }

  /** Everything is booked before anybody is served, for who waits must fit all of it. */
  #settle({ allowances }: Claim, freed: bigint, spent: bigint): void {
    this.#deps.budgets.current();
    for (const allowance of allowances) allowance.settle(freed, spent);
    this.#deps.onChange(allowances);
  }
}
