import { describe, expect, it } from '@jest/globals';
import type { Message, MessageRequest } from '../../../src/core/message.ts';
import { withPromptCacheKey } from '../../../src/request/route/prompt-cache-key.ts';
import { aModel } from '../../support/models.ts';

const CACHING = aModel({ supports: { promptCaching: true } });
const RULES: Message = { role: 'system', content: 'Be brief.' };
const FIRST: Message = { role: 'user', content: 'Hello' };
const image = (data: string): Message => ({
  role: 'user',
  content: [{ type: 'image', data: Buffer.from(data), mediaType: 'image/png' }],
});

function keyOf(
  messages: readonly Message[],
  fields: Partial<MessageRequest> = {},
  model = CACHING,
) {
  return withPromptCacheKey({ messages, ...fields }, model).promptCacheKey;
}

describe('withPromptCacheKey', () => {
  it('gives all turns of a conversation one key', () => {
    const key = keyOf([RULES, FIRST]);
    expect(key).toMatch(/^[\w-]{43}$/);
    expect(keyOf([RULES, FIRST, { role: 'assistant', content: 'Hi' }, FIRST])).toBe(key);
  });

  it.each<[string, readonly Message[], Partial<MessageRequest>]>([
    ['other instructions', [{ ...RULES, content: 'Be long.' }, FIRST], {}],
    ['another question', [RULES, { ...FIRST, content: 'Bye' }], {}],
    ['another role', [{ ...RULES, role: 'user' }, FIRST], {}],
    ['tools', [RULES, FIRST], { tools: [{ name: 'f' }] }],
    ['hosted tools', [RULES, FIRST], { hostedTools: [{ type: 'shell' }] }],
  ])('gives a conversation with %s another', (_what, messages, fields) => {
    expect(keyOf(messages, fields)).not.toBe(keyOf([RULES, FIRST]));
  });

  it('looks into images', () => {
    expect(keyOf([image('a')])).toBe(keyOf([image('a')]));
    expect(keyOf([image('a')])).not.toBe(keyOf([image('b')]));
  });

  it("leaves the caller's own, and models without a prompt cache", () => {
    expect(keyOf([FIRST], { promptCacheKey: 'mine' })).toBe('mine');
    expect(keyOf([FIRST], {}, aModel())).toBeUndefined();
  });
});
