import { describe, expect, it } from '@jest/globals';
import { keySpace } from '../../../src/shared-store/redis/keys.ts';

describe('keys', () => {
  const keys = keySpace('tamma:');

  it('begin with the prefix, and share a hash tag', () => {
    expect(keys('budget', 'daily', 0, '')).toBe('tamma:{shared}:budget:daily:0:');
    expect(keys('totals', '2026-01-01')).toBe('tamma:{shared}:totals:2026-01-01');
  });

  it('differ where their parts do', () => {
    expect(keys('budget', 'a', 'b:c')).not.toBe(keys('budget', 'a', 'b', 'c'));
    expect(keys('budget', 'a%3A')).not.toBe(keys('budget', 'a:'));
  });
});
