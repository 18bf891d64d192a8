import type { Message } from '../../core/message.ts';
import { isInstruction } from '../../request/fit/instructions.ts';

/** The template of these models takes no second turn of instructions: vllm#41114. */
const ONE_TURN = /qwen|qwq/i;

/**
 * Turns as servers take them that hand them to a template: one text where there is nothing but texts, each a line of
 * its own as vLLM and llama.cpp make one of them, and for models that take no more one turn of the instructions at the
 * begin.
 *
 * @param model its name
 */
export function withOneText(messages: readonly Message[], model: string): readonly Message[] {
  const joined = messages.every(isOneText) ? messages : messages.map(withJoinedTexts);
  return ONE_TURN.test(model) ? withOneTurn(joined) : joined;
}

function withOneTurn(messages: readonly Message[]): readonly Message[] {
  const rest = messages.findIndex(
    (message) => !isInstruction(message) || message.name || typeof message.content !== 'string',
  );
  const leading = messages.slice(0, rest === -1 ? undefined : rest);
  const [first, another] = leading;
  if (first === undefined || another === undefined) return messages;
  const content = leading.map(({ content: text }) => text).join('\n\n');
  return [{ ...first, content }, ...messages.slice(leading.length)];
}

function isOneText({ content }: Message): boolean {
  return typeof content === 'string';
}

function withJoinedTexts(message: Message): Message {
  const { content } = message;
  if (typeof content === 'string') return message;
  const texts = content.flatMap((part) => (part.type === 'text' ? part.text : []));
  return texts.length < content.length ? message : { ...message, content: texts.join('\n') };
}
