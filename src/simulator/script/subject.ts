import type { ChatRequest } from '../wire/wire.ts';

/** What rules look at in a request. */
export interface Subject {
  readonly model: string;
  readonly api: 'chat_completions' | 'responses' | 'batch';
  /** Of the last message. */
  readonly text: string;
  /** Of the last message. */
  readonly role: string;
  /** Names of those that the request offers. */
  readonly tools: readonly string[];
  /** The tool whose output the last message brings. */
  readonly calledTool: string | undefined;
}

type Item = Readonly<Record<string, unknown>>;

export function subjectOf(body: ChatRequest, api: Subject['api']): Subject {
  const items = itemsOf(body);
  const last = items.at(-1) ?? {};
  const isOutput = String(last.type).endsWith('_call_output');
  const calledTool = isOutput ? calledBy(items, last.call_id) : toolOf(items, last.tool_call_id);
  return {
    model: String(body.model ?? ''),
    api,
    text: textOf(isOutput ? last.output : last.content),
    role: isOutput ? 'tool' : String(last.role ?? 'user'),
    tools: listOf(body.tools).map(nameOf),
    calledTool,
  };
}

/** The conversation, over either API. */
function itemsOf({ messages, input }: ChatRequest): readonly Item[] {
  return typeof input === 'string' ? [{ role: 'user', content: input }] : listOf(messages ?? input);
}

/** Of Responses: the call is an item of its own. */
function calledBy(items: readonly Item[], callId: unknown): string | undefined {
  const call = items.find(({ call_id, name }) => call_id === callId && name !== undefined);
  return call && String(call.name);
}

/** Of Chat Completions: the call is in a message. */
function toolOf(items: readonly Item[], callId: unknown): string | undefined {
  if (callId === undefined) return undefined;
  const calls = items.flatMap(({ tool_calls }) => listOf(tool_calls));
  const call = calls.find(({ id }) => id === callId);
  return call && nameOf(call);
}

/** Of a tool or a call of one, whose name stands in a group of its kind over Chat Completions. */
function nameOf({ name, type, ...fields }: Item): string {
  const inner = fields[String(type ?? 'function')] as Item | undefined;
  return String(name ?? inner?.name ?? type ?? '');
}

function textOf(content: unknown): string {
  if (typeof content === 'string') return content;
  return listOf(content)
    .map(({ text }) => (typeof text === 'string' ? text : ''))
    .join('\n');
}

function listOf(value: unknown): readonly Item[] {
  if (!Array.isArray(value)) return [];
  return value.filter((item) => typeof item === 'object' && item !== null);
}
