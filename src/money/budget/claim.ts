import type { Spender } from '../../core/spender.ts';
import type { Allowance } from './allowance.ts';

/** What an attempt wants to reserve, in pico-dollars. */
export interface Wish {
  /** What it can cost at most. */
  readonly most: bigint;
  /** The same with the shortest answer that is of use; at most `most`. */
  readonly least: bigint;
  /** `most` is what the caller set a limit for, not merely what the model can write. */
  readonly explicit: boolean;
}

/** A wish, and what it must fit. */
export interface Claim {
  readonly spender: Spender;
  readonly wish: Wish;
  /** Others where the budgets become others. */
  allowances: readonly Allowance[];
  /** Among all claims: the lower came first. */
  readonly order: number;
}

export type Decision =
  | { readonly kind: 'grant'; readonly amount: bigint }
  /** Until the allowance changes. */
  | { readonly kind: 'wait'; readonly at: Allowance }
  | { readonly kind: 'refuse'; readonly by: Allowance };

/** The part of the way from `least` to what can be had at best with which a call goes ahead. */
const COMFORT = 4n;

/**
 * What becomes of a claim as things stand. All or nothing over its allowances:
 *
 * - Refused only if one of them cannot come to `least`, even if all that others hold is given back.
 * - First come, first served: it waits where somebody waits who came before it.
 * - With an explicit limit that is affordable at all it waits until it gets all of it.
 * - Else a quarter of the longest affordable answer is enough to go ahead. What others hold is mostly
 *   given back, yet to wait for a model's whole maximum, or for the last cents of a budget, would let
 *   calls run one by one. Beyond that it gets an even share with those who wait behind it, so that a
 *   thousand calls at once neither starve nor shorten one another's answers more than need be.
 */
export function decide({ wish, allowances, order }: Claim): Decision {
  const { most, least, explicit } = wish;
  const { best, poorest, now, shortest, share } = survey(allowances, most);
  if (poorest !== undefined && best < least) return { kind: 'refuse', by: poorest };
  const queue = allowances.find(({ waiting }) => (waiting.first?.order ?? order) < order);
  if (queue !== undefined) return { kind: 'wait', at: queue };
  const enough = explicit && best === most ? most : least + (best - least) / COMFORT;
  if (shortest !== undefined && now < enough) return { kind: 'wait', at: shortest };
  return { kind: 'grant', amount: share > enough ? share : enough };
}

/** What can be had of several allowances together, each amount at most what is wanted. */
interface Survey {
  /** If what others hold is given back. */
  best: bigint;
  /** The allowance that limits it, if one does. */
  poorest: Allowance | undefined;
  now: bigint;
  /** The allowance that limits it, if one does. */
  shortest: Allowance | undefined;
  /** Now, shared evenly with those who wait. */
  share: bigint;
}

function survey(allowances: readonly Allowance[], most: bigint): Survey {
  const found: Survey = {
    best: most,
    poorest: undefined,
    now: most,
    shortest: undefined,
    share: most,
  };
  for (const allowance of allowances) {
    const { available, waiting } = allowance;
    if (available < most) allowance.want(most);
    if (available < found.now) {
      found.now = available;
      found.shortest = allowance;
    }
    const share = waiting.size === 0 ? available : available / BigInt(waiting.size + 1);
    if (share < found.share) found.share = share;
    const { reach } = allowance;
    if (reach < found.best) {
      found.best = reach;
      found.poorest = allowance;
    }
  }
  return found;
}
