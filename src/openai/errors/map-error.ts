import type { ErrorReason } from '../../core/error-kinds.ts';
import { type ErrorFacts, ProviderError, type UpstreamErrorOutline } from '../../core/errors.ts';
import { present, unlessEmpty } from '../../core/present.ts';
import { refusesStreamOptions } from '../request/refused-stream-options.ts';
import {
  identifier,
  identifierPath,
  requestId,
  saying,
  upstreamWords,
} from '../values/upstream-text.ts';
import { parseErrorBody, readErrorBody } from './body.ts';
import { contextOverflowOf, mayBeOverflow } from './context-overflow.ts';
import type { UpstreamErrorBody } from './error-object.ts';
import { toFieldViolation } from './fields.ts';
import { asksToSlowDown, quotaSubjectOf, reasonOf } from './reasons.ts';
import { requestTooLarge } from './request-too-large.ts';
import {
  headerValue,
  type ResponseHeaders,
  resetAfterMs,
  retryAfterMs,
  saidRetryAfterMs,
  shouldRetry,
} from './retry-after.ts';
import { speaksOfPath } from './sentences.ts';

export { fromTransportError } from './map-transport-error.ts';

/** What is known of the exchange in which an error object came. */
export interface ErrorObjectFacts {
  readonly requestId: string;
  readonly model: string;
  /** Of the HTTP response; its 4xx and 5xx take part in the classification. */
  readonly status?: number;
}

const NO_PATH = 'The base URL of the upstream does not serve this path; it usually ends in /v1.';

const PROXY_CREDENTIALS = 'The proxy on the way to the upstream wants other credentials.';

/**
 * A response that is not 2xx. Of its text, the facts hold numbers and identifiers, and what is meant
 * for the caller alone.
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
  const reason = reasonOf(body, status, model);
  const message = messageOf(status, reason, body, headers);
  const wait = retryAfterMs(headers, now) ?? body.retryAfterMs;
  const isLimit = reason === 'RATE_LIMIT_EXCEEDED';
  return toProviderError(reason, body, status, bodyText.length, {
    ...(refusesStreamOptions(status, body.message, body.param) && { refusesStreamOptions: true }),
    ...exchangeFacts(model, status, headerValue(headers, 'x-request-id') ?? ''),
    ...present({
      message,
      retryAfterMs: wait ?? (isLimit ? resetAfterMs(headers, body.resetAt, now) : undefined),
      shouldRetry: shouldRetry(headers),
    }),
    cause: outline(`HTTP ${status}`, body, bodyText.length),
  });
}

/** An error object inside a stream or in the body of a 200. */
export function fromErrorObject(error: unknown, facts: ErrorObjectFacts): ProviderError {
  const body = readErrorBody(error);
  const failed = facts.status !== undefined && facts.status >= 400 ? facts.status : undefined;
  const reason = reasonOf(body, failed, facts.model);
  const { length } = body.message;
  return toProviderError(reason, body, failed ?? body.statusCode, length, {
    ...exchangeFacts(facts.model, facts.status ?? body.statusCode, facts.requestId),
    ...present({ retryAfterMs: body.retryAfterMs }),
    cause: outline('an error object', body, length),
  });
}

/** What is wrong with the configuration rather than with the request. */
function messageOf(
  status: number,
  reason: ErrorReason,
  body: UpstreamErrorBody,
  headers: ResponseHeaders,
): string | undefined {
  if (reason !== 'PROVIDER_ERROR') return undefined;
  if (status === 404 || status === 405) return speaksOfPath(body) ? NO_PATH : undefined;
  if (status === 407) return PROXY_CREDENTIALS;
  return status >= 300 && status < 400 ? redirectMessage(headers) : undefined;
}

function redirectMessage(headers: ResponseHeaders): string {
  const location = URL.parse(headerValue(headers, 'location') ?? '');
  const known = location !== null && /^https?:$/.test(location.protocol);
  const origin = known ? upstreamWords(location.origin) : 'another address';
  return `The upstream redirects its requests to ${origin}, which are not sent on: the base URL must be where they are answered.`;
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
  status: number | undefined,
  characters: number,
  facts: ErrorFacts,
): ProviderError {
  // Some say it in the sentence alone.
  const said = reason === 'RATE_LIMIT_EXCEEDED' ? saidRetryAfterMs(body.message) : undefined;
  return new ProviderError(reason, {
    ...facts,
    ...present({
      retryAfterMs: facts.retryAfterMs ?? said,
      upstreamCode: identifier(body.code) ?? identifier(body.type),
      upstreamMessage: unlessEmpty(upstreamWords(body.message)),
    }),
    upstreamError: outlineOf(body, characters),
    ...(asksToSlowDown(body) && { slowDown: true }),
    ...(mayBeOverflow(body.message) && { concernsRequest: true }),
    ...factsOfReason(reason, body, status),
  });
}

function factsOfReason(
  reason: ErrorReason,
  body: UpstreamErrorBody,
  status: number | undefined,
): ErrorFacts {
  switch (reason) {
    case 'CONTEXT_TOO_LONG':
      return contextOverflowOf(body);
    case 'RATE_LIMIT_EXCEEDED':
      return (
        requestTooLarge(body) ?? {
          ...present({ quotaSubject: quotaSubjectOf(body) }),
          // Whoever waits gets 429. This request will not pass here, whenever it comes.
          ...(status !== undefined && status !== 429 && { shouldRetry: false }),
        }
      );
    case 'INVALID_REQUEST':
      return { fieldViolations: [toFieldViolation(body.param, 'was refused by the upstream')] };
    case 'UNSUPPORTED_PARAMETER':
      return { fieldViolations: [toFieldViolation(body.param, UNSUPPORTED, body.message)] };
    default:
      return {};
  }
}

const UNSUPPORTED = 'is not supported by the model or the upstream';

function outlineOf(body: UpstreamErrorBody, characters: number): UpstreamErrorOutline {
  return {
    ...present({
      code: identifier(body.code),
      type: identifier(body.type),
      param: identifierPath(body.param),
    }),
    characters,
  };
}

/** For the log. Not the upstream's text: servers quote prompts in it, 5xx pages among them. */
function outline(what: string, body: UpstreamErrorBody, length: number): Error {
  const words = [body.code, body.type].flatMap((word) => identifier(word) ?? []);
  return saying(`${[what, ...words].join(' ')}, ${length} characters`);
}
