import fc from 'fast-check';
import type { Message, MessageRequest } from '../../../src/core/message.ts';
import type { Model } from '../../../src/core/model.ts';
import type { TokenCount } from '../../../src/provider/provider.ts';
import type { CountTokens } from '../../../src/request/context/fit-conversation.ts';

/** Counts a token per word, one per message, three per request and ten per tool. */
export class WordCounter implements CountTokens {
  readonly estimated: boolean;
  readonly counted: MessageRequest[] = [];

  constructor(estimated = false) {
    this.estimated = estimated;
  }

  async countEach(
    model: string,
    _: Model,
    requests: readonly MessageRequest[],
  ): Promise<readonly TokenCount[]> {
    this.counted.push(...requests);
    return requests.map((request) => ({
      inputTokens: words(request),
      estimated: this.estimated,
      model,
      tokenizer: 'words',
      contextWindow: 0,
    }));
  }
}

export function words({ messages, tools = [] }: MessageRequest): number {
  return messages.reduce((sum, message) => sum + 1 + wordsOf(message), 3 + 10 * tools.length);
}

function wordsOf({ content, toolCalls = [] }: Message): number {
  const texts = [content, ...toolCalls.map((call) => call.arguments)];
  return texts.join(' ').split(/\s+/).filter(Boolean).length;
}

const text = fc.lorem({ maxCount: 12 });
const ids = fc.uniqueArray(fc.constantFrom('a', 'b', 'c'), { minLength: 1, maxLength: 3 });

/** A turn with tool calls, and their results in any order, perhaps around something the user said. */
const toolRound = fc
  .record({ ids, seed: fc.nat(), text, interjection: fc.option(text, { freq: 6 }) })
  .map(({ ids, seed, text, interjection }): Message[] => {
    const results = ids.map((id): Message => ({ role: 'tool', toolCallId: id, content: text }));
    const first = seed % results.length;
    const said: Message[] = interjection === null ? [] : [{ role: 'user', content: interjection }];
    const toolCalls = ids.map((id) => ({ id, name: 'look', arguments: `{ "at": ${seed} }` }));
    return [
      { role: 'assistant', content: '', toolCalls },
      ...results.slice(first),
      ...said,
      ...results.slice(0, first),
    ];
  });

const turn = fc.oneof(
  { weight: 1, arbitrary: text.map((content): Message[] => [{ role: 'system', content }]) },
  { weight: 1, arbitrary: text.map((content): Message[] => [{ role: 'developer', content }]) },
  { weight: 4, arbitrary: text.map((content): Message[] => [{ role: 'user', content }]) },
  { weight: 4, arbitrary: text.map((content): Message[] => [{ role: 'assistant', content }]) },
  { weight: 4, arbitrary: toolRound },
);

/** Conversations with everything in them, in which ids of calls are used again and again. */
export const conversations: fc.Arbitrary<Message[]> = fc
  .array(turn, { minLength: 1, maxLength: 16 })
  .map((turns) => turns.flat());
