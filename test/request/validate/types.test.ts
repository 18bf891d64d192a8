import { describe, expect, it } from '@jest/globals';
import { ProviderError } from '../../../src/core/errors.ts';
import type { MessageRequest } from '../../../src/core/message.ts';
import { checkTypes } from '../../../src/request/validate/types.ts';

const user = { role: 'user', content: 'Hi' };

/** What is wrong with a request, in one text. */
function wrongWith(request: unknown): string | undefined {
  try {
    checkTypes(request);
    return undefined;
  } catch (thrown) {
    if (!(thrown instanceof ProviderError)) throw thrown;
    const { reason, facts } = thrown;
    const found = facts.fieldViolations ?? [];
    return [reason, ...found.map((one) => `${one.field} ${one.description}`)].join('; ');
  }
}

const bad = (what: string) => `INVALID_REQUEST; request${what}`;

describe('a request of plain JavaScript', () => {
  it.each<[unknown, string]>([
    [null, ' must be an object'],
    [undefined, ' must be an object'],
    ['Hi', ' must be an object'],
    [[user], ' must be an object'],
    [{}, '.messages must be a list'],
    [{ messages: 'Hi' }, '.messages must be a list'],
    [{ messages: [user, null] }, '.messages[1] must be an object'],
    [{ messages: new Array(1) }, '.messages[0] must be an object'],
    [{ messages: [{ role: 'user' }] }, '.messages[0].content must be a text or a list of parts'],
    [
      { messages: [{ ...user, content: [{ type: 'text', text: 5 }] }] },
      '.messages[0].parts[0].text must be a text',
    ],
    [
      { messages: [{ ...user, content: [{ type: 'sound' }] }] },
      '.messages[0].parts[0].type must be one of text, image, file',
    ],
    [
      { messages: [{ ...user, content: [{ type: 'image', data: 'iVBOR' }] }] },
      '.messages[0].parts[0].data must be bytes',
    ],
    [
      { messages: [{ role: 'assistant', content: '', toolCalls: [{ id: 'a', name: 'b' }] }] },
      '.messages[0].tool_calls[0].arguments must be a text',
    ],
    [{ messages: [user], maxTokens: '5' }, '.max_tokens must be a number'],
    [{ messages: [user], temperature: null }, '.temperature must be a number'],
    [{ messages: [user], parallelToolCalls: 1 }, '.parallel_tool_calls must be true or false'],
    [{ messages: [user], stop: 'x' }, '.stop must be a list'],
    [
      { messages: [user], tools: [{ name: 'look', inputSchema: {} }] },
      '.tools[0].input_schema must be a text',
    ],
    [{ messages: [user], toolChoice: null }, '.tool_choice must be an object'],
    [{ messages: [user], toolChoice: 'any' }, '.tool_choice must be one of auto, none, required'],
    [{ messages: [user], responseFormat: 'json' }, '.response_format must be an object'],
    [{ messages: [user], metadata: 'u-1' }, '.metadata must be an object'],
    [{ messages: [user], metadata: { user_id: 5 } }, '.metadata[user_id] must be a text'],
    [{ messages: [user], contextPolicy: 'x' }, '.context_policy must be one of reject, truncate'],
  ])('%j is refused with the field that is of another type', (request, problem) => {
    expect(wrongWith(request)).toContain(bad(problem));
  });

  it('is refused with all such fields', () => {
    expect(wrongWith({ messages: [user], model: 5, seed: 'x' })).toBe(
      `${bad('.model must be a text')}; request.seed must be a number`,
    );
  });

  it('is taken with all that it may have', () => {
    const request: Required<MessageRequest> = {
      messages: [
        {
          role: 'assistant',
          content: [
            { type: 'text', text: 'Hi' },
            { type: 'image', data: Buffer.from('x'), mediaType: 'image/png', detail: 'original' },
            { type: 'file', fileId: 'f' },
          ],
          toolCalls: [{ id: 'a', name: 'b', arguments: '{}', kind: 'custom', providerData: 'p' }],
          toolCallId: 'a',
          name: 'n',
          reasoningItems: [{ id: 'r', encryptedContent: 'e', summary: ['s'], type: 'compaction' }],
          phase: 'commentary',
          providerData: 'p',
          reasoning: 'r',
        },
      ],
      model: 'gpt-test',
      maxTokens: 1,
      temperature: 1,
      topP: 1,
      frequencyPenalty: 0,
      presencePenalty: 0,
      stop: ['x'],
      seed: 1,
      reasoningEffort: 'low',
      tools: [
        { name: 'look', description: 'd', inputSchema: '{}', strict: true },
        { name: 'say', custom: { type: 'grammar', syntax: 'lark', definition: 'x' } },
      ],
      toolChoice: { allowed: { mode: 'auto', names: ['look'] } },
      parallelToolCalls: false,
      responseFormat: { type: 'json_schema', name: 'n', schema: '{}' },
      taskType: 'planning',
      serviceTier: 'auto',
      verbosity: 'low',
      promptCacheKey: 'k',
      promptCacheRetention: '24h',
      safetyIdentifier: 's',
      logitBias: { 5: 1 },
      prediction: 'p',
      fallbackModels: ['m'],
      cache: { mode: 'use', ttlMs: 1, coalesce: true },
      contextPolicy: 'compact',
      metadata: { user_id: 'u' },
      reasoningSummary: 'auto',
      promptCacheOptions: { mode: 'implicit', ttl: '30m' },
      hostedTools: [
        { type: 'web_search', allowedDomains: ['a.example'], location: { city: 'Zug' } },
        { type: 'file_search', vectorStoreIds: ['v'], maxResults: 1 },
        { type: 'mcp', server: 's', allowedTools: ['t'] },
        { type: 'shell' },
      ],
      maxToolCalls: 1,
      idempotencyKey: 'i',
    };
    expect(wrongWith(request)).toBeUndefined();
  });
});
