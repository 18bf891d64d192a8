import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { toResponsesUsage, toUsage } from '../../../src/openai/answer/map-usage.ts';

const ZERO = {
  inputTokens: 0,
  outputTokens: 0,
  totalTokens: 0,
  cacheReadTokens: 0,
  cacheWriteTokens: 0,
  reasoningTokens: 0,
};

describe('toUsage', () => {
  it('reads counts and details', () => {
    const usage = toUsage({
      prompt_tokens: 100,
      completion_tokens: 40,
      total_tokens: 140,
      prompt_tokens_details: { cached_tokens: 64, cache_write_tokens: 8, audio_tokens: 1 },
      completion_tokens_details: { reasoning_tokens: 30, accepted_prediction_tokens: 2 },
    });
    expect(usage).toEqual({
      audioInputTokens: 1,
      inputTokens: 100,
      outputTokens: 40,
      totalTokens: 140,
      cacheReadTokens: 64,
      cacheWriteTokens: 8,
      reasoningTokens: 30,
      estimated: false,
    });
  });

  it.each([
    ['no total', { prompt_tokens: 3, completion_tokens: 4 }],
    ['a total of less', { prompt_tokens: 3, completion_tokens: 4, total_tokens: 5 }],
    [
      'null details',
      {
        prompt_tokens: 3,
        completion_tokens: 4,
        prompt_tokens_details: null,
        completion_tokens_details: { reasoning_tokens: null },
      },
    ],
  ])('sums input and output given %s', (_, raw) => {
    expect(toUsage(raw)).toEqual({
      ...ZERO,
      inputTokens: 3,
      outputTokens: 4,
      totalTokens: 7,
      estimated: false,
    });
  });

  it.each([-1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 31, '1.5', '-1', 'x', true, {}])(
    'reads a count of %p as 0 and estimated',
    (count) => {
      expect(toUsage({ prompt_tokens: count, completion_tokens: 4 })).toEqual({
        ...ZERO,
        outputTokens: 4,
        totalTokens: 4,
        estimated: true,
      });
    },
  );

  it('reads counts that are text', () => {
    const details = { cached_tokens: '2' };
    const raw = { prompt_tokens: '12', prompt_tokens_details: details, completion_tokens: '4' };
    const usage = { inputTokens: 12, outputTokens: 4, totalTokens: 16, cacheReadTokens: 2 };
    expect(toUsage(raw)).toEqual({ ...ZERO, ...usage, estimated: false });
    expect(toUsage({ ...raw, total_tokens: '19' })).toMatchObject({ outputTokens: 7 });
  });

  it.each([undefined, null, 'usage', 7, [], { completion_tokens: 1, prompt_tokens: null }])(
    'is estimated if main counts are missing: %j',
    (raw) => {
      expect(toUsage(raw)).toMatchObject({ inputTokens: 0, estimated: true });
    },
  );

  it('does not believe a part that exceeds its whole', () => {
    const usage = toUsage({
      prompt_tokens: 10,
      completion_tokens: 5,
      prompt_tokens_details: { cached_tokens: 11 },
      completion_tokens_details: { reasoning_tokens: 5 },
    });
    expect(usage).toMatchObject({ cacheReadTokens: 0, reasoningTokens: 5, estimated: true });
  });

  it('believes main counts that make the total, whatever their parts are said to be', () => {
    const usage = toUsage({
      prompt_tokens: 7,
      completion_tokens: 1,
      total_tokens: 8,
      prompt_tokens_details: { cached_tokens: 163 },
    });
    expect(usage).toMatchObject({ inputTokens: 7, cacheReadTokens: 0, estimated: false });
    const half = toUsage({ prompt_tokens: 7, completion_tokens: -1, total_tokens: 7 });
    expect(half).toMatchObject({ inputTokens: 7, outputTokens: 0, estimated: true });
  });

  it('gives int32 counts whatever it is given', () => {
    const count = fc.oneof(fc.anything(), fc.integer(), fc.maxSafeNat());
    const raw = fc.record({
      prompt_tokens: count,
      completion_tokens: count,
      total_tokens: count,
      prompt_tokens_details: fc.oneof(fc.anything(), fc.record({ cached_tokens: count })),
    });
    fc.assert(
      fc.property(raw, (value) => {
        const { estimated: _, toolCalls: __, ...counts } = toUsage(value);
        for (const n of Object.values(counts)) {
          expect(Number.isInteger(n) && n >= 0 && n < 2 ** 31).toBe(true);
        }
      }),
    );
  });
});

