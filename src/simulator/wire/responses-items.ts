/** The items of a Responses answer: how each kind of them begins, goes on and ends. */

export type ItemKind = 'text' | 'refusal' | 'reasoning' | 'call' | 'custom';

export interface ItemState {
  readonly id: string;
  /** Text, or arguments, so far. */
  readonly text: string;
  /** Of a text. */
  readonly annotations: readonly object[];
  /** Of a function call. */
  readonly callId: string;
  /** Of a function call. */
  readonly name: string;
}

type Status = 'in_progress' | 'completed';

interface Shape {
  readonly idPrefix: string;
  /** Events of this name bring the text. */
  readonly event: string;
  /** Where the event that ends the text has it. */
  readonly field: string;
  item(state: ItemState, status: Status): object;
  /** Absent: the text stands in the item itself. */
  part?(text: string, annotations?: readonly object[]): object;
}

const outputText = (text: string, annotations: readonly object[] = []) => ({
  type: 'output_text',
  text,
  annotations,
  logprobs: [],
});
const refusal = (text: string) => ({ type: 'refusal', refusal: text });
const reasoningText = (text: string) => ({ type: 'reasoning_text', text });

export const SHAPES: Readonly<Record<ItemKind, Shape>> = {
  text: {
    idPrefix: 'msg',
    event: 'response.output_text',
    field: 'text',
    item: message(outputText),
    part: outputText,
  },
  refusal: {
    idPrefix: 'msg',
    event: 'response.refusal',
    field: 'refusal',
    item: message(refusal),
    part: refusal,
  },
  reasoning: {
    idPrefix: 'rs',
    event: 'response.reasoning_text',
    field: 'text',
    item: ({ id, text }, status) => ({
      id,
      type: 'reasoning',
      summary: [],
      content: status === 'in_progress' ? [] : [reasoningText(text)],
    }),
    part: reasoningText,
  },
  call: {
    idPrefix: 'fc',
    event: 'response.function_call_arguments',
    field: 'arguments',
    item: ({ id, text, callId, name }, status) => ({
      id,
      type: 'function_call',
      status,
      arguments: text,
      call_id: callId,
      name,
    }),
  },
  custom: {
    idPrefix: 'ctc',
    event: 'response.custom_tool_call_input',
    field: 'input',
    item: ({ id, text, callId, name }, status) => ({
      id,
      type: 'custom_tool_call',
      status,
      input: text,
      call_id: callId,
      name,
    }),
  },
};

function message(part: (text: string, annotations: readonly object[]) => object): Shape['item'] {
  return ({ id, text, annotations }, status) => ({
    id,
    type: 'message',
    status,
    role: 'assistant',
    content: status === 'in_progress' ? [] : [part(text, annotations)],
  });
}

/** An item as it is said whole: what OpenAI runs itself, or does not stream. */
export interface ResponseItem {
  readonly type?: string;
  readonly id?: string;
  readonly operation?: object;
  readonly action?: object;
  readonly results?: unknown;
  readonly outputs?: unknown;
}

/** How what OpenAI runs itself tells that it goes on, by the type of the item. */
export const RUNS: Readonly<Record<string, readonly string[]>> = {
  web_search_call: ['in_progress', 'searching', 'completed'],
  file_search_call: ['in_progress', 'searching', 'completed'],
  code_interpreter_call: ['in_progress', 'interpreting', 'completed'],
  image_generation_call: ['in_progress', 'generating', 'completed'],
  mcp_list_tools: ['in_progress', 'completed'],
  mcp_call: ['in_progress', 'completed'],
};

/** What a tool found and printed, which is told to whoever asks for it alone. */
export function withIncluded(item: ResponseItem, include: readonly string[]): ResponseItem {
  const { type, results, outputs, action } = item;
  const asked = (name: string) => include.includes(`${type}.${name}`);
  if (type === 'file_search_call' && results && !asked('results'))
    return { ...item, results: null };
  if (type === 'code_interpreter_call' && outputs && !asked('outputs')) {
    return { ...item, outputs: null };
  }
  if (type === 'web_search_call' && action && !asked('action.sources')) {
    const { sources: _, ...rest } = action as Readonly<Record<string, unknown>>;
    return { ...item, action: rest };
  }
  return item;
}
