import type { Message } from '../../core/message.ts';

/** Mistral's models: mistral, codestral, devstral, magistral, ministral; mixtral, pixtral, voxtral. */
const MISTRAL = /[sx]tral/i;

/** What Mistral's models say between results and what follows them, where the conversation has them say nothing. */
const REPLY: Message = { role: 'assistant', content: 'I have read the results.' };

/**
 * Turns in the order in which Chat Completions takes them: each result directly behind the turn that called for it, also
 * where something was said in between: charmbracelet/crush#3439. Mistral's models want to have answered before others speak
 * again: NousResearch/hermes-agent#20154.
 *
 * @param model its name
 */
export function inChatOrder(messages: readonly Message[], model: string): readonly Message[] {
  if (!messages.some(isResult)) return messages;
  const resultsOf = byTurn(messages);
  const ordered = messages.flatMap((message) => [
    ...(isResult(message) ? [] : [message]),
    ...(resultsOf.get(message) ?? []),
  ]);
  return MISTRAL.test(model) ? withReplies(ordered) : ordered;
}

function isResult({ role }: Message): boolean {
  return role === 'tool';
}

/** The results that answer the calls of each turn, in the order in which they came. */
function byTurn(messages: readonly Message[]): ReadonlyMap<Message, readonly Message[]> {
  const callers = new Map<string, Message>();
  const results = new Map<Message, Message[]>();
  for (const message of messages) {
    // An id may be used anew.
    for (const { id } of message.toolCalls ?? []) callers.set(id, message);
    if (!isResult(message)) continue;
    const caller = callers.get(message.toolCallId ?? '') ?? message;
    const known = results.get(caller);
    if (known === undefined) results.set(caller, [message]);
    else known.push(message);
  }
  return results;
}

function withReplies(messages: readonly Message[]): Message[] {
  return messages.flatMap((message, i) => {
    const before = messages[i - 1];
    const isNext = before !== undefined && isResult(before) && !isResult(message);
    return isNext && message.role !== 'assistant' ? [REPLY, message] : [message];
  });
}
