import type { ProviderError } from '../../core/errors.ts';

/**
 * Of the failures of all routes the one to tell the caller. What may succeed if it is tried again comes
 * before what will not, and of that the shortest wait that is known before a longer one. An open
 * circuit comes after it: it only says that something failed before. Else the first counts, for it is
 * about what the caller asked for.
 *
 * @param earlier in order
 */
export function mostUseful(earlier: readonly ProviderError[], last: ProviderError): ProviderError {
  return earlier.reduceRight((best, error) => (compare(error, best) <= 0 ? error : best), last);
}

/** Negative: `a` says more. */
function compare(a: ProviderError, b: ProviderError): number {
  const difference = rank(a) - rank(b);
  return difference === 0 && a.retryable ? waitOf(a) - waitOf(b) : difference;
}

function rank({ retryable, reason }: ProviderError): number {
  if (!retryable) return 2;
  return reason === 'CIRCUIT_OPEN' ? 1 : 0;
}

/** In ms. Finite, so that two unknown waits are equal. */
function waitOf({ facts }: ProviderError): number {
  return facts.retryAfterMs ?? Number.MAX_SAFE_INTEGER;
}
