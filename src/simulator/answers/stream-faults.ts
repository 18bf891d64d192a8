import type { AnswerOptions } from '../wire/answer-plan.ts';
import { type ErrorFields, errorFields } from '../wire/wire.ts';
import { begin } from './partial.ts';
import type { Behaviour } from './server-exchange.ts';

/** What strikes in the middle of an answer, which is `reply`, or else one of `word1 `, `word2 `, … */

/** Ends in the middle of the answer: as HTTP wants it, or `abrupt`, without the body's end. */
export function cutAfter(
  chunks: number,
  { abrupt = false }: { readonly abrupt?: boolean } = {},
  reply?: AnswerOptions,
): Behaviour {
  return (exchange) => {
    begin(exchange, chunks, reply);
    if (abrupt) exchange.cut();
    else exchange.end();
  };
}

/** Resets the connection in the middle of the answer. */
export function resetAfter(chunks: number, reply?: AnswerOptions): Behaviour {
  return (exchange) => {
    begin(exchange, chunks, reply);
    exchange.reset();
  };
}

/** Falls silent in the middle of the answer. */
export function stallAfter(chunks: number, reply?: AnswerOptions): Behaviour {
  return (exchange) => void begin(exchange, chunks, reply);
}

/** An event of truncated JSON; then on to a good end, to find out a reader that passes over it. */
export function malformedEvent(afterChunks: number, reply?: AnswerOptions): Behaviour {
  return (exchange) => {
    const begun = begin(exchange, afterChunks, reply);
    begun.garble();
    begun.finish();
    begun.done();
    exchange.end();
  };
}

/** Finish reason and usage, but no `[DONE]`: the body stays open, or ends if `end` is set. */
export function noDone(
  chunks: number,
  { end = false }: { readonly end?: boolean } = {},
  reply?: AnswerOptions,
): Behaviour {
  return (exchange) => {
    begin(exchange, chunks, reply).finish();
    if (end) exchange.end();
  };
}

/** A whole answer with more behind its `[DONE]`, which nobody should read. */
export function garbageAfterDone(reply?: AnswerOptions): Behaviour {
  return (exchange) => {
    const begun = begin(exchange, 3, reply);
    begun.finish();
    begun.done();
    begun.text('after the end');
    exchange.raw('data: {"not json\n\n');
    exchange.end();
  };
}

/** An error inside the stream: a bare `data` line as OpenAI sends, or an `event: error`. */
export function errorEvent(
  afterChunks: number,
  fields: Partial<ErrorFields> = {},
  form: 'data' | 'event' = 'data',
  reply?: AnswerOptions,
): Behaviour {
  const data = `data: ${JSON.stringify({ error: errorFields(500, fields) })}\n\n`;
  return (exchange) => {
    begin(exchange, afterChunks, reply);
    exchange.raw(form === 'event' ? `event: error\n${data}` : data);
    exchange.end();
  };
}

/** One delta with `bytes` bytes of text, in an answer that is otherwise good. */
export function hugeEvent(bytes: number, reply?: AnswerOptions): Behaviour {
  const huge = { ...reply, deltas: ['x'.repeat(bytes)] };
  return async (exchange) => {
    const begun = begin(exchange, 1, huge);
    await exchange.writable();
    begun.finish();
    begun.done();
    exchange.end();
  };
}
