import { createHash } from 'node:crypto';
import type { Call } from '../core/call.ts';
import type { Message } from '../core/message.ts';
import type { Surface } from '../core/model.ts';

/** What ids of calls a model takes in a conversation. To others it answers 400. */
export type IdForm = Readonly<Record<Surface, RegExp>>;

/** `call_` and its like are refused, also where Mistral's own tokenizer serves the model: vllm#9019. */
export const MISTRAL_IDS: IdForm = both(/^[a-zA-Z0-9]{9}$/);

/** By what models are called, whoever serves them. */
const FORMS: readonly (readonly [model: RegExp, form: IdForm])[] = [
  // mistral, codestral, devstral, magistral, ministral; mixtral, pixtral, voxtral
  [/[sx]tral/i, MISTRAL_IDS],
  // Moonshot has dots and colons in them: continuedev/continue#10416.
  [/claude/i, both(/^[\w-]{1,64}$/)],
  // Gateways put more than an id into them: openclaw#875, Portkey-AI/gateway#1062.
  [/^(?:gpt-|chatgpt-|o\d)/, { chat_completions: /^.{1,40}$/s, responses: /^.{1,64}$/s }],
];

function both(form: RegExp): IdForm {
  return { chat_completions: form, responses: form };
}

/**
 * The call with ids that its model takes in the place of those that it would refuse, the same for the same: another
 * model made them, before a fallback or in a conversation that was begun elsewhere.
 *
 * @param ofServer of every model there. Default: by the model's name
 */
export function withTakenIds(call: Call, ofServer?: IdForm): Call {
  const { messages } = call.request;
  if (!messages.some(hasIds)) return call;
  const taken = (ofServer ?? formOf(call.target.model.id))?.[call.target.surface];
  if (taken === undefined) return call;
  const isTaken = ({ toolCalls = [], toolCallId }: Message) =>
    (!toolCallId || taken.test(toolCallId)) && toolCalls.every(({ id }) => taken.test(id));
  if (messages.every(isTaken)) return call;
  const idFor = (id: string) => (taken.test(id) ? id : shortId(id));
  return {
    ...call,
    request: { ...call.request, messages: messages.map((message) => renamed(message, idFor)) },
  };
}

function hasIds({ toolCalls, toolCallId }: Message): boolean {
  return toolCalls !== undefined || toolCallId !== undefined;
}

function formOf(model: string): IdForm | undefined {
  return FORMS.find(([pattern]) => pattern.test(model))?.[1];
}

function renamed(message: Message, idFor: (id: string) => string): Message {
  const { toolCalls, toolCallId } = message;
  return {
    ...message,
    ...(toolCalls && { toolCalls: toolCalls.map((call) => ({ ...call, id: idFor(call.id) })) }),
    ...(toolCallId && { toolCallId: idFor(toolCallId) }),
  };
}

/** Nine letters and digits, which every form allows: 53 bits. */
function shortId(id: string): string {
  const digest = createHash('sha256').update(id).digest('base64');
  return digest.replaceAll(/[^a-zA-Z0-9]/g, '').slice(0, 9);
}