describe('toResponsesUsage', () => {
  it('reads counts and details by the names of that API', () => {
    const usage = toResponsesUsage({
      input_tokens: 100,
      input_tokens_details: { cached_tokens: 64, cache_write_tokens: 8 },
      output_tokens: 40,
      output_tokens_details: { reasoning_tokens: 30 },
      total_tokens: 140,
    });
    expect(usage).toEqual({
      inputTokens: 100,
      outputTokens: 40,
      totalTokens: 140,
      cacheReadTokens: 64,
      cacheWriteTokens: 8,
      reasoningTokens: 30,
      estimated: false,
    });
  });

  it('takes the names of the other API, as some servers use them', () => {
    const usage = toResponsesUsage({ prompt_tokens: 3, completion_tokens: 4 });
    expect(usage).toMatchObject({ inputTokens: 3, outputTokens: 4, totalTokens: 7 });
  });
});

describe('what compatible servers count', () => {
  const counted = { prompt_tokens: 100, completion_tokens: 20 };

  it.each<[string, object, object]>([
    ['prompt_cache_hit_tokens', { prompt_cache_hit_tokens: 60 }, { cacheReadTokens: 60 }],
    ['cached_tokens beside the counts', { cached_tokens: 60 }, { cacheReadTokens: 60 }],
    ['cache_read_input_tokens', { cache_read_input_tokens: 60 }, { cacheReadTokens: 60 }],
    [
      'what was written to the cache, by the names of Responses',
      { input_tokens_details: { cached_tokens: 60, cache_write_tokens: 30 } },
      { cacheReadTokens: 60, cacheWriteTokens: 30 },
    ],
    [
      'reasoning beside the output, as the total shows',
      { completion_tokens_details: { reasoning_tokens: 300 }, total_tokens: 420 },
      { outputTokens: 320, reasoningTokens: 300, totalTokens: 420, estimated: false },
    ],
    [
      'audio beside the input, as the total shows',
      { prompt_tokens_details: { audio_tokens: 375 }, total_tokens: 495 },
      { inputTokens: 475, audioInputTokens: 375, totalTokens: 495, estimated: false },
    ],
    [
      'audio in the input, as the total shows',
      { prompt_tokens_details: { audio_tokens: 75 }, total_tokens: 120 },
      { inputTokens: 100, audioInputTokens: 75, totalTokens: 120, estimated: false },
    ],
    [
      'what the cache had beside the input, as the total shows',
      { cache_read_input_tokens: 900, cache_creation_input_tokens: 50, total_tokens: 1_070 },
      { inputTokens: 1_050, cacheReadTokens: 900, cacheWriteTokens: 50, estimated: false },
    ],
    [
      'what the cache had beside the input, as it is more than that',
      { cache_read_input_tokens: 0, cache_creation_input_tokens: 950 },
      { inputTokens: 1_050, cacheWriteTokens: 950, totalTokens: 1_070, estimated: false },
    ],
    [
      'what the cache had beside the input, which the total leaves out',
      { cache_read_input_tokens: 900, cache_creation_input_tokens: 50, total_tokens: 120 },
      { inputTokens: 1_050, cacheReadTokens: 900, cacheWriteTokens: 50, totalTokens: 1_070 },
    ],
    [
      'no more from the cache than any server could count',
      { cache_read_input_tokens: 2 ** 31 - 1 },
      { inputTokens: 100, cacheReadTokens: 0, estimated: true },
    ],
    [
      'thoughts that only the total tells of',
      { cache_read_input_tokens: 60, total_tokens: 125 },
      {
        inputTokens: 100,
        outputTokens: 25,
        totalTokens: 125,
        cacheReadTokens: 60,
        estimated: true,
      },
    ],
    [
      'what the cache had in the place of the input',
      { prompt_tokens: 0, cache_read_input_tokens: 60, total_tokens: 80 },
      { inputTokens: 60, outputTokens: 20, cacheReadTokens: 60, estimated: false },
    ],
    [
      'a total of more than is told where the input is not',
      { prompt_tokens: 0, total_tokens: 120 },
      { inputTokens: 0, outputTokens: 20, totalTokens: 20 },
    ],
    [
      'reasoning in the output, as the total shows',
      { completion_tokens_details: { reasoning_tokens: 15 }, total_tokens: 120 },
      { outputTokens: 20, reasoningTokens: 15, totalTokens: 120, estimated: false },
    ],
  ])('%s', (_what, more, expected) => {
    expect(toUsage({ ...counted, ...more })).toMatchObject(expected);
  });
});
