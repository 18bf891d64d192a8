import { crc32 } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import { decodeAnswer } from '../../../src/money/cache/stored-answer.ts';

/** As whoever writes into a shared store can make it. */
function signed(text: string): Buffer {
  return Buffer.from(`1 ${crc32(text).toString(16).padStart(8, '0')}${text}`);
}

const ANSWER = {
  started: {
    responseId: 'r',
    model: 'm',
    target: 'default',
    effectiveSettings: { model: 'm', api: 'responses', systemPromptAdded: false, temperature: 0.5 },
  },
  deltas: [
    { type: 'textDelta', text: 'Hi', outputTokensSoFar: 1 },
    { type: 'toolCallDelta', index: 0, id: 'c', name: 'look', argumentsFragment: '{}' },
  ],
  end: {
    type: 'completed',
    finishReason: 'stop',
    rawFinishReason: 'stop',
    toolCalls: [{ id: 'c', name: 'look', arguments: '{}' }],
    reasoningItems: [{ id: 'i', encryptedContent: 'x', summary: ['s'] }],
    model: 'm',
    target: 'default',
    serviceTier: '',
    systemFingerprint: '',
  },
};
const { started, end } = ANSWER;
const COST = { picoDollars: '5', catalogueVersion: 'v', estimated: false, unpriced: false };

describe('a stored answer', () => {
  it('is read that has what is given again', () => {
    expect(decodeAnswer(signed(JSON.stringify(ANSWER)))).toEqual(ANSWER);
    const cost = { ...COST, picoDollars: 5n };
    expect(decodeAnswer(signed(JSON.stringify({ ...ANSWER, cost: COST })))).toEqual({
      ...ANSWER,
      cost,
    });
  });

  it.each([
    ['no JSON', '{'],
    ['nothing', 'null'],
    ...[
      ['an object in the place of its deltas', { ...ANSWER, deltas: { length: 1 } }],
      ['a delta that is none', { ...ANSWER, deltas: [null] }],
      ['a delta without text', { ...ANSWER, deltas: [{ type: 'toolCallDelta', text: 'Hi' }] }],
      ['no beginning', { ...ANSWER, started: null }],
      ['no end', { ...ANSWER, end: [] }],
      ['a cost that is no number', { ...ANSWER, cost: { ...COST, picoDollars: 'x' } }],
      ['a cost of any length', { ...ANSWER, cost: { ...COST, picoDollars: '9'.repeat(1e6) } }],
      ['a cost below nothing', { ...ANSWER, cost: { ...COST, picoDollars: '-5' } }],
      ['a delta that nobody knows', { ...ANSWER, deltas: [{ type: 'attemptReset', text: '' }] }],
      ['a place that is none', { ...ANSWER, deltas: [{ ...ANSWER.deltas[1], index: -1 }] }],
      ['a name that is no text', { ...ANSWER, started: { ...started, model: { toString: 1 } } }],
      ['settings that are none', { ...ANSWER, started: { ...started, effectiveSettings: {} } }],
      ['an end that nobody knows', { ...ANSWER, end: { ...end, finishReason: 'constructor' } }],
      ['a call that is none', { ...ANSWER, end: { ...end, toolCalls: [{ id: 5 }] } }],
      ['more than an answer has', { ...ANSWER, end: { ...end, saved: 5 } }],
    ].map(([what, answer]) => [what, JSON.stringify(answer)]),
  ] as [string, string][])('is none whose sum is right, but which is %s', (_what, text) => {
    expect(decodeAnswer(signed(text))).toBeUndefined();
  });
});
