import { afterAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Message, MessageRequest, Role } from '../../../src/core/message.ts';
import { unknownModel } from '../../../src/core/model.ts';
import { TokenCounter } from '../../../src/request/tokens/token-counter.ts';
import { promptTokensAtMost, surelyFits } from '../../../src/request/tokens/upper-bound.ts';
import { codePoint } from '../../support/code-points.ts';
import { fewOrMany } from '../../support/long.ts';

const NEVER = new AbortController().signal;
const MODEL = unknownModel('gpt-4o');

const texts = fc.oneof(
  fc.string({ unit: codePoint }),
  fc.string({ unit: 'grapheme' }),
  fc.string({ unit: fc.constantFrom('\ufeff', '\ud800', '😀', '數', 'ß', '\u0000', '<|', '9') }),
  fc.lorem(),
);
const parts = fc.oneof(
  fc.record({ type: fc.constant('text' as const), text: texts }),
  fc.record({
    type: fc.constant('image' as const),
    uri: fc.constant('https://example.com/a.png'),
    detail: fc.constantFrom('low' as const, 'high' as const),
  }),
);
const messages: fc.Arbitrary<Message> = fc.record({
  role: fc.constantFrom<Role>('system', 'developer', 'user', 'assistant', 'tool'),
  content: fc.oneof(texts, fc.array(parts, { maxLength: 3 })),
  name: texts,
  toolCallId: texts,
  toolCalls: fc.array(fc.record({ id: texts, name: texts, arguments: texts }), { maxLength: 3 }),
});

/** Schemas in which as little text as possible costs as many tokens as possible. */
const values = fc.oneof(texts, fc.integer(), fc.double(), fc.constantFrom(1e20, 1e-6, 0, null, []));
const { schema } = fc.letrec<{ schema: unknown }>((tie) => ({
  schema: fc.oneof(
    { maxDepth: 3 },
    values,
    fc.record(
      {
        properties: fc.dictionary(fc.oneof(fc.constant(''), texts), tie('schema'), { maxKeys: 3 }),
        type: values,
        description: values,
        enum: fc.array(values),
        items: tie('schema'),
      },
      { requiredKeys: [] },
    ),
  ),
}));
const schemas = fc.oneof(
  schema.map((value) => JSON.stringify(value)),
  texts,
);
const requests: fc.Arbitrary<MessageRequest> = fc.record({
  messages: fc.array(messages, { maxLength: 4 }),
  tools: fc.array(fc.record({ name: texts, description: texts, inputSchema: schemas }), {
    maxLength: 2,
  }),
  responseFormat: fc.oneof(
    fc.constant({ type: 'json_object' as const }),
    fc.record({
      type: fc.constant('json_schema' as const),
      name: texts,
      description: texts,
      schema: texts,
    }),
  ),
});

const user = (content: Message['content']): MessageRequest => ({
  messages: [{ role: 'user', content }],
});
const tool = (inputSchema: string): MessageRequest => ({
  messages: [],
  tools: [{ name: 'f', inputSchema }],
});

describe('surelyFits', () => {
  const counter = new TokenCounter();

  afterAll(() => counter.close());

  async function count(request: MessageRequest): Promise<number> {
    return (await counter.count(MODEL.id, MODEL, request, NEVER)).inputTokens;
  }

  it('never passes a request that counts more', async () => {
    await fc.assert(
      fc.asyncProperty(requests, async (request) => {
        expect(surelyFits(MODEL.id, request, (await count(request)) - 1)).toBe(false);
      }),
      { numRuns: fewOrMany(60, 200) },
    );
  });

  it.each([
    ['digits', `{"properties":{"":{"enum":[${'1,'.repeat(500)}1]}}}`],
    [
      'short numbers that are long once written out',
      `{"properties":{"":{"enum":[${'1e20,'.repeat(500)}1]}}}`,
    ],
    ['properties without a name', `${'{"properties":{"":'.repeat(500)}0${'}}'.repeat(500)}`],
    ['objects that share nothing', `{"properties":{${'"":0,'.repeat(500)}"":0}}`],
  ])('never passes a schema of %s that counts more', async (_, schema) => {
    const request = tool(schema);
    expect(surelyFits(MODEL.id, request, (await count(request)) - 1)).toBe(false);
  });

  it.each<[string, MessageRequest, number]>([
    ['a text by its bytes', user('x'.repeat(1000)), 1048],
    ['two-byte letters by their bytes', user('ß'.repeat(1000)), 2048],
    ['three-byte letters by their bytes', user('數'.repeat(1000)), 3048],
    ['a part by its bytes', user([{ type: 'text', text: 'abc' }]), 51],
    [
      'an image by the most it may be',
      user([{ type: 'image', uri: 'https://example.com/a.png' }]),
      1493,
    ],
    [
      'sealed reasoning by its bytes',
      {
        messages: [
          {
            role: 'assistant',
            content: '',
            reasoningItems: [{ id: 'rs_1', encryptedContent: 'x'.repeat(100), summary: [] }],
          },
        ],
      },
      148,
    ],
    ['a tool by its name', { messages: [], tools: [{ name: 'f' }] }, 49],
    ['a schema by twice its bytes', tool('{}'), 53],
    ['JSON without a schema', { messages: [], responseFormat: { type: 'json_object' } }, 32],
    [
      'JSON by the bytes of its schema',
      { messages: [], responseFormat: { type: 'json_schema', name: 'n', schema: '{}' } },
      35,
    ],
  ])('passes %s', (_, request, limit) => {
    expect(surelyFits(MODEL.id, request, limit)).toBe(true);
    expect(surelyFits(MODEL.id, request, limit - 1)).toBe(false);
  });
});

describe('promptTokensAtMost', () => {
  it('is the least limit that a request surely fits', () => {
    fc.assert(
      fc.property(requests, (request) => {
        const tokens = promptTokensAtMost(MODEL.id, request);
        expect(surelyFits(MODEL.id, request, tokens)).toBe(true);
        expect(surelyFits(MODEL.id, request, tokens - 1)).toBe(false);
      }),
      { numRuns: fewOrMany(60, 200) },
    );
  });
});
