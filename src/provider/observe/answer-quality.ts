import { type AnswerEvent, type Completed, isOutput } from '../../core/events.ts';
import type { ResponseFormat } from '../../core/message.ts';
import { meetsSchema } from './meets-schema.ts';

/**
 * What may be wrong with an answer that came in good order: the model refused, said nothing, called a
 * tool with arguments that are no JSON, or wrote something that its schema does not allow.
 */
export type AnswerFault = 'refusal' | 'empty' | 'tool_arguments' | 'schema';

export const ANSWER_FAULTS: readonly AnswerFault[] = [
  'refusal',
  'empty',
  'tool_arguments',
  'schema',
];

/** Characters of an answer, or of the arguments of its calls, that are looked at; of longer ones nothing is said. */
const MAX_CHECKED = 256 * 1024;

/** Looks at one answer. Its text is kept only where there is a schema to hold it against. */
export class AnswerQuality {
  readonly #schema: string | undefined;
  #text = '';
  #said = false;
  #refused = false;

  constructor(format: ResponseFormat | undefined) {
    this.#schema = format?.type === 'json_schema' ? format.schema : undefined;
  }

  see(event: AnswerEvent): void {
    if (event.type === 'textDelta') {
      this.#said = true;
      if (this.#schema !== undefined && this.#text.length <= MAX_CHECKED) this.#text += event.text;
    } else if (event.type === 'refusalDelta') this.#refused = true;
    else if (isOutput(event) && event.type === 'toolCallDelta') this.#said = true;
  }

  /** At most one of each. */
  faults({ finishReason, toolCalls }: Completed): readonly AnswerFault[] {
    const faults: AnswerFault[] = [];
    if (this.#refused) faults.push('refusal');
    else if (finishReason === 'stop' && !this.#said && toolCalls.length === 0) faults.push('empty');
    if (haveFaults(toolCalls)) faults.push('tool_arguments');
    if (this.#missesSchema(finishReason, toolCalls.length)) faults.push('schema');
    return faults;
  }

  /** A cut answer, a refusal and a call of a tool are held against no schema. */
  #missesSchema(finishReason: Completed['finishReason'], calls: number): boolean {
    const length = this.#text.length;
    if (this.#schema === undefined || this.#refused || finishReason !== 'stop' || calls > 0) {
      return false;
    }
    return length > 0 && length <= MAX_CHECKED && !meetsSchema(this.#text, this.#schema);
  }
}

function haveFaults(calls: Completed['toolCalls']): boolean {
  let length = 0;
  return calls.some((call) => {
    length += call.arguments.length;
    return length <= MAX_CHECKED && !isCustom(call) && !isJson(call.arguments);
  });
}

/** A tool that takes text of any form. */
function isCustom({ kind }: { readonly kind?: string }): boolean {
  return kind !== undefined && kind !== 'function';
}

function isJson(text: string): boolean {
  if (text === '') return true;
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
