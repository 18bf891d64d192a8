import { fieldsOf, type Recording, streamData } from './recordings.ts';

/** What an answer says, as far as it is compared. */
export interface Folded {
  text: string;
  reasoning: string;
  refusal: string;
  calls: { id: string; name: string; arguments: string }[];
  finish: string;
  usage: { input: number; output: number; cached: number; reasoning: number } | undefined;
}

type Fields = Readonly<Record<string, unknown>>;

/** Reads an answer by OpenAI's specification, and nothing else: another eye than the sidecar's. */
export function foldRecording({ surface, body, streamed }: Recording): Folded {
  const events = (streamed ? streamData(body) : [JSON.parse(body)]).map(fieldsOf);
  return surface === 'chat_completions' ? foldChat(events) : foldResponses(events);
}

const FINISH: Readonly<Record<string, string>> = {
  stop: 'stop',
  length: 'length',
  tool_calls: 'tool_calls',
  content_filter: 'content_filter',
  function_call: 'tool_calls',
  // Of Together.
  eos: 'stop',
  // Of Snowflake, which gives none.
  '': 'stop',
};

function foldChat(chunks: readonly Fields[]): Folded {
  const folded = nothing();
  let finish = '';
  for (const { choices, usage } of chunks) {
    if (usage) folded.usage = usageOf(fieldsOf(usage), 'prompt', 'completion');
    for (const choice of listOf(choices)) {
      // One is asked for here; recordings of several hold answers beside it.
      if (typeof choice.index === 'number' && choice.index > 0) continue;
      finish = textOf(choice.finish_reason) || finish;
      addMessage(folded, fieldsOf(choice.delta ?? choice.message));
    }
  }
  folded.finish = finishOf(FINISH[finish] ?? 'error', folded);
  return folded;
}

function addMessage(folded: Folded, message: Fields): void {
  folded.text += textOf(message.content);
  folded.reasoning += textOf(message.reasoning_content) || textOf(message.reasoning);
  folded.refusal += textOf(message.refusal);
  for (const part of Array.isArray(message.content) ? listOf(message.content) : []) {
    folded.text += textOf(part.text);
    for (const thought of listOf(part.thinking)) folded.reasoning += textOf(thought.text);
  }
  const { tool_calls, function_call } = message;
  // The name of before 2023.
  const calls = tool_calls ?? (function_call ? [{ function: function_call }] : []);
  for (const call of listOf(calls)) {
    const called = fieldsOf(call.function ?? call.custom);
    // OpenAI names a call once; servers that number all of them 0 do, too.
    if (textOf(called.name) !== '') folded.calls.push({ id: '', name: '', arguments: '' });
    const known = folded.calls.at(-1);
    if (known === undefined) return;
    known.id ||= textOf(call.id);
    known.name ||= textOf(called.name);
    known.arguments += textOf(called.arguments ?? called.input);
  }
}

/** The event that ends it holds all of the answer; what came before it is not looked at. */
function foldResponses(events: readonly Fields[]): Folded {
  const folded = nothing();
  const end = events.find(({ type, object }) => object === 'response' || ENDS.test(String(type)));
  const response = fieldsOf(end?.response ?? end);
  const thoughts: string[] = [];
  for (const item of listOf(response.output)) {
    for (const part of listOf(item.content)) {
      if (item.type === 'message') folded.text += textOf(part.text);
      folded.refusal += textOf(part.refusal);
    }
    if (item.type === 'reasoning') thoughts.push(reasoningOf(item));
    if (!CALLS.has(item.type)) continue;
    folded.calls.push({
      id: textOf(item.call_id),
      name: textOf(item.name),
      arguments: textOf(item.arguments ?? item.input),
    });
  }
  folded.reasoning = thoughts.join('');
  if (response.usage) folded.usage = usageOf(fieldsOf(response.usage), 'input', 'output');
  const { reason } = fieldsOf(response.incomplete_details);
  const incomplete = reason === 'content_filter' ? 'content_filter' : 'length';
  folded.finish = response.status === 'incomplete' ? incomplete : finishOf('stop', folded);
  return folded;
}

const CALLS: ReadonlySet<unknown> = new Set(['function_call', 'custom_tool_call']);

const ENDS = /^response\.(?:completed|incomplete|done)$/;

/** As text, else as summary, whose parts are paragraphs. */
function reasoningOf({ content, summary }: Fields): string {
  const text = listOf(content)
    .map((part) => textOf(part.text))
    .join('');
  return (
    text ||
    listOf(summary)
      .map((part) => textOf(part.text))
      .join('\n\n')
  );
}

/** Calls are what an answer that has any stopped for. */
function finishOf(finish: string, { calls }: Folded): string {
  return finish === 'stop' && calls.length > 0 ? 'tool_calls' : finish;
}

function usageOf(usage: Fields, input: string, output: string): Folded['usage'] {
  const count = (value: unknown) => (typeof value === 'number' ? value : 0);
  const told = count(usage[`${output}_tokens`]);
  const counts = {
    input: count(usage[`${input}_tokens`]),
    output: told,
    cached: count(fieldsOf(usage[`${input}_tokens_details`]).cached_tokens ?? usage.cached_tokens),
    reasoning: count(fieldsOf(usage[`${output}_tokens_details`]).reasoning_tokens),
  };
  // xAI counts reasoning in the total alone.
  if (counts.reasoning > told) counts.output = count(usage.total_tokens) - counts.input;
  return Object.values(counts).some((one) => one > 0) ? counts : undefined;
}

function nothing(): Folded {
  return { text: '', reasoning: '', refusal: '', calls: [], finish: '', usage: undefined };
}

function listOf(value: unknown): Fields[] {
  return Array.isArray(value) ? value.map(fieldsOf) : [];
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
