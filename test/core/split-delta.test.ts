import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { ProviderEvent } from '../../src/core/events.ts';
import { splitDelta } from '../../src/core/split-delta.ts';
import { completed, text } from '../support/events.ts';

const textOf = (event: ProviderEvent) => ('text' in event ? event.text : '');

describe('splitDelta', () => {
  it('leaves what is short, and what is no delta, as it is', () => {
    const short = text('abc');
    expect(splitDelta(short, 3)).toEqual([short]);
    const end = completed();
    expect(splitDelta(end, 1)).toEqual([end]);
  });

  it('cuts between code points, and loses nothing', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 50 }), fc.nat(8), (value, nat) => {
        const cut = splitDelta(text(value), nat + 2);
        expect(cut.map(textOf).join('')).toBe(value);
        for (const piece of cut) {
          expect(textOf(piece).length).toBeLessThanOrEqual(nat + 2);
          expect(textOf(piece).isWellFormed()).toBe(true);
        }
      }),
    );
  });

  it('keeps the count of tokens with every piece', () => {
    expect(splitDelta(text('abcd', 9), 2)).toEqual([text('ab', 9), text('cd', 9)]);
  });

  it('names a tool call in its first piece alone', () => {
    const delta = { type: 'toolCallDelta', index: 1, id: 'c', name: 'f' } as const;
    expect(splitDelta({ ...delta, argumentsFragment: '{"a":1}' }, 4)).toEqual([
      { ...delta, argumentsFragment: '{"a"' },
      { ...delta, id: '', name: '', argumentsFragment: ':1}' },
    ]);
    const short: ProviderEvent = { ...delta, argumentsFragment: '{}' };
    expect(splitDelta(short, 4)).toEqual([short]);
  });
});
