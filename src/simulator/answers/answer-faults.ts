import { type AnswerOptions, planAnswer } from '../wire/answer-plan.ts';
import { type ErrorFields, errorFields } from '../wire/wire.ts';
import { completion } from './answer.ts';
import { sendJson } from './json.ts';
import type { Behaviour } from './server-exchange.ts';

/** Resets the connection as soon as the request has arrived. */
export function resetBeforeHeaders(): Behaviour {
  return (exchange) => exchange.reset();
}

/** Takes the request and never answers. */
export function silent(): Behaviour {
  return () => {};
}

/** Sends the headers of a stream, and nothing after them. */
export function headersThenSilence(): Behaviour {
  return (exchange) => exchange.headers();
}

/** Answers a request for a stream with one JSON body. */
export function jsonInsteadOfSse(reply: AnswerOptions = {}): Behaviour {
  const plan = planAnswer(reply);
  return (exchange) => sendJson(exchange, 200, completion(exchange.request, plan));
}

/** An error body under the status of success. */
export function errorBodyWith200(fields: Partial<ErrorFields> = {}): Behaviour {
  const body = { error: errorFields(500, fields) };
  return (exchange) => sendJson(exchange, 200, body);
}
