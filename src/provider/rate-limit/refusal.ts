import type { Call } from '../call.ts';
import { ProviderError } from '../errors.ts';

/** Why nobody may wait, or wait any longer. */
export type RefusalCause = 'full' | 'in_vain' | 'too_long';

const MESSAGES: Readonly<Record<RefusalCause, string>> = {
  full: 'As many calls as may wait for the rate limit of the upstream wait already.',
  in_vain: 'The wait for the rate limit of the upstream would outlast the deadline of the call.',
  too_long:
    'The wait for the rate limit of the upstream is long, and the call has somewhere else to go.',
};

/** The refusal of an attempt that would have to wait so long, and for what most. */
export function refusal(
  { model }: Call,
  { waitMs, subject }: { readonly waitMs: number; readonly subject: string },
  cause: RefusalCause,
): ProviderError {
  return new ProviderError('RATE_LIMIT_EXCEEDED', {
    message: MESSAGES[cause],
    retryAfterMs: Math.max(1, Math.ceil(waitMs)),
    quotaSubject: subject,
    model,
  });
}
