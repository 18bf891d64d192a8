import { describe, expect, it } from '@jest/globals';
import { type Model, unknownModel } from '../../../src/core/model.ts';
import { inputRoom } from '../../../src/request/context/room.ts';

const REASONS = { isReasoning: true, efforts: [] };

function room(fields: Partial<Model>, maxTokens?: number) {
  return inputRoom({ ...unknownModel('m'), ...fields }, maxTokens);
}

describe('inputRoom', () => {
  it.each<[string, Partial<Model>, number | undefined, number, number]>([
    ['what the caller allows the answer', { contextWindow: 8192 }, 1000, 7192, 8192],
    ['4,096 tokens', { contextWindow: 128_000 }, undefined, 123_904, 128_000],
    [
      '25,000 tokens if it reasons',
      { contextWindow: 200_000, maxOutputTokens: 100_000, reasoning: REASONS },
      undefined,
      175_000,
      200_000,
    ],
    [
      'no more than the longest answer',
      { contextWindow: 128_000, maxOutputTokens: 2048 },
      undefined,
      125_952,
      128_000,
    ],
    ['no more than a quarter', { contextWindow: 1023 }, undefined, 768, 1023],
    ['nothing if the answer takes it all', { contextWindow: 4096 }, 8192, 0, 4096],
    [
      'nothing if the input limit does',
      { contextWindow: 400_000, maxInputTokens: 272_000 },
      100_000,
      272_000,
      272_000,
    ],
    [
      'what the caller allows beyond the input limit too',
      { contextWindow: 400_000, maxInputTokens: 272_000 },
      150_000,
      250_000,
      272_000,
    ],
    ['nothing of an input limit alone', { maxInputTokens: 500 }, undefined, 500, 500],
    ['nothing of an input limit alone, asked for', { maxInputTokens: 500 }, 100, 500, 500],
  ])('leaves the answer %s', (_, model, maxTokens, limit, capacity) => {
    expect(room(model, maxTokens)).toEqual({ limit, capacity });
  });

  it('is not known without a window and an input limit', () => {
    expect(room({})).toBeUndefined();
    expect(room({ maxOutputTokens: 100 }, 50)).toBeUndefined();
  });
});
