import { type ErrorFields, errorFields } from '../wire/wire.ts';
import type { Behaviour, Exchange } from './exchange.ts';

/** Ends in the middle of the answer: as HTTP wants it, or `abrupt`, without the body's end. */
export function cutAfter(chunks: number, { abrupt = false } = {}): Behaviour {
  return (exchange) => {
    begin(exchange, chunks);
    if (abrupt) exchange.cut();
    else exchange.end();
  };
}

/** Resets the connection in the middle of the answer. */
export function resetAfter(chunks: number): Behaviour {
  return (exchange) => {
    begin(exchange, chunks);
    exchange.reset();
  };
}

/** Falls silent in the middle of the answer. */
export function stallAfter(chunks: number): Behaviour {
  return (exchange) => begin(exchange, chunks);
}

/** An event of truncated JSON; then on to a good end, to find out a reader that passes over it. */
export function malformedEvent(afterChunks: number): Behaviour {
  return (exchange) => {
    begin(exchange, afterChunks);
    exchange.raw(`data: {"id":"${exchange.request.completionId}","object":"chat.comple\n\n`);
    finish(exchange);
    exchange.done();
    exchange.end();
  };
}

/** Finish reason and usage, but no `[DONE]`: the body stays open, or ends if `end` is set. */
export function noDone(chunks: number, { end = false } = {}): Behaviour {
  return (exchange) => {
    begin(exchange, chunks);
    finish(exchange);
    if (end) exchange.end();
  };
}

/** A whole answer with more behind its `[DONE]`, which nobody should read. */
export function garbageAfterDone(): Behaviour {
  return (exchange) => {
    begin(exchange, 3);
    finish(exchange);
    exchange.done();
    exchange.chunk({ content: 'after the end' });
    exchange.raw('data: {"not json\n\n');
    exchange.end();
  };
}

/** An error inside the stream: a bare `data` line as OpenAI sends, or an `event: error`. */
export function errorEvent(
  afterChunks: number,
  fields: Partial<ErrorFields> = {},
  form: 'data' | 'event' = 'data',
): Behaviour {
  const data = `data: ${JSON.stringify({ error: errorFields(500, fields) })}\n\n`;
  return (exchange) => {
    begin(exchange, afterChunks);
    exchange.raw(form === 'event' ? `event: error\n${data}` : data);
    exchange.end();
  };
}

/** One delta with `bytes` bytes of text, in an answer that is otherwise good. */
export function hugeEvent(bytes: number): Behaviour {
  return async (exchange) => {
    begin(exchange, 0);
    exchange.chunk({ content: 'x'.repeat(bytes) });
    await exchange.writable();
    finish(exchange);
    exchange.done();
    exchange.end();
  };
}

/** Headers, the opening chunk and `chunks` chunks of text: `word1 `, `word2 `, … */
function begin(exchange: Exchange, chunks: number): void {
  exchange.headers();
  exchange.chunk({ role: 'assistant', content: '', refusal: null });
  for (let n = 1; n <= chunks; n += 1) exchange.chunk({ content: `word${n} ` });
}

function finish(exchange: Exchange): void {
  exchange.chunk({}, 'stop');
  exchange.usage();
}
