import { hash } from 'node:crypto';
import type { Call } from '../../core/call.ts';
import { userOf } from '../../core/caller.ts';
import { PerModel } from '../../core/per-model.ts';
import { WeightedTurns } from '../../core/weighted-turns.ts';
import type { TargetShare } from './options.ts';
import { conversationKey } from './prompt-cache-key.ts';

export interface SharesDeps {
  /** Part of its weight that an upstream gets now for a model, 0 to 1; 0: it is passed over. */
  readonly partOf: (upstream: string, model: string) => number;
}

/**
 * What keeps calls together: the prompt cache key, the caller's or that of the conversation, else the
 * end user or the user for whom a call is made. Undefined: nothing does.
 */
export function pinOf({ asked, caller }: Call, promptCache: 'off' | 'auto'): string | undefined {
  const { promptCacheKey, safetyIdentifier, metadata } = asked;
  if (promptCacheKey) return promptCacheKey;
  if (promptCache === 'auto') return conversationKey(asked);
  return safetyIdentifier || userOf(metadata, caller) || undefined;
}

const TWO_TO_48 = 2 ** 48;

/**
 * Spreads the calls of a model over targets by weight. Calls that are pinned stay at their target, for
 * prompt caches belong to accounts; the others take turns, so that shares hold over any stretch of time.
 */
export class LoadShares {
  readonly #deps: SharesDeps;
  /** By name of the model: two that are asked in turn must not divide the targets between them. */
  readonly #turns = new PerModel<WeightedTurns>(
    () => new WeightedTurns(),
    (full) => void full.drop(() => true),
  );

  constructor(deps: SharesDeps) {
    this.#deps = deps;
  }

  /**
   * The targets in the order in which one call tries them: those that are passed over come last, and
   * are all that there is where every one is.
   *
   * @param pin calls with the same go to the same target
   * @param id of the call
   */
  order(
    shares: readonly TargetShare[],
    model: string,
    pin: string | undefined,
    id: string,
  ): readonly string[] {
    const parts = shares.map(({ target }) => this.#deps.partOf(target, model));
    const isAnyUp = parts.some((part) => part > 0);
    const weights = shares.map(({ weight }, at) => (isAnyUp ? weight * (parts[at] ?? 0) : weight));
    const ranked = rank(shares, weights, pin ?? id);
    if (pin !== undefined) return ranked;
    const next = this.#turns.use(model).next(weights);
    const first = next === undefined ? undefined : shares[next]?.target;
    return first === undefined ? ranked : [first, ...ranked.filter((one) => one !== first)];
  }
}

/**
 * Weighted rendezvous hashing: each target draws a number of its own for the key, the best is first. A
 * target more, or a greater weight, moves only those keys that go to it.
 */
function rank(
  shares: readonly TargetShare[],
  weights: readonly number[],
  key: string,
): readonly string[] {
  const drawn = shares.map(({ target, weight }, at) => {
    const now = weights[at] ?? 0;
    const score = -(now || weight) / Math.log(drawOf(key, target));
    return { target, isUp: now > 0, score };
  });
  return drawn
    .toSorted((a, b) => Number(b.isUp) - Number(a.isUp) || b.score - a.score)
    .map(({ target }) => target);
}

/** Between 0 and 1, both excluded. The same in every process. */
function drawOf(key: string, target: string): number {
  const bits = hash('sha256', `${target}\0${key}`, 'buffer').readUIntBE(0, 6);
  return (bits + 0.5) / TWO_TO_48;
}
