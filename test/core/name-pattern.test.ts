import { describe, expect, it } from '@jest/globals';
import { matchesPattern } from '../../src/core/name-pattern.ts';

describe('matchesPattern', () => {
  it.each([
    ['gpt-4', 'gpt-4'],
    ['gpt-*', 'gpt-'],
    ['gpt-*', 'gpt-4/turbo\n'],
    ['*', ''],
    ['o?-mini', 'o3-mini'],
    ['a.b+c(d)[e]{f}^g$h|i\\j/k', 'a.b+c(d)[e]{f}^g$h|i\\j/k'],
    ['?', '😀'],
    ['a*b*1', 'a1b1b1'],
    ['*a?*b*', 'aab'],
    ['**', ''],
  ])('%j fits %j', (pattern, name) => {
    expect(matchesPattern(pattern, name)).toBe(true);
  });

  it.each([
    ['gpt-4', 'gpt-4o'],
    ['gpt-*', 'my-gpt-4'],
    ['gpt.4', 'gpt-4'],
    ['o?-mini', 'o-mini'],
    ['', 'a'],
    ['a*b*b', 'ab'],
    ['*ab*b', 'ab'],
    ['GPT-4', 'gpt-4'],
  ])('%j does not fit %j', (pattern, name) => {
    expect(matchesPattern(pattern, name)).toBe(false);
  });
});
