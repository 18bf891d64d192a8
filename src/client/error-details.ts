import { Metadata } from '@grpc/grpc-js';
import {
  BadRequest,
  ErrorInfo,
  QuotaFailure,
  RequestInfo,
  RetryInfo,
} from '../gen/google/rpc/error_details.ts';
import { Status } from '../gen/google/rpc/status.ts';
import { FailureInfo } from '../gen/tamma/provider/v1/error.ts';

interface MessageType<T> {
  decode(bytes: Uint8Array): T;
}

/** What the sidecar says of a failed call beside its status. */
export interface ErrorDetails {
  /** `RATE_LIMIT_EXCEEDED`, … (see docs/errors.md); empty where the failure is not the sidecar's. */
  readonly reason: string;
  /** Whether the same request may succeed later. */
  readonly retryable: boolean;
  /** How long to wait before it is sent again, in ms. Absent: the sidecar does not say. */
  readonly retryAfterMs?: number;
  /** Every field of the request that is wrong. */
  readonly violations: readonly { readonly field: string; readonly description: string }[];
  /** The sidecar's id of the call, as in its log. Absent: the failure is not the sidecar's. */
  readonly callId?: string;
  readonly errorInfo?: ErrorInfo;
  readonly quotaFailure?: QuotaFailure;
  /** Attempts, what was used and spent before the failure, the upstream's own words. */
  readonly failure?: FailureInfo;
}

/**
 * Never throws: what cannot be read was not sent.
 *
 * @param error what an RPC threw; of anything else there are no details
 */
export function errorDetails(error: unknown): ErrorDetails {
  const found = new Map(
    packedIn(error).map(({ typeUrl, value }) => [typeUrl.split('/').at(-1), value]),
  );
  const read = <T>(name: string, type: MessageType<T>): T | undefined => {
    const bytes = found.get(name);
    return bytes && decoded(type, bytes);
  };
  const errorInfo = read('google.rpc.ErrorInfo', ErrorInfo);
  const retryDelay = read('google.rpc.RetryInfo', RetryInfo)?.retryDelay;
  const quotaFailure = read('google.rpc.QuotaFailure', QuotaFailure);
  const callId = read('google.rpc.RequestInfo', RequestInfo)?.requestId;
  const failure = read('tamma.provider.v1.FailureInfo', FailureInfo);
  return {
    reason: errorInfo?.reason ?? '',
    retryable: errorInfo?.metadata.retryable === 'true',
    ...(retryDelay && { retryAfterMs: Number(retryDelay.seconds) * 1e3 + retryDelay.nanos / 1e6 }),
    violations: read('google.rpc.BadRequest', BadRequest)?.fieldViolations ?? [],
    ...(callId && { callId }),
    ...(errorInfo && { errorInfo }),
    ...(quotaFailure && { quotaFailure }),
    ...(failure && { failure }),
  };
}

function packedIn(error: unknown): Status['details'] {
  const metadata = error instanceof Error && 'metadata' in error ? error.metadata : undefined;
  if (!(metadata instanceof Metadata)) return [];
  const [bytes] = metadata.get('grpc-status-details-bin');
  return (bytes instanceof Buffer && decoded(Status, bytes)?.details) || [];
}

function decoded<T>(type: MessageType<T>, bytes: Uint8Array): T | undefined {
  try {
    return type.decode(bytes);
  } catch {
    return undefined;
  }
}
