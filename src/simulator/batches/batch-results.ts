import { completion } from '../answers/answer.ts';
import { type AnswerOptions, planAnswer } from '../wire/answer-plan.ts';
import type { RecordedRequest } from '../wire/recorded-request.ts';
import { type ChatRequest, type ErrorFields, errorFields } from '../wire/wire.ts';

/** One line of a file of requests. */
export interface BatchRequestLine {
  readonly custom_id: string;
  readonly method: string;
  readonly url: string;
  readonly body: ChatRequest;
}

/** Undefined if it is none. */
export function readRequestLine(text: string): BatchRequestLine | undefined {
  const line = objectIn(text);
  const { custom_id, body } = line;
  if (typeof custom_id !== 'string' || typeof body !== 'object' || body === null) return undefined;
  return line as unknown as BatchRequestLine;
}

function objectIn(text: string): Readonly<Record<string, unknown>> {
  try {
    return Object(JSON.parse(text));
  } catch {
    return {};
  }
}

/** What becomes of one request of a batch. */
export type LineOutcome =
  | { readonly answer: AnswerOptions }
  /** A body of one's own under the status 200. */
  | { readonly body: object }
  | { readonly status: number; readonly error: Partial<ErrorFields> }
  /** A line of one's own among the answers, its end included if it is to have one. */
  | { readonly line: string }
  /** The upstream forgets it. */
  | 'lost';

export interface ResultLine {
  readonly failed: boolean;
  /** With its end. */
  readonly text: string;
}

/** As a batch tells them: of what is lost it knows nothing. */
export function countOutcomes(outcomes: readonly LineOutcome[], expired: number) {
  const told = outcomes.filter((outcome) => outcome !== 'lost');
  const failed = told.filter((outcome) => 'status' in outcome).length;
  return { completed: told.length - failed, failed: failed + expired };
}

/** The line of results for a request; undefined: there is none. */
export function resultLine(
  line: BatchRequestLine,
  outcome: LineOutcome,
  number: number,
): ResultLine | undefined {
  if (outcome === 'lost') return undefined;
  const id = `batch_req_${number}`;
  const request_id = `req_batch_${number}`;
  if ('status' in outcome) {
    const body = { error: errorFields(outcome.status, outcome.error) };
    return {
      failed: true,
      text: `${JSON.stringify({
        id,
        custom_id: line.custom_id,
        response: { status_code: outcome.status, request_id, body },
        error: null,
      })}\n`,
    };
  }
  if ('line' in outcome) return { failed: false, text: outcome.line };
  const body = 'body' in outcome ? outcome.body : bodyOf(line, outcome.answer, number);
  return {
    failed: false,
    text: `${JSON.stringify({
      id,
      custom_id: line.custom_id,
      response: { status_code: 200, request_id, body },
      error: null,
    })}\n`,
  };
}

export function expiredLine({ custom_id }: BatchRequestLine): string {
  const message = 'This request could not be executed before the completion window expired.';
  return JSON.stringify({ custom_id, response: null, error: { code: 'batch_expired', message } });
}

function bodyOf({ url, body }: BatchRequestLine, options: AnswerOptions, number: number): object {
  const id = `${url === '/v1/responses' ? 'resp' : 'chatcmpl'}-batch${number}`;
  const request: Pick<
    RecordedRequest,
    'path' | 'body' | 'completionId' | 'requestId' | 'receivedAt'
  > = {
    path: url,
    body,
    completionId: id,
    requestId: `batch${number}`,
    receivedAt: 0,
  };
  return completion(request as RecordedRequest, planAnswer(options));
}
