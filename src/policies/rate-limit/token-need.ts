import type { Call } from '../../core/call.ts';
import type { ProviderError } from '../../core/errors.ts';
import type { PromptSizes } from '../../request/tokens/prompt-sizes.ts';
import type { Capacity } from './capacity.ts';
import { keysOf } from './key-limits.ts';
import { neverFits } from './refusal.ts';

/** With so many times what a prompt needs in store, a guess at its length will do. */
const PLENTY = 4;

/** What attempts need of the tokens of a minute: guessed at once, and counted where that is too near. */
export class TokenNeed {
  readonly #capacity: Capacity;
  readonly #sizes: Pick<PromptSizes, 'estimate' | 'count'>;

  constructor(capacity: Capacity, sizes: Pick<PromptSizes, 'estimate' | 'count'>) {
    this.#capacity = capacity;
    this.#sizes = sizes;
  }

  /** 0 where nothing depends on it. `isCounted`: nobody need count. */
  guess(call: Call, now: number): { tokens: number; isCounted: boolean } {
    const { keys } = this.#capacity;
    if (!keys.countTokens(keysOf(call), now)) return { tokens: 0, isCounted: true };
    const input = this.#sizes.estimate(call);
    const tokens = this.#capacity.withOutput(input, call.request);
    const isPlenty = keys.of(call.key).hasTokens(PLENTY * tokens, now);
    return {
      tokens,
      isCounted: isPlenty && PLENTY * input <= keys.largestRequest(keysOf(call), now),
    };
  }

  /**
   * Undefined: it cannot be counted, and the guess has to do; or the call has ended.
   *
   * @param now when it is counted
   */
  async count(call: Call, now: () => number): Promise<Counted | undefined> {
    const input = await this.#sizes.count(call).catch(() => undefined);
    if (input === undefined) return undefined;
    const limit = this.#capacity.keys.largestRequest(keysOf(call), now());
    // What could not be counted comes as an upper bound, which proves nothing.
    const least = Math.min(input, this.#sizes.estimate(call));
    return {
      tokens: this.#capacity.withOutput(input, call.request),
      ...(least > limit && { neverFits: neverFits(call, least, limit) }),
    };
  }
}

interface Counted {
  readonly tokens: number;
  /** The prompt alone is more than can be sent in a minute. */
  readonly neverFits?: ProviderError;
}
