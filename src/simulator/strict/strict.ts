import { answer } from '../answers/answer.ts';
import { httpError } from '../answers/json.ts';
import type { Behaviour } from '../answers/server-exchange.ts';
import type { RecordedRequest } from '../wire/recorded-request.ts';
import { isResponsesRequest } from '../wire/responses-wire.ts';
import { checkChat } from './strict-chat.ts';
import { Rejection } from './strict-error.ts';
import { checkResponses } from './strict-responses.ts';

export interface StrictOptions {
  /** ISO 8601 day that decides which models are shut down. Default `2026-11-22`. */
  readonly today?: string;
  /** What answers a request that OpenAI would take. Default `answer()`. */
  readonly answer?: Behaviour;
  /** Hears of every request that OpenAI would not take. */
  readonly onRejection?: (rejection: Rejection, request: RecordedRequest) => void;
}

const SNAPSHOT_OF_RULES = '2026-11-22';
/** JSON.stringify escapes a surrogate only if it stands alone. */
const LONE_SURROGATE = /(?:^|[^\\])(?:\\\\)*\\ud[89a-f]/;

/** Validates requests as OpenAI does, and answers with its errors what it would not take. */
export function strict(options: StrictOptions = {}): Behaviour {
  const { today = SNAPSHOT_OF_RULES, answer: accept = answer(), onRejection } = options;
  return (exchange) => {
    const { request } = exchange;
    const rejection = rejectionOf(request, today);
    if (rejection === undefined) return accept(exchange);
    onRejection?.(rejection, request);
    return httpError(rejection.status, rejection.fields)(exchange);
  };
}

/** Why OpenAI would not take a request on `today`, an ISO 8601 day; undefined: it would. */
export function rejectionOf(
  request: Pick<RecordedRequest, 'path' | 'body'>,
  today: string,
): Rejection | undefined {
  try {
    if (LONE_SURROGATE.test(JSON.stringify(request.body))) {
      throw new Rejection('We could not parse the JSON body of your request.');
    }
    const check = isResponsesRequest(request) ? checkResponses : checkChat;
    check(request.body, today);
    return undefined;
  } catch (error) {
    if (error instanceof Rejection) return error;
    throw error;
  }
}
