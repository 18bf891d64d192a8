import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { KeyRing } from '../../../src/policies/keys/key-ring.ts';
import { FakeClock } from '../../support/fake-clock.ts';

const MINUTE_MS = 60_000;

function open(...weights: number[]) {
  const clock = new FakeClock();
  const keys = weights.map((weight, index) => ({ secret: `key-${index}`, weight }));
  return { clock, ring: new KeyRing(keys, clock) };
}

function choose(ring: KeyRing, times: number): number[] {
  return Array.from({ length: times }, () => ring.choose());
}

describe('KeyRing', () => {
  it('knows no secrets', () => {
    expect(JSON.stringify(open(1, 1).ring)).not.toContain('key-');
  });

  it('takes turns', () => {
    expect(choose(open(1, 1, 1).ring, 6)).toEqual([0, 1, 2, 0, 1, 2]);
  });

  it('mixes keys of different weights evenly', () => {
    expect(choose(open(5, 1, 1).ring, 7)).toEqual([0, 0, 1, 0, 2, 0, 0]);
  });

  it('gives each key its share, exactly over every round', () => {
    const weights = fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(weights, fc.integer({ min: 1, max: 3 }), (all, rounds) => {
        const sum = all.reduce((a, b) => a + b);
        const chosen = choose(open(...all).ring, sum * rounds);
        all.forEach((weight, position) => {
          expect(chosen.filter((one) => one === position)).toHaveLength(weight * rounds);
        });
      }),
    );
  });

  it('never chooses a key that is set aside while there are others', () => {
    const { ring } = open(9, 1, 1);
    expect(ring.refused(0, 'INVALID_API_KEY')).toBe(true);
    expect(ring.setAside).toBe(1);
    expect(choose(ring, 4)).toEqual([1, 2, 1, 2]);
  });

  it('lets one call try a key that comes back, and the others when it has worked', () => {
    const { ring, clock } = open(1, 1);
    ring.refused(0, 'INVALID_API_KEY');
    clock.advance(5 * MINUTE_MS);
    expect(choose(ring, 20).filter((key) => key === 0)).toHaveLength(1);
    expect(ring.isSetAside(0)).toBe(true);
    ring.succeeded(0);
    expect(choose(ring, 20).filter((key) => key === 0)).toHaveLength(10);
  });

  it('lets another call try it if the first never does', () => {
    const { ring, clock } = open(1, 1);
    ring.refused(0, 'INVALID_API_KEY');
    clock.advance(5 * MINUTE_MS);
    choose(ring, 20);
    clock.advance(10_000);
    expect(choose(ring, 20).filter((key) => key === 0)).toHaveLength(1);
  });

  it.each([
    ['INVALID_API_KEY', 5 * MINUTE_MS],
    ['QUOTA_EXCEEDED', MINUTE_MS],
  ] as const)('sets a key aside after %s for %i ms', (reason, ms) => {
    const { ring, clock } = open(1, 1);
    ring.refused(0, reason);
    clock.advance(ms - 1);
    expect(ring.setAside).toBe(1);
    clock.advance(1);
    expect(ring.setAside).toBe(0);
    expect(choose(ring, 2).sort()).toEqual([0, 1]);
  });

  it('doubles the time as long as the key keeps failing, up to an hour', () => {
    const { ring, clock } = open(1, 1);
    const minutes: number[] = [];
    for (let time = 0; time < 8; time += 1) {
      ring.refused(0, 'QUOTA_EXCEEDED');
      const since = clock.now();
      while (ring.setAside > 0) clock.advance(MINUTE_MS);
      minutes.push((clock.now() - since) / MINUTE_MS);
    }
    expect(minutes).toEqual([1, 2, 4, 8, 16, 32, 60, 60]);
  });

  it('forgets the failures of a key that works, and uses it again', () => {
    const { ring, clock } = open(1, 1);
    ring.refused(0, 'QUOTA_EXCEEDED');
    clock.advance(MINUTE_MS);
    ring.refused(0, 'QUOTA_EXCEEDED');
    ring.succeeded(0);
    expect(ring.setAside).toBe(0);
    ring.refused(0, 'QUOTA_EXCEEDED');
    clock.advance(MINUTE_MS);
    expect(ring.setAside).toBe(0);
  });

  it('takes failures of calls that run at once for one', () => {
    const { ring, clock } = open(1, 1);
    expect(ring.refused(0, 'QUOTA_EXCEEDED')).toBe(true);
    expect(ring.refused(0, 'QUOTA_EXCEEDED')).toBe(false);
    clock.advance(MINUTE_MS);
    expect(ring.setAside).toBe(0);
    ring.refused(0, 'QUOTA_EXCEEDED');
    clock.advance(2 * MINUTE_MS);
    expect(ring.setAside).toBe(0);
  });

  it('chooses the key that comes back first if all are set aside', () => {
    const { ring, clock } = open(1, 1, 1);
    ring.refused(0, 'INVALID_API_KEY');
    ring.refused(1, 'QUOTA_EXCEEDED');
    ring.refused(2, 'INVALID_API_KEY');
    expect(ring.setAside).toBe(3);
    expect(choose(ring, 3)).toEqual([1, 1, 1]);
    clock.advance(MINUTE_MS);
    ring.refused(1, 'INVALID_API_KEY');
    expect(choose(ring, 2)).toEqual([0, 0]);
  });

  it('chooses an only key also while it is set aside', () => {
    const { ring } = open(1);
    expect(ring.refused(0, 'QUOTA_EXCEEDED')).toBe(true);
    expect(ring).toMatchObject({ size: 1, setAside: 1, isSpent: true, refusal: 'QUOTA_EXCEEDED' });
    expect(choose(ring, 2)).toEqual([0, 0]);
  });

  it('takes an upstream without keys', () => {
    const { ring } = open();
    expect(ring).toMatchObject({ size: 0, setAside: 0, isSpent: false });
    expect(ring.choose()).toBe(0);
  });

  it('ignores positions that do not exist', () => {
    const { ring } = open(1, 1);
    expect(ring.refused(2, 'INVALID_API_KEY')).toBe(false);
    ring.succeeded(2);
    expect(ring.setAside).toBe(0);
  });
});
