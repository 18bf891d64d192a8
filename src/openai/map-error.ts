import type { ErrorReason } from '../core/error-kinds.ts';
import { type ErrorFacts, ProviderError } from '../core/errors.ts';
import { contextOverflowOf } from './context-overflow.ts';
import { parseErrorBody, readErrorBody, type UpstreamErrorBody } from './error-body.ts';
import { toFieldViolation } from './error-fields.ts';
import { asksToSlowDown, quotaSubjectOf, reasonOf } from './error-reasons.ts';
import { present } from './present.ts';
import { headerValue, type ResponseHeaders, retryAfterMs, shouldRetry } from './retry-after.ts';
import { identifier, requestId } from './upstream-text.ts';

export { fromTransportError } from './map-transport-error.ts';

/** What is known of the exchange in which an error object came. */
export interface ErrorObjectFacts {
  readonly requestId: string;
  readonly model: string;
  /** Of the HTTP response; its 4xx and 5xx take part in the classification. */
  readonly status?: number;
}

/**
 * A response that is not 2xx. Nothing of its text reaches the facts but numbers and identifiers.
 *
 * @param headers by lower-case name
 * @param now epoch ms, against which a Retry-After date is read
 */
export function fromHttpResponse(
  status: number,
  headers: ResponseHeaders,
  bodyText: string,
  model: string,
  now: number = Date.now(),
): ProviderError {
  const body = parseErrorBody(bodyText);
  return toProviderError(reasonOf(body, status), body, {
    ...exchangeFacts(model, status, headerValue(headers, 'x-request-id') ?? ''),
    ...present({ retryAfterMs: retryAfterMs(headers, now), shouldRetry: shouldRetry(headers) }),
    cause: outline(`HTTP ${status}`, body, bodyText.length),
  });
}

/** An error object inside a stream or in the body of a 200. */
export function fromErrorObject(error: unknown, facts: ErrorObjectFacts): ProviderError {
  const body = readErrorBody(error);
  const failed = facts.status !== undefined && facts.status >= 400 ? facts.status : undefined;
  return toProviderError(reasonOf(body, failed), body, {
    ...exchangeFacts(facts.model, facts.status ?? body.statusCode, facts.requestId),
    cause: outline('an error object', body, body.message.length),
  });
}

function exchangeFacts(model: string, status: number | undefined, id: string): ErrorFacts {
  return {
    model,
    ...present({ upstreamStatus: status, upstreamRequestId: requestId(id) }),
  };
}

function toProviderError(
  reason: ErrorReason,
  body: UpstreamErrorBody,
  facts: ErrorFacts,
): ProviderError {
  return new ProviderError(reason, {
    ...facts,
    ...present({ upstreamCode: identifier(body.code) ?? identifier(body.type) }),
    ...(asksToSlowDown(body) && { slowDown: true }),
    ...factsOfReason(reason, body),
  });
}

function factsOfReason(reason: ErrorReason, body: UpstreamErrorBody): ErrorFacts {
  switch (reason) {
    case 'CONTEXT_TOO_LONG':
      return contextOverflowOf(body);
    case 'RATE_LIMIT_EXCEEDED':
      return present({ quotaSubject: quotaSubjectOf(body) });
    case 'INVALID_REQUEST':
      return violationFacts(body.param, 'was refused by the upstream');
    case 'UNSUPPORTED_PARAMETER':
      return violationFacts(body.param, 'is not supported by the model or the upstream');
    default:
      return {};
  }
}

function violationFacts(param: string, verdict: string): ErrorFacts {
  return { fieldViolations: [toFieldViolation(param, verdict)] };
}

/** For the log. Not the upstream's text: servers quote prompts in it, 5xx pages among them. */
function outline(what: string, body: UpstreamErrorBody, length: number): Error {
  const words = [body.code, body.type].flatMap((word) => identifier(word) ?? []);
  return new Error(`${[what, ...words].join(' ')}, ${length} characters`);
}
