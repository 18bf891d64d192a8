import { describe, expect, it } from '@jest/globals';
import { fieldsOf, LONE_SURROGATE } from './refusals.ts';

describe('sampling', () => {
  it.each([Number.NaN, Number.POSITIVE_INFINITY, -2.1, 2.1])('refuses %p', (value) => {
    expect(
      fieldsOf({
        temperature: value,
        topP: value,
        frequencyPenalty: value,
        presencePenalty: value,
        maxTokens: value,
        seed: value,
        logitBias: { '7': value },
      }),
    ).toEqual([
      'request.temperature',
      'request.top_p',
      'request.frequency_penalty',
      'request.presence_penalty',
      'request.max_tokens',
      'request.seed',
      'request.logit_bias[7]',
    ]);
  });

  it('refuses counts that are none', () => {
    expect(fieldsOf({ maxTokens: 0 })).toEqual(['request.max_tokens']);
    expect(fieldsOf({ maxTokens: 2 ** 31 })).toEqual(['request.max_tokens']);
    expect(fieldsOf({ seed: 2 ** 53 })).toEqual(['request.seed']);
  });

  it('refuses empty, broken and too many stop strings', () => {
    expect(fieldsOf({ stop: ['', 'a', LONE_SURROGATE, 'b', 'c'] })).toEqual([
      'request.stop',
      'request.stop[0]',
      'request.stop[2]',
    ]);
  });

  it('refuses biases of what is no token', () => {
    expect(fieldsOf({ logitBias: { a: 1 } })).toEqual(['request.logit_bias']);
    expect(fieldsOf({ logitBias: { '-1': 1 } })).toEqual(['request.logit_bias']);
    expect(fieldsOf({ logitBias: { '1': 101 } })).toEqual(['request.logit_bias[1]']);
  });
});
