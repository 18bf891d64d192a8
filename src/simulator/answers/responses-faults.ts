import type { AnswerOptions } from '../wire/answer-plan.ts';
import { ResponsesWriter } from '../wire/responses-writer.ts';
import { type ErrorFields, errorFields } from '../wire/wire.ts';
import { writeOpening } from './answer.ts';
import { planOf } from './partial.ts';
import type { Behaviour } from './server-exchange.ts';

/** Ends the answer after `chunks` chunks of text with `response.failed`. Over `/responses` only. */
export function failedResponse(
  chunks: number,
  { code = 'server_error', message = 'The simulator failed.' }: Partial<ErrorFields> = {},
  reply?: AnswerOptions,
): Behaviour {
  const error = { code, message };
  return endedWith(chunks, (writer) => writer.end({ status: 'failed', error }), reply);
}

/** Ends the answer as if somebody had cancelled it. Over `/responses` only. */
export function cancelledResponse(chunks: number, reply?: AnswerOptions): Behaviour {
  return endedWith(chunks, (writer) => writer.end({ status: 'cancelled' }), reply);
}

/** An `error` event as this API sends it, its fields beside the type. Over `/responses` only. */
export function responsesErrorEvent(
  chunks: number,
  fields: Partial<ErrorFields> = {},
  reply?: AnswerOptions,
): Behaviour {
  const { code, message, param } = errorFields(500, fields);
  return endedWith(chunks, (writer) => writer.event('error', { code, message, param }), reply);
}

function endedWith(
  chunks: number,
  end: (writer: ResponsesWriter) => void,
  reply?: AnswerOptions,
): Behaviour {
  const plan = planOf(chunks, reply);
  return (exchange) => {
    const emit = (event: string) => exchange.raw(event);
    const writer = new ResponsesWriter(exchange.request, emit, plan.identity);
    writeOpening(writer, plan);
    for (const delta of plan.deltas.slice(0, chunks)) writer.chunk(delta);
    end(writer);
    exchange.end();
  };
}
