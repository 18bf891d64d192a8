import { Metadata, type StatusObject, status } from '@grpc/grpc-js';
import { ERROR_KINDS } from '../../core/error-kinds.ts';
import type { ProviderError } from '../../core/errors.ts';
import { Status } from '../../gen/google/rpc/status.ts';
import {
  errorInfo,
  type Failure,
  failureInfo,
  KIND_DETAIL,
  requestInfo,
  retryAfterMs,
  type StatusFacts,
} from './details.ts';
import { statusText } from './text.ts';

/**
 * Caps of what travels in the trailers. Clients in C++ and Python start to refuse trailers at 8 KiB
 * in all: base64 makes 5.4 KiB of the details, percent-encoding at most 2 KiB of the message.
 */
const MAX_DETAILS_BYTES = 4096;
const MAX_MESSAGE_BYTES = 1024;
const MAX_ENCODED_MESSAGE_BYTES = 2048;

/** Of what the upstream said, in bytes. */
const MAX_QUOTE_BYTES = 256;

const MAX_FAILED_ATTEMPTS = 8;

/** Type URL, tags and lengths of the BadRequest around its violations, rounded up. */
const BAD_REQUEST_FRAME_BYTES = 64;

/** What a caller is told of a failed call: the status and its trailers. Never the error's cause. */
export function toStatus(error: ProviderError, facts: StatusFacts): StatusObject {
  const code = status[error.kind.code];
  const message = statusMessage(error);
  const metadata = new Metadata();
  metadata.set('grpc-status-details-bin', encodeDetails(code, { error, facts, message }));
  const pushback = retryPushback(error);
  if (pushback !== undefined) metadata.set('grpc-retry-pushback-ms', pushback);
  return { code, details: message, metadata };
}

/** The same for what failed within a call that goes on. */
export function toRpcStatus(error: ProviderError, facts: StatusFacts): Status {
  const code = status[error.kind.code];
  return Status.decode(encodeDetails(code, { error, facts, message: statusMessage(error) }));
}

function statusMessage(error: ProviderError): string {
  // A bug of ours may carry anything in its message; the log has it, the caller does not.
  const source = error.reason === 'INTERNAL' ? ERROR_KINDS.INTERNAL.message : withQuote(error);
  const message = statusText(source, MAX_MESSAGE_BYTES);
  if (encodeURI(message).length <= MAX_ENCODED_MESSAGE_BYTES) return message;
  // Percent-encoding makes at most three bytes of one.
  return statusText(message, Math.floor(MAX_ENCODED_MESSAGE_BYTES / 3));
}

/** With the first sentence of the upstream's words, for clients that show the message alone. */
function withQuote({ message, facts: { upstreamMessage } }: ProviderError): string {
  if (upstreamMessage === undefined) return message;
  const quote = statusText(firstSentence(upstreamMessage), MAX_QUOTE_BYTES);
  return `${message} The upstream says: ${quote}`;
}

function firstSentence(text: string): string {
  return /^.*?[.!?](?=\s|$)/u.exec(text)?.[0] ?? text;
}

/** google.rpc.Status for the trailer. Too large, it goes without the list of failed attempts. */
function encodeDetails(code: number, failure: Failure): Buffer {
  const encoded = encodeStatus(code, failure, MAX_FAILED_ATTEMPTS);
  if (encoded.length <= MAX_DETAILS_BYTES) return encoded;
  return encodeStatus(code, failure, 0);
}

function encodeStatus(code: number, failure: Failure, maxFailedAttempts: number): Buffer {
  const { error, message } = failure;
  const details = [
    errorInfo(failure),
    requestInfo(failure),
    failureInfo(failure, maxFailedAttempts),
  ];
  for (const kind of error.kind.details) {
    if (kind === 'RetryInfo' && !error.retryable) continue;
    const used = Status.encode({ code, message, details }).finish().length;
    const room = MAX_DETAILS_BYTES - used - BAD_REQUEST_FRAME_BYTES;
    details.push(KIND_DETAIL[kind](failure, room));
  }
  return Buffer.from(Status.encode({ code, message, details }).finish());
}

/**
 * `-1` stops clients with a retry policy; a known delay replaces their own. Where the delay is not
 * known, their growing and jittered back-off is better than one fixed guess for all of them.
 */
function retryPushback(error: ProviderError): string | undefined {
  const { kind } = error;
  if (kind.forbidsClientRetry || error.facts.neverFits) return '-1';
  if (!kind.retryable || !kind.details.includes('RetryInfo')) return undefined;
  return retryAfterMs(error)?.toString();
}
