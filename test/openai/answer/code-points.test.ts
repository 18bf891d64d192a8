import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { CodePoints } from '../../../src/openai/answer/code-points.ts';

function join(pieces: readonly string[]): { pieces: string[]; rest: string } {
  const characters = new CodePoints();
  return { pieces: pieces.map((piece) => characters.add(piece)), rest: characters.end() };
}

describe('CodePoints', () => {
  it('passes whole characters on at once', () => {
    expect(join(['a', 'ö', '👍'])).toEqual({ pieces: ['a', 'ö', '👍'], rest: '' });
  });

  it('holds half a character back until its other half is there', () => {
    expect(join(['a\ud83d', '', '\udc4db'])).toEqual({ pieces: ['a', '', '👍b'], rest: '' });
  });

  it('replaces half a character that is left over', () => {
    expect(join(['a\ud83d'])).toEqual({ pieces: ['a'], rest: '\ufffd' });
    expect(join(['\ud83d', 'x\udc4d'])).toEqual({ pieces: ['', '\ufffdx\ufffd'], rest: '' });
  });

  it('tells what was left over once', () => {
    const characters = new CodePoints();
    characters.add('\ud83d');
    expect([characters.end(), characters.end()]).toEqual(['\ufffd', '']);
  });

  it('gives well-formed pieces that make up the whole text, however it was cut', () => {
    const unit = fc.nat({ max: 0xffff }).map((code) => String.fromCharCode(code));
    fc.assert(
      fc.property(fc.array(fc.string({ unit })), (cut) => {
        const { pieces, rest } = join(cut);
        expect(pieces.every((piece) => piece.isWellFormed())).toBe(true);
        expect(pieces.join('') + rest).toBe(cut.join('').toWellFormed());
      }),
    );
  });
});
