import { describe, expect, it } from '@jest/globals';
import {
  isFinishWord,
  isGivenUp,
  toFinishReason,
  toIncompleteReason,
} from '../../../src/openai/answer/map-finish-reason.ts';

describe('toFinishReason', () => {
  it.each([
    ['stop', 'stop'],
    ['length', 'length'],
    ['tool_calls', 'tool_calls'],
    ['function_call', 'tool_calls'],
    ['content_filter', 'content_filter'],
    ['error', 'error'],
    ['insufficient_system_resource', 'error'],
    ['', 'error'],
    ['no_such_word', 'error'],
    ['constructor', 'error'],
    ['STOP', 'stop'],
    ['FINISH_REASON_MAX_TOKENS', 'length'],
    ['end_turn', 'stop'],
    ['eos', 'stop'],
    ['stop_sequence', 'stop'],
    ['model_length', 'length'],
    ['tool-calls', 'tool_calls'],
    ['tool_use', 'tool_calls'],
    ['sensitive', 'content_filter'],
    ['SAFETY', 'content_filter'],
    ['ERROR_TOXIC', 'content_filter'],
    ['MODEL_ARMOR', 'content_filter'],
    ['JAILBREAK', 'content_filter'],
  ])('reads %j as %s', (raw, reason) => {
    expect(toFinishReason(raw)).toBe(reason);
  });
});

it.each(['null', 'None', 'FINISH_REASON_UNSPECIFIED', ' '])('%j ends no answer', (word) => {
  expect(isFinishWord(word)).toBe(false);
});

it.each(['canceled', 'repetition', 'time_limit', 'abort', 'MALFORMED_RESPONSE'])(
  '%j gives an answer up',
  (word) => {
    expect(isGivenUp(word)).toBe(true);
  },
);

describe('toIncompleteReason', () => {
  it.each([
    ['max_output_tokens', 'length'],
    ['content_filter', 'content_filter'],
    ['max_messages', 'error'],
    ['steered', 'error'],
    ['', 'error'],
  ])('reads %j as %s', (raw, reason) => {
    expect(toIncompleteReason(raw)).toBe(reason);
  });
});
