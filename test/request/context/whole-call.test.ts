import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { ContextPolicy, Message, MessageRequest } from '../../../src/core/message.ts';
import { createOpenAIProvider } from '../../../src/provider/create.ts';
import type { OpenAIProvider } from '../../../src/provider/openai-provider.ts';
import { drainPulled } from '../../support/events.ts';
import { answer, type StubUpstream, startStubUpstream } from '../../support/upstream/index.ts';

const PAGE = 'The quick brown fox jumps over the lazy dog. '.repeat(400);

let stub: StubUpstream;
let provider: OpenAIProvider;

beforeEach(async () => {
  stub = await startStubUpstream();
  provider = createOpenAIProvider({
    keys: [{ secret: 'test-key', weight: 1 }],
    baseUrl: stub.url,
    defaultModel: 'gpt-4',
    timeouts: { connectMs: 5000, headersMs: 5000, firstTokenMs: 5000, idleMs: 5000 },
    version: '1.2.3',
  });
});

afterEach(async () => {
  await provider.dispose();
  await stub.close();
});

/** Two pages of 4,000 tokens each and a question, to a model with a window of 8,192. */
function request(contextPolicy?: ContextPolicy): MessageRequest {
  const messages: Message[] = [
    { role: 'user', content: PAGE },
    { role: 'assistant', content: PAGE },
    { role: 'user', content: 'And then?' },
  ];
  return { messages, maxTokens: 1000, ...(contextPolicy && { contextPolicy }) };
}

describe('a call whose conversation is longer than the context window', () => {
  it('is refused before the upstream is asked', async () => {
    const { events, error } = await drainPulled(provider.sendMessage(request()));
    expect(events).toEqual([]);
    expect(error).toMatchObject({
      reason: 'CONTEXT_TOO_LONG',
      facts: { countedTokens: expect.any(Number), tokenLimit: 7192, model: 'gpt-4' },
    });
    expect(stub.requests).toEqual([]);
  });

  it('is answered without what its policy leaves out, and the caller is told', async () => {
    stub.enqueue(answer({ deltas: ['Then it sleeps.'] }));
    const { events, error } = await drainPulled(provider.sendMessage(request('truncate_oldest')));
    expect(error).toBeUndefined();
    // The profile of gpt-4 puts a system prompt first; positions are the caller's.
    expect(events[0]).toMatchObject({
      type: 'started',
      effectiveSettings: { systemPromptAdded: true },
      truncation: { droppedMessages: [0] },
      warnings: expect.arrayContaining([
        "Messages left out to fit the model's context window: 1 of 3.",
      ]),
    });
    expect(stub.requests[0]?.body).toMatchObject({
      messages: [
        { role: 'system' },
        { role: 'assistant', content: PAGE },
        { role: 'user', content: 'And then?' },
      ],
    });
  });
});
