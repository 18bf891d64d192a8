/**
 * Every way a call can fail: the one table. The server turns `code` into a gRPC status and sends the
 * details named in `details`; docs/errors.md is this table in prose, and a test compares them.
 */

/** Of the reasons in google.rpc.ErrorInfo. */
export const ERROR_DOMAIN = 'provider.tamma.dev';

export type Severity = 'low' | 'medium' | 'high' | 'critical';

/** Names of google.rpc.Code, which are gRPC's status codes. */
export type CanonicalCode =
  | 'CANCELLED'
  | 'UNKNOWN'
  | 'INVALID_ARGUMENT'
  | 'DEADLINE_EXCEEDED'
  | 'NOT_FOUND'
  | 'PERMISSION_DENIED'
  | 'RESOURCE_EXHAUSTED'
  | 'ABORTED'
  | 'INTERNAL'
  | 'UNAVAILABLE'
  | 'UNAUTHENTICATED';

/** Which google.rpc details a reason brings beside ErrorInfo, RequestInfo and FailureInfo. */
export type DetailKind = 'RetryInfo' | 'QuotaFailure' | 'BadRequest' | 'ResourceInfo';

export interface ErrorKind {
  readonly code: CanonicalCode;
  /** Whether the same call may succeed if it is made again, here or elsewhere. */
  readonly retryable: boolean;
  /** For whoever reads the alert: low = the caller's affair, critical = nothing works until mended. */
  readonly severity: Severity;
  readonly details: readonly DetailKind[];
  /** Tells grpc clients with a retry policy to stop (`grpc-retry-pushback-ms: -1`). */
  readonly forbidsClientRetry?: true;
  /** Whether the upstream caused it, so that after output it reads STREAM_INTERRUPTED. */
  readonly upstreamFault?: true;
  /** Whether it is the affair of the caller, and so no failure in the rules of deploy/prometheus. */
  readonly callersAffair?: true;
  /** What the caller is told where nothing more precise is known. Never upstream text. */
  readonly message: string;
}

