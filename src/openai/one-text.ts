import type { Message } from '../core/message.ts';
import { isInstruction } from '../request/fit/instructions.ts';

/**
 * Turns as servers take them that hand them to a template: one text where there is nothing but texts, each a line of
 * its own as vLLM and llama.cpp make one of them, and one turn of the instructions at the begin, of which the
 * template of Qwen takes no second.
 */
export function withOneText(messages: readonly Message[]): readonly Message[] {
  const joined = messages.map(withJoinedTexts);
  const rest = joined.findIndex(
    (message) => !isInstruction(message) || message.name || typeof message.content !== 'string',
  );
  const leading = joined.slice(0, rest === -1 ? undefined : rest);
  const [first, another] = leading;
  if (first === undefined || another === undefined) return joined;
  const content = leading.map(({ content: text }) => text).join('\n\n');
  return [{ ...first, content }, ...joined.slice(leading.length)];
}

function withJoinedTexts(message: Message): Message {
  const { content } = message;
  if (typeof content === 'string') return message;
  const texts = content.flatMap((part) => (part.type === 'text' ? part.text : []));
  return texts.length < content.length ? message : { ...message, content: texts.join('\n') };
}
