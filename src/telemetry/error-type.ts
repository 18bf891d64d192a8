/** Codes of the upstream that tell more than its HTTP status. Any other text is not ours to label. */
const KNOWN_CODES: ReadonlySet<string> = new Set([
  'billing_not_active',
  'content_filter',
  'content_policy_violation',
  'context_length_exceeded',
  'credit_balance_exhausted',
  'insufficient_quota',
  'invalid_api_key',
  'invalid_value',
  'model_not_found',
  'rate_limit_exceeded',
  'server_error',
  'server_is_overloaded',
  'slow_down',
  'unsupported_parameter',
  'unsupported_value',
]);

/** What is known of a failure of the upstream. */
export interface UpstreamFailure {
  readonly upstreamCode?: string;
  readonly upstreamStatus?: number;
}

/**
 * `error.type` of an attempt, from a bounded set, so that metrics may have it too: the upstream's
 * code if it is a known one, else its HTTP status, else our own `reason`.
 */
export function errorType(failure: UpstreamFailure, reason: string): string {
  const { upstreamCode, upstreamStatus } = failure;
  if (upstreamCode !== undefined && KNOWN_CODES.has(upstreamCode)) return upstreamCode;
  // The status of a stream that broke is that of its beginning.
  return upstreamStatus === undefined || upstreamStatus < 400 ? reason : String(upstreamStatus);
}
