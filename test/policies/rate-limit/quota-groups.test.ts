import { describe, expect, it } from '@jest/globals';
import { QuotaGroups } from '../../../src/policies/rate-limit/quota-groups.ts';

describe('QuotaGroups', () => {
  it('takes each key for a group of its own while nothing is known', () => {
    const groups = new QuotaGroups([undefined, undefined]);
    expect([groups.of(0), groups.of(1)]).toEqual([0, 1]);
    expect(groups.all).toEqual([0, 1]);
  });

  it('keeps to what is configured, whatever the upstream tells', () => {
    const groups = new QuotaGroups(['a', 'b', 'a']);
    expect([0, 1, 2].map((key) => groups.of(key))).toEqual([0, 1, 0]);
    groups.told(0, 'acme/p');
    groups.told(1, 'acme/p');
    expect(groups.all).toEqual([0, 1]);
  });

  it('makes one group of keys of which the upstream names the same account', () => {
    const groups = new QuotaGroups([undefined, undefined, undefined]);
    groups.told(2, 'acme/p');
    groups.told(1, 'acme/p');
    groups.told(0, 'acme/q');
    expect([0, 1, 2].map((key) => groups.of(key))).toEqual([0, 1, 1]);
  });

  it('knows a server that wants no key as one group', () => {
    const groups = new QuotaGroups([]);
    expect(groups.all).toEqual([0]);
    expect(groups.of(0)).toBe(0);
  });
});
