import { describe, expect, it } from '@jest/globals';
import { refusedChat, refusedResponse } from './rejected.ts';

const message = (fields: object) => ({ messages: [{ role: 'user', content: 'Hi', ...fields }] });
const part = (fields: unknown) => message({ content: [fields] });
const grammar = (syntax: string) => ({
  tools: [{ type: 'custom', name: 'c', format: { type: 'grammar', syntax, definition: 'x' } }],
});

describe('a value of the wrong kind', () => {
  it.each<[string, object, string, string]>([
    ['flags', { logprobs: 1 }, 'logprobs', 'a boolean, but got a number'],
    ['decimals', { top_p: '1' }, 'top_p', 'a decimal, but got a string'],
    ['integers', { seed: 1.5 }, 'seed', 'an integer, but got a number'],
    ['texts', message({ name: 7 }), 'messages[0].name', 'a string, but got a number'],
    [
      'words',
      { verbosity: true },
      'verbosity',
      "one of 'low', 'medium', 'high', but got a boolean",
    ],
    ['lists', { messages: { role: 'user' } }, 'messages', 'an array, but got an object'],
    ['any object', { metadata: [] }, 'metadata', 'an object, but got an array'],
    ['objects', { prediction: 'Hi' }, 'prediction', 'an object, but got a string'],
    ['kinds', part(null), 'messages[0].content[0]', 'an object, but got null'],
  ])('is refused for %s', (_, fields, param, expected) => {
    expect(refusedChat(fields)).toEqual({
      status: 400,
      param,
      message: `Invalid type for '${param}': expected ${expected} instead.`,
    });
  });
});

describe('a value outside of its limits', () => {
  it.each<[string, object, string, string]>([
    [
      'empty texts',
      message({ name: '' }),
      'messages[0].name',
      'empty string. Expected a string with minimum length 1',
    ],
    [
      'long texts',
      { user: 'u'.repeat(129) },
      'user',
      'string too long. Expected a string with maximum length 128',
    ],
    [
      'other texts',
      message({ name: 'a b' }),
      'messages[0].name',
      "string does not match pattern. Expected a string that matches the pattern '^[^\\s<|\\\\/>]+$'",
    ],
    [
      'small decimals',
      { presence_penalty: -2.5 },
      'presence_penalty',
      'decimal below minimum value. Expected a value >= -2, but got -2.5 instead',
    ],
    [
      'large integers',
      { n: 129 },
      'n',
      'integer above maximum value. Expected a value <= 128, but got 129 instead',
    ],
  ])('is refused for %s', (_, fields, param, problem) => {
    expect(refusedChat(fields)).toEqual({
      status: 400,
      param,
      message: `Invalid '${param}': ${problem}.`,
    });
  });

  it('names the values that there are', () => {
    expect(refusedChat({ verbosity: 'loud' })?.message).toBe(
      "Invalid value: 'loud'. Supported values are: 'low', 'medium', and 'high'.",
    );
    expect(refusedResponse(grammar('ebnf'))?.message).toBe(
      "Invalid value: 'ebnf'. Supported values are: 'lark' and 'regex'.",
    );
    expect(refusedChat({ prediction: { type: 'text', content: '' } })?.message).toBe(
      "Invalid value: 'text'. Supported values are: 'content'.",
    );
    expect(refusedChat(part({ type: 4 }))?.message).toBe(
      "Invalid value: 4. Supported values are: 'text', 'image_url', and 'file'.",
    );
  });
});

describe('what is missing', () => {
  it.each<[string, object, string]>([
    ['a field', { prediction: { type: 'content' } }, 'prediction.content'],
    ['a field of a part', part({ type: 'text' }), 'messages[0].content[0].text'],
    ['what tells the kind', part({ text: 'Hi' }), 'messages[0].content[0].type'],
    ['a field of the request', { messages: undefined }, 'messages'],
    ['the role', { messages: [{ content: 'Hi' }] }, 'messages[0].role'],
  ])('is named: %s', (_, fields, param) => {
    expect(refusedChat(fields)).toEqual({
      status: 400,
      param,
      message: `Missing required parameter: '${param}'.`,
    });
  });

  it('may be null where OpenAI lets it', () => {
    expect(refusedChat({ stop: null, seed: null, logit_bias: null })).toBeUndefined();
    expect(refusedResponse({ instructions: null, reasoning: null })).toBeUndefined();
  });
});
