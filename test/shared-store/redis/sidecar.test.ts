import { describe, expect, it } from '@jest/globals';
import { thisSidecar } from '../../../src/shared-store/redis/sidecar.ts';
import { FakeClock } from '../../support/fake-clock.ts';

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
