import { describe, expect, it } from '@jest/globals';
import { suggest } from '../../src/config/suggest.ts';

const KNOWN = ['timeout', 'timeouts', 'idle', 'baseUrl', 'maxDeadline'];

describe('suggest', () => {
  it.each([
    ['base_url', 'baseUrl'],
    ['BASEURL', 'baseUrl'],
    ['timeuot', 'timeout'],
    ['timout', 'timeout'],
    ['timeoutss', 'timeouts'],
    ['idel', 'idle'],
    ['max-deadlines', 'maxDeadline'],
    ['xaseUrl', 'baseUrl'],
  ])('takes %s for %s', (word, meant) => {
    expect(suggest(word, KNOWN)).toBe(meant);
  });

  it.each(['colour', 'i', '', 'deadline', 'x'.repeat(10_000)])(
    'has no idea what %.20s is',
    (word) => {
      expect(suggest(word, KNOWN)).toBeUndefined();
    },
  );
});
