import type { Call } from '../../core/call.ts';
import { ProviderError } from '../../core/errors.ts';
import { longest, type RateWait } from './key-limits.ts';

/** Why nobody may wait, or wait any longer. */
export type RefusalCause = 'full' | 'in_vain' | 'too_long';

const MESSAGES: Readonly<Record<RefusalCause, string>> = {
  full: 'As many calls as may wait for the rate limit of the upstream wait already.',
  in_vain:
    'The wait for the rate limit of the upstream leaves no time for an answer before the deadline.',
  too_long:
    'The wait for the rate limit of the upstream is long, and the call has somewhere else to go.',
};

/** The refusal of a request that would never be taken, whenever it were made. */
export function neverFits({ model }: Call, tokens: number, limit: number): ProviderError {
  return new ProviderError('RATE_LIMIT_EXCEEDED', {
    message: `The request has ${tokens} tokens, and the upstream takes ${limit} a minute: it can never be sent there.`,
    countedTokens: tokens,
    tokenLimit: limit,
    neverFits: true,
    shouldRetry: false,
    quotaSubject: 'tokens per minute',
    model,
  });
}

const UNKNOWN_WAIT_MS = 1_000;

/** The refusal of an attempt that would have to wait so long, and for what most. */
export function refusal({ model }: Call, wait: RateWait, cause: RefusalCause): ProviderError {
  const waitMs = longest(wait);
  return new ProviderError('RATE_LIMIT_EXCEEDED', {
    message: MESSAGES[cause],
    // Nothing is known of the wait before the first answer was complete.
    retryAfterMs: waitMs === 0 ? UNKNOWN_WAIT_MS : Math.ceil(waitMs),
    quotaSubject: wait.subject,
    model,
  });
}
