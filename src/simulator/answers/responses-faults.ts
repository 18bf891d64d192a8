import { ResponsesWriter } from '../wire/responses-writer.ts';
import { type ErrorFields, errorFields } from '../wire/wire.ts';
import type { Behaviour } from './exchange.ts';

/** Ends the answer after `chunks` chunks of text with `response.failed`. Over `/responses` only. */
export function failedResponse(
  chunks: number,
  { code = 'server_error', message = 'The stub failed.' }: Partial<ErrorFields> = {},
): Behaviour {
  return endedWith(chunks, (writer) => writer.end({ status: 'failed', error: { code, message } }));
}

/** Ends the answer as if somebody had cancelled it. Over `/responses` only. */
export function cancelledResponse(chunks: number): Behaviour {
  return endedWith(chunks, (writer) => writer.end({ status: 'cancelled' }));
}

/** An `error` event as this API sends it, its fields beside the type. Over `/responses` only. */
export function responsesErrorEvent(chunks: number, fields: Partial<ErrorFields> = {}): Behaviour {
  const { code, message, param } = errorFields(500, fields);
  return endedWith(chunks, (writer) => writer.event('error', { code, message, param }));
}

function endedWith(chunks: number, end: (writer: ResponsesWriter) => void): Behaviour {
  return (exchange) => {
    const writer = new ResponsesWriter(exchange.request, (event) => exchange.raw(event));
    writer.role();
    for (let n = 1; n <= chunks; n += 1) writer.chunk({ content: `word${n} ` });
    end(writer);
    exchange.end();
  };
}
