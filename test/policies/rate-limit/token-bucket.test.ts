import { describe, expect, it } from '@jest/globals';
import { TokenBucket } from '../../../src/policies/rate-limit/token-bucket.ts';

describe('TokenBucket', () => {
  it('starts full, and refills with the time up to its capacity', () => {
    const bucket = new TokenBucket({ refill: 1, capacity: 10 }, 0);
    expect(bucket.take(10, 0)).toBe(true);
    expect(bucket.take(1, 0)).toBe(false);
    expect(bucket.waitMs(4, 0)).toBe(4);
    expect(bucket.take(4, 4)).toBe(true);
    expect(bucket.waitMs(10, 1_000)).toBe(0);
    expect(bucket.waitMs(1, 1_000, 10)).toBe(1);
  });

  it('gives more than it holds once it is full, and has a debt then', () => {
    const bucket = new TokenBucket({ refill: 1, capacity: 10 }, 0);
    expect(bucket.take(25, 0)).toBe(true);
    expect(bucket.waitMs(1, 0)).toBe(16);
    expect(bucket.waitMs(25, 0)).toBe(25);
    expect(bucket.take(1, 15)).toBe(false);
    expect(bucket.take(1, 16)).toBe(true);
  });

  it('takes back no more than it holds, and takes what was used beyond', () => {
    const bucket = new TokenBucket({ refill: 1, capacity: 10 }, 0);
    bucket.give(5);
    expect(bucket.waitMs(0, 0, 11)).toBe(1);
    bucket.give(-15);
    expect(bucket.waitMs(1, 0)).toBe(6);
  });

  it('is changed from now on', () => {
    const bucket = new TokenBucket({ refill: 1, capacity: 10 }, 0);
    bucket.set({ level: 0 }, 0);
    bucket.set({ refill: 2 }, 4);
    expect(bucket.waitMs(8, 4)).toBe(2);
    bucket.set({ capacity: 2, level: 9 }, 4);
    expect(bucket.waitMs(0, 4, 3)).toBe(0.5);
    bucket.drain(4);
    expect(bucket.waitMs(1, 4)).toBe(0.5);
  });
});
