import { describe, expect, it } from '@jest/globals';
import { addUsage, estimateInputTokens } from '../../src/core/usage.ts';
import { usage } from '../support/events.ts';

describe('usage', () => {
  it('is added class by class, and is an estimate if a part of it is', () => {
    const a = usage({ cacheReadTokens: 1, cacheWriteTokens: 2, reasoningTokens: 3 });
    expect(addUsage(a, usage({ reasoningTokens: 1, estimated: true }))).toEqual({
      inputTokens: 20,
      outputTokens: 10,
      totalTokens: 30,
      cacheReadTokens: 1,
      cacheWriteTokens: 2,
      reasoningTokens: 4,
      estimated: true,
    });
    expect(addUsage(undefined, a)).toBe(a);
  });

  it('of a prompt is estimated from text, images, tool calls and tools', () => {
    const tokens = estimateInputTokens({
      messages: [
        {
          role: 'user',
          content: [
            { type: 'text', text: '12345678' },
            { type: 'image', uri: 'u' },
          ],
        },
        {
          role: 'assistant',
          content: '',
          toolCalls: [{ id: 'c', name: 'abcd', arguments: '{"a":1}x' }],
        },
      ],
      tools: [{ name: 'abcd', description: '1234', inputSchema: '{}{}' }, { name: 'wxyz' }],
    });
    expect(tokens).toBe(4 + 2 + 765 + 4 + 3 + 3 + 1);
  });
});
