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
