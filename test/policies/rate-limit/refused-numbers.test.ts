import { describe, expect, it } from '@jest/globals';
import { RefusedNumbers } from '../../../src/policies/rate-limit/refused-numbers.ts';

describe('RefusedNumbers', () => {
  it('are the cause where none is taken while as many run as when another was refused', () => {
    const numbers = new RefusedNumbers();
    for (let at = 0; at < 40_000; at += 1_000) {
      numbers.refused(21, at);
      numbers.accepted(20, at + 1);
    }
    expect(numbers.areTheCause).toBe(true);
  });

  it('are not where as many run when others are taken', () => {
    const numbers = new RefusedNumbers();
    for (let at = 0; at < 40_000; at += 1_000) {
      numbers.refused(21, at);
      numbers.accepted(at % 2_000 === 0 ? 20 : 22, at + 1);
    }
    expect(numbers.areTheCause).toBe(false);
  });

  it('are not where others are refused while clearly fewer run than when one was taken', () => {
    const numbers = new RefusedNumbers();
    for (let at = 0; at < 40_000; at += 1_000) {
      numbers.refused(21, at);
      numbers.accepted(20, at + 1);
    }
    numbers.refused(16, 40_000);
    expect(numbers.areTheCause).toBe(true);
    numbers.refused(15, 40_001);
    expect(numbers.areTheCause).toBe(false);
  });

  it('are not known from a few, from what was sent long before, or while few run', () => {
    const numbers = new RefusedNumbers();
    numbers.refused(21, 0);
    for (let call = 0; call < 100; call += 1) {
      numbers.accepted(10, 1);
      numbers.accepted(20, 4_001);
      numbers.accepted(20, -1);
    }
    expect(numbers.areTheCause).toBe(false);
  });
});
