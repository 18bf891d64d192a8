import { describe, expect, it } from '@jest/globals';
import { keySpace } from '../../src/shared-store/keys.ts';
import { thisSidecar } from '../../src/shared-store/sidecar.ts';
import { FakeClock } from '../support/fake-clock.ts';

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

describe('the name of a sidecar', () => {
  const clock = new FakeClock();

  it('is the configured one if its ledger tells later what was spent under it', () => {
    expect(thisSidecar('pod-0', true, clock)).toMatchObject({ name: 'pod-0', recovers: true });
  });

  it('is another for each process if nothing does', () => {
    const names = [
      thisSidecar('pod-0', false, clock),
      thisSidecar('pod-0', false, clock),
      thisSidecar(undefined, true, clock),
    ].map(({ name, recovers }) => (recovers ? 'recovers' : name));
    expect(new Set(names).size).toBe(3);
    expect(names[0]).toMatch(/^pod-0\./);
    expect(names).not.toContain('recovers');
  });
});
