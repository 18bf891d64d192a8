import { describe, expect, it } from '@jest/globals';
import { tokenizerFor } from '../../../src/provider/tokens/tokenizer-for.ts';

describe('tokenizerFor', () => {
  it.each([
    'gpt-4',
    'gpt-4-0613',
    'gpt-4-turbo',
    'gpt-4-turbo-2024-04-09',
    'gpt-4-32k',
    'gpt-3.5-turbo',
    'gpt-3.5-turbo-0125',
    'gpt-35-turbo',
    'ft:gpt-3.5-turbo:acme::abc',
  ])('takes cl100k_base for %s', (model) => {
    expect(tokenizerFor(model)).toEqual({ name: 'cl100k_base', known: true });
  });

  it.each([
    'gpt-4o',
    'gpt-4o-mini',
    'gpt-4.1',
    'gpt-4.5-preview',
    'chatgpt-4o-latest',
    'gpt-5.6-sol',
    'gpt-6-astra',
    'o1',
    'o4-mini',
    'codex-mini-latest',
    'ft:gpt-4o:acme::abc',
  ])('takes o200k_base for %s', (model) => {
    expect(tokenizerFor(model)).toEqual({ name: 'o200k_base', known: true });
  });

  it.each(['llama-3.3-70b', 'openai/gpt-4o', 'mistral', ''])(
    'only guesses the tokenizer of %j',
    (model) => {
      expect(tokenizerFor(model)).toEqual({ name: 'o200k_base', known: false });
    },
  );
});
