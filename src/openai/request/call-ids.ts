import { createHash } from 'node:crypto';
import type { Call } from '../../core/call.ts';
import type { Message, ToolCall, ToolKind } from '../../core/message.ts';
import type { Surface } from '../../core/model.ts';
import { IDENTIFIER } from '../../request/validate/text.ts';

/** What ids and names of calls a model takes in a conversation. To others it answers 400. */
export interface CallForm extends Readonly<Record<Surface, RegExp>> {
  /** Default: any. */
  readonly names?: RegExp;
}

/** `call_` and its like are refused, also where Mistral's own tokenizer serves the model: vllm#9019. */
export const MISTRAL_CALLS: CallForm = { ...both(/^[a-zA-Z0-9]{9}$/), names: IDENTIFIER };

/**
 * Gateways put more than an id into them: openclaw#875, Portkey-AI/gateway#1062. Names such as `multi_tool_use.parallel`
 * its own models make, too.
 */
export const OPENAI_CALLS: CallForm = {
  chat_completions: /^.{1,40}$/s,
  responses: /^.{1,64}$/s,
  names: IDENTIFIER,
};

const ANY = /^/;
/** Of the others the name is not sent, or is an MCP server's own. */
const OF_TOOLS: readonly ToolKind[] = ['function', 'custom'];

/** By what models are called, whoever serves them. */
const FORMS: readonly (readonly [model: RegExp, form: CallForm])[] = [
  // mistral, codestral, devstral, magistral, ministral; mixtral, pixtral, voxtral
  [/[sx]tral/i, MISTRAL_CALLS],
  // Moonshot has dots and colons in them: continuedev/continue#10416.
  [/claude/i, both(/^[\w-]{1,64}$/)],
  [/^(?:gpt-|chatgpt-|o\d)/, OPENAI_CALLS],
];

function both(form: RegExp): CallForm {
  return { chat_completions: form, responses: form };
}

/**
 * The call with ids and names of calls that its model takes in the place of those that it would refuse, the same for the
 * same: another model made them, before a fallback or in a conversation that was begun elsewhere.
 *
 * @param ofServer of every model there. Default: by the model's name
 */
export function withTakenCalls(call: Call, ofServer?: CallForm): Call {
  const { messages } = call.request;
  if (!messages.some(hasIds)) return call;
  const form = ofServer ?? formOf(call.target.model.id);
  if (form === undefined) return call;
  const { [call.target.surface]: ids, names = ANY } = form;
  const idFor = (id: string) => (ids.test(id) ? id : shortId(id));
  const nameFor = ({ name, kind = 'function' }: ToolCall) =>
    names.test(name) || !OF_TOOLS.includes(kind) ? name : plainName(name);
  const isTaken = ({ toolCalls = [], toolCallId }: Message) =>
    (!toolCallId || ids.test(toolCallId)) &&
    toolCalls.every((each) => ids.test(each.id) && nameFor(each) === each.name);
  if (messages.every(isTaken)) return call;
  const renamed = (message: Message): Message => {
    const { toolCalls, toolCallId } = message;
    const taken = (each: ToolCall) => ({ ...each, id: idFor(each.id), name: nameFor(each) });
    return {
      ...message,
      ...(toolCalls && { toolCalls: toolCalls.map(taken) }),
      ...(toolCallId && { toolCallId: idFor(toolCallId) }),
    };
  };
  return { ...call, request: { ...call.request, messages: messages.map(renamed) } };
}

function hasIds({ toolCalls, toolCallId }: Message): boolean {
  return toolCalls !== undefined || toolCallId !== undefined;
}

function formOf(model: string): CallForm | undefined {
  return FORMS.find(([pattern]) => pattern.test(model))?.[1];
}

/** Nine letters and digits, which every form allows: 53 bits. */
function shortId(id: string): string {
  const digest = createHash('sha256').update(id).digest('base64');
  return digest.replaceAll(/[^a-zA-Z0-9]/g, '').slice(0, 9);
}

function plainName(name: string): string {
  return name.replaceAll(/[^a-zA-Z0-9_-]/g, '_').slice(0, 64);
}
