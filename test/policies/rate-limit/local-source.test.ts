import { describe, expect, it, jest } from '@jest/globals';
import { localSource } from '../../../src/policies/rate-limit/local-source.ts';
import type { RateSubject } from '../../../src/policies/rate-limit/source.ts';

function source(subject: RateSubject, limit: number) {
  return localSource({ subject, limit }, { upstream: 'default', model: 'gpt-test' }, 0);
}

describe('localSource', () => {
  it('lets requests through evenly, below the limit', () => {
    const requests = source('requests per minute', 60);
    expect(requests.take(1, 0)).toBe(true);
    expect(requests.take(1, 500)).toBe(false);
    expect(requests.waitMs(1, 500)).toBeCloseTo(1_000 / 0.97 - 20 - 500, 6);
    expect(requests.take(1, 1_031)).toBe(true);
  });

  it('lets tokens through in bursts of seconds, and no more than the limit in a minute', () => {
    const tokens = source('tokens per minute', 60_000);
    expect(tokens.take(9_000, 0)).toBe(true);
    expect(tokens.take(9_000, 0)).toBe(false);
    let taken = 9_000;
    for (let now = 100; now < 60_000; now += 100) if (tokens.take(500, now)) taken += 500;
    expect(taken).toBeGreaterThan(57_000);
    expect(taken).toBeLessThanOrEqual(60_000);
    expect(tokens.waitMs(5_000, 60_000)).toBeGreaterThan(0);
  });

  it('gives back both what the bucket and what the minute lent', () => {
    const tokens = source('tokens per minute', 60_000);
    tokens.take(58_000, 0);
    expect(tokens.waitMs(1_000, 0)).toBeGreaterThan(1_000);
    tokens.give(57_000, 0);
    expect(tokens.take(1_000, 0)).toBe(true);
  });

  it("lets a day's requests be spent when they are needed", () => {
    const requests = source('requests per day', 200);
    for (let request = 0; request < 200; request += 1) expect(requests.take(1, 0)).toBe(true);
    expect(requests.take(1, 0)).toBe(false);
    expect(requests.waitMs(1, 0)).toBeCloseTo(432_000, 3);
  });

  it('has nobody to tell: time alone brings more', () => {
    const requests = source('requests per day', 1);
    const told = jest.fn();
    requests.onChange(told);
    requests.take(1, 0);
    expect(told).not.toHaveBeenCalled();
  });
});
