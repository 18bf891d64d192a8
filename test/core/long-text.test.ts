import { describe, expect, it } from '@jest/globals';
import { LongText } from '../../src/core/long-text.ts';

describe('a text that grows by pieces', () => {
  it.each([
    ['nothing', []],
    ['an empty piece', ['']],
    ['a few', ['a', '', 'bc']],
    ['a thousand small ones', Array.from({ length: 1_000 }, (_, at) => `${at}`)],
    ['large and small ones', ['x', 'y'.repeat(10_000), 'z', 'w'.repeat(4_096), '']],
  ])('is whole: %s', (_what, pieces) => {
    const text = new LongText();
    for (const piece of pieces) text.add(piece);
    expect(text.length).toBe(pieces.join('').length);
    expect(text.toString()).toBe(pieces.join(''));
  });

  it('is told from any place on, whether it was read as a whole or not', () => {
    for (const readAt of [-1, 0, 700]) {
      const text = new LongText();
      let expected = '';
      for (let piece = 0; piece < 2_000; piece += 1) {
        text.add(`${piece}`);
        expected += piece;
        if (piece === readAt) text.toString();
      }
      for (const start of [0, 1, 4_095, 4_096, 4_097, expected.length - 1, expected.length]) {
        expect(text.from(start)).toBe(expected.slice(start));
      }
    }
  });

  it('may be read as it grows', () => {
    const text = new LongText();
    let expected = '';
    for (let piece = 0; piece < 3_000; piece += 1) {
      text.add(`${piece}`);
      expected += piece;
      if (piece % 7 === 0) expect(text.toString()).toBe(expected);
      if (piece % 700 === 0) expect(text.toString()).toBe(expected);
    }
    expect(text.length).toBe(expected.length);
  });
});
