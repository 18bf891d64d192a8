import { describe, expect, it, jest } from '@jest/globals';
import { TextMemo } from '../../../src/request/validate/text-memo.ts';

function memo(maxLength: number) {
  const compute = jest.fn((text: string) => (text.startsWith('-') ? undefined : text.length));
  return { compute, texts: new TextMemo(compute, maxLength) };
}

describe('TextMemo', () => {
  it('computes once, also what is undefined', () => {
    const { compute, texts } = memo(10);
    expect([texts.get('ab'), texts.get('ab'), texts.get('-')]).toEqual([2, 2, undefined]);
    expect(texts.get('-')).toBeUndefined();
    expect(compute).toHaveBeenCalledTimes(2);
  });

  it('forgets what was not used for longest once it is full', () => {
    const { compute, texts } = memo(4);
    for (const text of ['ab', 'cd', 'ab', 'ef', 'ab', 'cd']) texts.get(text);
    expect(compute.mock.calls.flat()).toEqual(['ab', 'cd', 'ef', 'cd']);
  });

  it('does not remember what is too long', () => {
    const { compute, texts } = memo(2);
    texts.get('ab');
    expect([texts.get('abc'), texts.get('abc'), texts.get('ab')]).toEqual([3, 3, 2]);
    expect(compute).toHaveBeenCalledTimes(3);
  });
});
