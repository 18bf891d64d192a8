import { ProviderError } from '../../core/errors.ts';

/** All answers of this thread together, in bytes; above it those that are large fail. */
const MAX_OF_ALL = 64 * 1024 * 1024;

/** An answer up to this size never fails for that of others: 64 Ki characters kept twice, or half of that beyond Latin-1. */
const SMALL = 128 * 1024;

let heldByAll = 0;

/**
 * What one answer takes of the memory that all of them share while it comes: each of a thousand could be as
 * large as one may be.
 */
export class HeldAnswer {
  #weight = 0;

  /**
   * It takes so much now.
   *
   * @throws ProviderError SERVICE_UNAVAILABLE if it is large, and there is no room for all of them
   */
  grow(weight: number): void {
    heldByAll += weight - this.#weight;
    this.#weight = weight;
    if (weight <= SMALL || heldByAll <= MAX_OF_ALL) return;
    throw new ProviderError('SERVICE_UNAVAILABLE', {
      message: 'The answer is too large beside those that come at the same time.',
      unreadable: true,
    });
  }

  /** It is over. */
  release(): void {
    heldByAll -= this.#weight;
    this.#weight = 0;
  }
}
