import type { OutgoingHttpHeaders } from 'node:http';
import type { UsageOverrides } from './usage.ts';
import type { AnswerIdentity, Delta, SealedReasoning, ToolCallDelta } from './wire.ts';

export interface ScriptedToolCall {
  /** Default: `call_stub_` and the index. */
  readonly id?: string;
  readonly name: string;
  /** The arguments: JSON as a string, or the fragments in which it is streamed. */
  readonly arguments: string | readonly string[];
  /** `custom`: the arguments are its input. Default: a function. */
  readonly kind?: 'custom';
}

export interface AnswerOptions extends AnswerIdentity {
  /** Streamed word by word. Default: a greeting, unless there are tool calls, a refusal or items. */
  readonly text?: string;
  /** The text, in the pieces in which it is streamed. */
  readonly deltas?: readonly string[];
  /** Milliseconds between two deltas. Default 0: all at once. */
  readonly paceMs?: number;
  /** Figures that replace the plausible ones. */
  readonly usage?: UsageOverrides;
  /** Default: `tool_calls` if there are any, else `stop`. */
  readonly finishReason?: string;
  readonly toolCalls?: readonly ScriptedToolCall[];
  readonly refusal?: string;
  /** Streamed before the text. The field's default is `reasoning_content`. */
  readonly reasoning?: {
    readonly text: string;
    readonly field?: 'reasoning_content' | 'reasoning';
  };
  /** Before everything else. Over `/responses` only, and only if the request includes them. */
  readonly sealedReasoning?: readonly SealedReasoning[];
  /** Items of Responses as they are, behind the sealed reasoning and before the text. */
  readonly items?: readonly object[];
  /** Default true. */
  readonly sendDone?: boolean;
  /** Added to the default headers. */
  readonly headers?: OutgoingHttpHeaders;
}

/** An answer worked out once, to be given many times. */
export interface AnswerPlan {
  readonly identity: AnswerIdentity;
  /** The content of the opening chunk: null if the answer has no text. */
  readonly opening: '' | null;
  readonly sealed: readonly SealedReasoning[];
  readonly items: readonly object[];
  readonly deltas: readonly Delta[];
  readonly finishReason: string;
  /** The whole message, for requests that want no stream. */
  readonly message: object;
  readonly usage: UsageOverrides;
  readonly sendDone: boolean;
}

export function planAnswer(options: AnswerOptions): AnswerPlan {
  const { reasoning, refusal, toolCalls, finishReason, usage = {}, sendDone = true } = options;
  const pieces = textPieces(options);
  const field = reasoning?.field ?? 'reasoning_content';
  return {
    identity: options,
    sealed: options.sealedReasoning ?? [],
    items: options.items ?? [],
    opening: pieces === undefined ? null : '',
    deltas: [
      ...words(reasoning?.text ?? '').map((text) => ({ [field]: text })),
      ...(pieces ?? []).map((content) => ({ content })),
      ...words(refusal ?? '').map((text) => ({ refusal: text })),
      ...(toolCalls ?? []).flatMap(toolCallDeltas),
    ],
    finishReason: finishReason ?? (toolCalls === undefined ? 'stop' : 'tool_calls'),
    message: {
      role: 'assistant',
      content: pieces?.join('') ?? null,
      refusal: refusal ?? null,
      ...(reasoning && { [field]: reasoning.text }),
      annotations: [],
      ...(toolCalls && { tool_calls: toolCalls.map(completeToolCall) }),
    },
    usage,
    sendDone,
  };
}

function textPieces({
  deltas,
  text,
  toolCalls,
  refusal,
  items,
}: AnswerOptions): readonly string[] | undefined {
  if (deltas !== undefined) return deltas;
  if (text !== undefined) return words(text);
  if ((toolCalls ?? refusal ?? items) !== undefined) return undefined;
  return ['Hello', ' from', ' the', ' stub', '.'];
}

function words(text: string): string[] {
  return text.match(/\s*\S+|\s+$/g) ?? [];
}

function toolCallDeltas(call: ScriptedToolCall, index: number): Delta[] {
  const id = toolCallId(call, index);
  return [
    { tool_calls: [{ index, id, ...called(call, '', call.name) }] },
    ...fragments(call).map((text) => {
      const { type: _, ...more } = called(call, text);
      return { tool_calls: [{ index, ...more }] };
    }),
  ];
}

function completeToolCall(call: ScriptedToolCall, index: number): object {
  const whole = fragments(call).join('');
  return { id: toolCallId(call, index), ...called(call, whole, call.name) };
}

function called(call: ScriptedToolCall, text: string, name?: string): Omit<ToolCallDelta, 'index'> {
  const named = name === undefined ? {} : { name };
  return call.kind === 'custom'
    ? { type: 'custom', custom: { ...named, input: text } }
    : { type: 'function', function: { ...named, arguments: text } };
}

function fragments(call: ScriptedToolCall): readonly string[] {
  if (typeof call.arguments !== 'string') return call.arguments;
  return call.arguments.match(/.{1,8}/gsu) ?? [];
}

function toolCallId(call: ScriptedToolCall, index: number): string {
  return call.id ?? `call_stub_${index}`;
}
