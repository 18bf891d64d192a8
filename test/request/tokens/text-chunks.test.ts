import { describe, expect, it } from '@jest/globals';
import { chunksOf, wholeCodePoints } from '../../../src/request/tokens/text-chunks.ts';

const LONG = 40_000;

function chunk(text: string) {
  const chunks = [...chunksOf(text)];
  return {
    texts: chunks.map((one) => one.text),
    atBoundaries: chunks.every((one) => one.endsAtBoundary),
  };
}

describe('chunksOf', () => {
  it('leaves a short text whole, and an empty one', () => {
    expect(chunk('a short text')).toEqual({ texts: ['a short text'], atBoundaries: true });
    expect(chunk('')).toEqual({ texts: [''], atBoundaries: true });
  });

  it.each([
    ['words', 'word '],
    ['lines without a letter', '----\n'],
    ['Chinese', '数据的质量，决定了模型。'],
    ['hexadecimal digits', 'c0ffee'],
    ['base64', 'QUJD+/ab'],
    ['punctuation and spaces', '*** --- '],
  ])('cuts %s at boundaries', (_, unit) => {
    const text = unit.repeat(LONG / unit.length);
    const { texts, atBoundaries } = chunk(text);
    expect(texts.join('')).toBe(text);
    expect(texts.length).toBeGreaterThan(3);
    expect(atBoundaries).toBe(true);
  });

  it.each([
    ['a word', 'a'],
    ['spaces', ' '],
    ['symbols', '#'],
    ['emoji', '😀'],
    ['letters outside the BMP', '𝒳'],
  ])('cuts %s without an end anyway, and says so', (_, unit) => {
    const text = unit.repeat(LONG);
    const { texts, atBoundaries } = chunk(`.${text}`);
    expect(texts.join('')).toBe(`.${text}`);
    expect(texts.every((one) => one.isWellFormed())).toBe(true);
    expect(atBoundaries).toBe(false);
  });

  it('does not take the apostrophe of a contraction or a combining mark for a boundary', () => {
    expect(chunk("x'".repeat(LONG)).atBoundaries).toBe(false);
    expect(chunk('e\u0301'.repeat(LONG)).atBoundaries).toBe(false);
  });
});

describe('wholeCodePoints', () => {
  it('moves an index out of a surrogate pair', () => {
    expect([0, 1, 2, 3].map((index) => wholeCodePoints('a😀b', index))).toEqual([0, 1, 3, 3]);
  });
});