/** By reason: gRPC status, whether a retry may help, severity, and the details that the server sends. */
export const ERROR_KINDS = {
  RATE_LIMIT_EXCEEDED: {
    code: 'RESOURCE_EXHAUSTED',
    retryable: true,
    severity: 'medium',
    details: ['RetryInfo', 'QuotaFailure'],
    upstreamFault: true,
    message: 'The rate limit of the upstream is exceeded.',
  },
  QUOTA_EXCEEDED: {
    code: 'RESOURCE_EXHAUSTED',
    retryable: false,
    severity: 'critical',
    details: [],
    forbidsClientRetry: true,
    upstreamFault: true,
    message: "The quota or the credit of the upstream's account is used up.",
  },
  BUDGET_EXCEEDED: {
    code: 'RESOURCE_EXHAUSTED',
    retryable: false,
    severity: 'high',
    details: ['QuotaFailure'],
    forbidsClientRetry: true,
    callersAffair: true,
    message: 'The budget is spent.',
  },
  INVALID_API_KEY: {
    code: 'UNAUTHENTICATED',
    retryable: false,
    severity: 'critical',
    details: [],
    upstreamFault: true,
    message: "The upstream refused this provider's API key.",
  },
  CALLER_UNAUTHENTICATED: {
    code: 'UNAUTHENTICATED',
    retryable: false,
    severity: 'medium',
    details: [],
    callersAffair: true,
    message: 'The call carries no valid token or certificate for this provider.',
  },
  PERMISSION_DENIED: {
    code: 'PERMISSION_DENIED',
    retryable: false,
    severity: 'high',
    details: [],
    upstreamFault: true,
    callersAffair: true,
    message: 'The upstream does not permit this request.',
  },
  MODEL_NOT_FOUND: {
    code: 'NOT_FOUND',
    retryable: false,
    severity: 'medium',
    details: ['ResourceInfo'],
    upstreamFault: true,
    callersAffair: true,
    message: 'The model does not exist or was shut down.',
  },
  CONTEXT_TOO_LONG: {
    code: 'INVALID_ARGUMENT',
    retryable: false,
    severity: 'low',
    details: [],
    upstreamFault: true,
    callersAffair: true,
    message: "The conversation does not fit the model's context window.",
  },
  CONTENT_FILTERED: {
    code: 'INVALID_ARGUMENT',
    retryable: false,
    severity: 'low',
    details: [],
    upstreamFault: true,
    callersAffair: true,
    message: "The upstream's content policy refused the prompt.",
  },
  INVALID_REQUEST: {
    code: 'INVALID_ARGUMENT',
    retryable: false,
    severity: 'low',
    details: ['BadRequest'],
    upstreamFault: true,
    callersAffair: true,
    message: 'The request is not valid.',
  },
  UNSUPPORTED_PARAMETER: {
    code: 'INVALID_ARGUMENT',
    retryable: false,
    severity: 'low',
    details: ['BadRequest'],
    upstreamFault: true,
    callersAffair: true,
    message: 'The model or the upstream does not support a parameter of the request.',
  },
  CIRCUIT_OPEN: {
    code: 'UNAVAILABLE',
    retryable: true,
    severity: 'high',
    details: ['RetryInfo'],
    upstreamFault: true,
    message: 'The upstream failed too often just now; it is given time to recover.',
  },
  SERVICE_UNAVAILABLE: {
    code: 'UNAVAILABLE',
    retryable: true,
    severity: 'high',
    details: ['RetryInfo'],
    upstreamFault: true,
    message: 'The upstream is not able to answer.',
  },
  NETWORK_ERROR: {
    code: 'UNAVAILABLE',
    retryable: true,
    severity: 'high',
    details: ['RetryInfo'],
    upstreamFault: true,
    message: 'The upstream could not be reached, or it hung up.',
  },
  TIMEOUT: {
    code: 'UNAVAILABLE',
    retryable: true,
    severity: 'high',
    details: ['RetryInfo'],
    upstreamFault: true,
    message: 'The upstream took too long.',
  },
  DEADLINE_EXCEEDED: {
    code: 'DEADLINE_EXCEEDED',
    retryable: false,
    severity: 'medium',
    details: [],
    message: 'The deadline of the call passed before the answer was complete.',
  },
  CANCELLED: {
    code: 'CANCELLED',
    retryable: false,
    severity: 'low',
    details: [],
    callersAffair: true,
    message: 'The caller cancelled the call.',
  },
  STREAM_INTERRUPTED: {
    code: 'ABORTED',
    retryable: false,
    severity: 'high',
    details: [],
    message: 'The upstream broke off the answer after part of it had been delivered.',
  },
  SHUTTING_DOWN: {
    code: 'UNAVAILABLE',
    retryable: true,
    severity: 'low',
    details: ['RetryInfo'],
    message: 'This provider is shutting down.',
  },
  PROVIDER_ERROR: {
    code: 'UNKNOWN',
    retryable: false,
    severity: 'high',
    details: [],
    upstreamFault: true,
    message: 'The upstream answered with an error that this provider does not know.',
  },
  BATCH_NOT_FOUND: {
    code: 'NOT_FOUND',
    retryable: false,
    severity: 'low',
    details: [],
    callersAffair: true,
    message: 'There is no such batch, or it belongs to somebody else.',
  },
  INTERNAL: {
    code: 'INTERNAL',
    retryable: false,
    severity: 'critical',
    details: [],
    message: 'An internal error occurred. The log of this provider holds the cause.',
  },
} as const satisfies Record<string, ErrorKind>;

/** Why a call failed, as `ErrorInfo.reason` names it. docs/errors.md tells what to do about each. */
export type ErrorReason = keyof typeof ERROR_KINDS;
