import { serializeError } from '../telemetry/serialize-error.ts';
import type { ErrorReason } from './error-kinds.ts';
import { ProviderError } from './errors.ts';

/**
 * The reasons whose cause says more and quotes nobody: the upstream's own troubles. What it says of
 * a request that it refused may hold parts of the prompt.
 */
const CAUSE_TELLS: ReadonlySet<ErrorReason> = new Set([
  'NETWORK_ERROR',
  'SERVICE_UNAVAILABLE',
  'PROVIDER_ERROR',
]);

/** Bad fields that are logged, and of each so many characters. */
const MAX_FIELDS = 16;
const MAX_FIELD = 128;

/** What the failure was about, in identifiers and numbers: neither the upstream's words nor a prompt. */
export function failureOf(error: ProviderError) {
  const { facts } = error;
  const { upstreamStatus, upstreamError, fieldViolations, budget } = facts;
  return {
    refusal: refusalOf(error),
    upstream_error: upstreamError && { status: upstreamStatus, ...upstreamError },
    fields: fieldViolations?.slice(0, MAX_FIELDS).map(({ field }) => field.slice(0, MAX_FIELD)),
    budget: budget?.name,
    budget_subject: budget?.subject || undefined,
  };
}

/** Why a caller is not known: it is told less, and its token is no part of either. */
function refusalOf({ reason, message, facts }: ProviderError): string | undefined {
  if (reason !== 'CALLER_UNAUTHENTICATED') return undefined;
  return (facts.cause instanceof Error ? facts.cause.message : message).slice(0, MAX_FIELD);
}

/** What the machine or the server said of a failure, if that may be told. */
export function causeOf(error: ProviderError | undefined): string | undefined {
  const cause = error && tellingCause(error);
  return cause === undefined ? undefined : serializeError(cause).message;
}

/** The cause of an upstream's failure, if it may stand in the log. */
export function tellingCause({ reason, facts }: ProviderError): unknown {
  // What broke off a stream is what its cause says.
  if (reason === 'STREAM_INTERRUPTED') return tellingCause(ProviderError.from(facts.cause));
  return CAUSE_TELLS.has(reason) ? facts.cause : undefined;
}
