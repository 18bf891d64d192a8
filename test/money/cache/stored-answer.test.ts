import { crc32 } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import { decodeAnswer } from '../../../src/money/cache/stored-answer.ts';

/** As whoever writes into a shared store can make it. */
function signed(text: string): Buffer {
  return Buffer.from(`1 ${crc32(text).toString(16).padStart(8, '0')}${text}`);
}

const ANSWER = { started: {}, deltas: [{ type: 'textDelta', text: 'Hi' }], end: {} };

describe('a stored answer', () => {
  it('is read that has what is given again', () => {
    expect(decodeAnswer(signed(JSON.stringify(ANSWER)))).toEqual(ANSWER);
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
      ['a cost that is no number', { ...ANSWER, cost: { picoDollars: 'x' } }],
    ].map(([what, answer]) => [what, JSON.stringify(answer)]),
  ] as [string, string][])('is none whose sum is right, but which is %s', (_what, text) => {
    expect(decodeAnswer(signed(text))).toBeUndefined();
  });
});
