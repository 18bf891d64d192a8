import { describe, expect, it } from '@jest/globals';
import { isMistral, isOpenAI, isRegional } from '../../../src/request/catalogue/endpoint.ts';

describe('isOpenAI', () => {
  it.each([
    'https://api.openai.com/v1',
    'https://API.OpenAI.com./v1',
    'https://eu.api.openai.com/v1',
    'https://us.api.openai.com:443/v1',
  ])('is true of %s', (url) => {
    expect(isOpenAI(url)).toBe(true);
  });

  it.each([
    'http://127.0.0.1:8080/v1',
    'https://acme.openai.azure.com/openai/v1',
    'https://api.openai.com.evil.test/v1',
    'https://notapi.openai.com/v1',
    'https://proxy.test/api.openai.com',
  ])('is false of %s', (url) => {
    expect(isOpenAI(url)).toBe(false);
  });

  it('refuses what is no URL', () => {
    expect(() => isOpenAI('api.openai.com')).toThrow('Invalid URL');
  });
});

it.each([
  ['https://eu.api.openai.com/v1', true],
  ['https://JP.api.openai.com./v1', true],
  ['https://api.openai.com/v1', false],
  ['https://eu.api.openai.com.evil.test/v1', false],
])('isRegional of %s is %s', (url, expected) => {
  expect(isRegional(url)).toBe(expected);
});

it.each([
  ['https://api.mistral.ai/v1', true],
  ['https://codestral.mistral.ai/v1', true],
  ['https://mistral.ai.evil.test/v1', false],
  ['http://127.0.0.1:8000/v1', false],
])('isMistral of %s is %s', (url, expected) => {
  expect(isMistral(url)).toBe(expected);
});
