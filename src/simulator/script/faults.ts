import type { OutgoingHttpHeaders } from 'node:http';
import {
  errorBodyWith200,
  headersThenSilence,
  jsonInsteadOfSse,
  resetBeforeHeaders,
  silent,
} from '../answers/answer-faults.ts';
import { drip } from '../answers/drip.ts';
import { httpError } from '../answers/json.ts';
import {
  cancelledResponse,
  failedResponse,
  responsesErrorEvent,
} from '../answers/responses-faults.ts';
import type { Behaviour } from '../answers/server-exchange.ts';
import {
  cutAfter,
  errorEvent,
  garbageAfterDone,
  hugeEvent,
  malformedEvent,
  noDone,
  resetAfter,
  stallAfter,
} from '../answers/stream-faults.ts';
import type { AnswerOptions } from '../wire/answer-plan.ts';
import { isResponsesRequest } from '../wire/responses-wire.ts';
import { type ErrorFields, errorFields } from '../wire/wire.ts';
import type { FaultName } from './fault-names.ts';
import type { FaultFields } from './schema.ts';

const DEFAULT_HUGE_BYTES = 1_048_576;
const SERVER_ERROR = { code: 'server_error' };

/** Faults that are an error answer, as every status is. */
const REFUSALS = {
  quota: { status: 429, fields: { type: 'insufficient_quota', code: 'insufficient_quota' } },
  context: { status: 400, fields: { code: 'context_length_exceeded', param: 'messages' } },
} as const satisfies Partial<Record<FaultName, object>>;

type OtherFault = Exclude<FaultName, keyof typeof REFUSALS>;

/** What OpenAI says with a status, where it says more than the status. */
const BY_STATUS: Readonly<Record<number, Partial<ErrorFields>>> = {
  401: { code: 'invalid_api_key' },
  404: { code: 'model_not_found' },
  429: { type: 'requests', code: 'rate_limit_exceeded' },
};

interface ErrorAnswer {
  readonly status: number;
  readonly error: ErrorFields;
}

/** The answer of a fault that is an error answer; undefined: it is another fault. */
export function errorAnswer(fault: FaultFields): ErrorAnswer | undefined {
  const { name } = fault;
  if (typeof name === 'number') return { status: name, error: withFields(name, {}, fault) };
  if (!isRefusal(name)) return undefined;
  const { status, fields } = REFUSALS[name];
  return { status, error: withFields(status, fields, fault) };
}

function isRefusal(name: FaultName): name is keyof typeof REFUSALS {
  return Object.hasOwn(REFUSALS, name);
}

function withFields(
  status: number,
  own: Partial<ErrorFields>,
  { message, code, type, param }: FaultFields,
): ErrorFields {
  return errorFields(status, {
    message: `The simulator answers ${status}, as it was told.`,
    ...BY_STATUS[status],
    ...own,
    ...(message !== undefined && { message }),
    ...(code !== undefined && { code }),
    ...(type !== undefined && { type }),
    ...(param !== undefined && { param }),
  });
}

/** What a fault does to a request that else were answered with `reply`. */
export function faultBehaviour(fault: FaultFields, reply: AnswerOptions): Behaviour {
  const refusal = errorAnswer(fault);
  if (refusal === undefined) return BEHAVIOURS[fault.name as OtherFault](fault, reply);
  return httpError(refusal.status, { ...refusal.error, headers: retryHeaders(fault) });
}

function retryHeaders({ retryAfter }: FaultFields): OutgoingHttpHeaders {
  if (retryAfter === 0) return {};
  return {
    'retry-after': String(Math.ceil(retryAfter / 1_000)),
    'retry-after-ms': String(retryAfter),
  };
}

type MakeBehaviour = (fault: FaultFields, reply: AnswerOptions) => Behaviour;

const BEHAVIOURS: Readonly<Record<OtherFault, MakeBehaviour>> = {
  refused: resetBeforeHeaders,
  silent,
  headers_only: headersThenSilence,
  stall: ({ after }, reply) => stallAfter(after, reply),
  cut: ({ after }, reply) => cutAfter(after, { abrupt: true }, reply),
  reset: ({ after }, reply) => resetAfter(after, reply),
  truncated: ({ after }, reply) => cutAfter(after, {}, reply),
  slow: ({ bytes = 1, every }, reply) => drip(bytes, every, reply),
  malformed: ({ after }, reply) => malformedEvent(after, reply),
  no_done: (_, reply) => noDone(0, { end: true }, reply),
  more_after_done: (_, reply) => garbageAfterDone(reply),
  error_event: (fault, reply) => {
    const error = withFields(500, SERVER_ERROR, fault);
    return byApi(
      responsesErrorEvent(fault.after, error, reply),
      errorEvent(fault.after, error, 'data', reply),
      errorBodyWith200(error),
    );
  },
  failed: (fault, reply) => {
    const error = withFields(500, SERVER_ERROR, fault);
    return byApi(
      failedResponse(fault.after, error, reply),
      errorEvent(fault.after, error, 'data', reply),
      errorBodyWith200(error),
    );
  },
  cancelled: ({ after }, reply) => {
    const truncated = cutAfter(after, {}, reply);
    return byApi(cancelledResponse(after, reply), truncated, truncated);
  },
  error_with_200: (fault) => errorBodyWith200(withFields(500, SERVER_ERROR, fault)),
  json: (_, reply) => jsonInsteadOfSse(reply),
  huge: ({ bytes = DEFAULT_HUGE_BYTES }, reply) => hugeEvent(bytes, reply),
};

/** For events of Responses, which Chat Completions does not have, and an answer that is no stream neither. */
function byApi(responses: Behaviour, chat: Behaviour, body: Behaviour): Behaviour {
  return (exchange) => {
    const { request } = exchange;
    if (request.body.stream !== true) return body(exchange);
    return (isResponsesRequest(request) ? responses : chat)(exchange);
  };
}
