import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Duration } from '../../../src/gen/google/protobuf/duration.ts';
import {
  fromDuration,
  fromTimestamp,
  toDuration,
  toTimestamp,
} from '../../../src/server/convert/time.ts';

describe('toDuration', () => {
  it.each([
    [0, 0n, 0],
    [1, 0n, 1_000_000],
    [1500.25, 1n, 500_250_000],
    [999.9999999, 1n, 0],
    [12.299999952316284, 0n, 12_300_000],
    [-5, 0n, 0],
    [Number.NaN, 0n, 0],
    [Number.POSITIVE_INFINITY, 315_576_000_000n, 0],
  ])('splits %p ms', (ms, seconds, nanos) => {
    expect(toDuration(ms)).toEqual({ seconds, nanos });
  });

  it('gives back the same ms, to the microsecond', () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 1e12, noNaN: true }), (ms) => {
        const duration = Duration.decode(Duration.encode(toDuration(ms)).finish());
        expect(duration.nanos).toBeLessThan(1e9);
        expect(Math.abs((fromDuration(duration) ?? Number.NaN) - ms)).toBeLessThanOrEqual(0.001);
      }),
    );
  });
});

describe('toTimestamp', () => {
  it('splits epoch ms', () => {
    const epochMs = Date.UTC(2026, 0, 1, 12) + 250.5;
    expect(toTimestamp(epochMs)).toEqual({ seconds: 1_767_268_800n, nanos: 250_500_000 });
  });

  it('keeps to the years that a timestamp has', () => {
    expect(toTimestamp(Number.POSITIVE_INFINITY)).toEqual({ seconds: 253_402_300_799n, nanos: 0 });
    expect(toTimestamp(-1)).toEqual({ seconds: 0n, nanos: 0 });
  });
});

describe('fromDuration', () => {
  it.each([
    [0n, 0, 0],
    [2n, 500_000_000, 2500],
    [-2n, -500_000_000, -2500],
    [0n, 1, 1e-6],
    [315_576_000_000n, 0, 315_576_000_000_000],
  ])('reads %p s and %p ns', (seconds, nanos, ms) => {
    expect(fromDuration({ seconds, nanos })).toBe(ms);
  });

  it.each([
    [315_576_000_001n, 0],
    [-(2n ** 63n), 0],
    [0n, 1_000_000_000],
    [0n, -1_000_000_000],
    [1n, -1],
    [-1n, 1],
  ])('refuses %p s and %p ns', (seconds, nanos) => {
    expect(fromDuration({ seconds, nanos })).toBeUndefined();
  });
});

describe('fromTimestamp', () => {
  it.each([
    [0n, 0, 0],
    [1_767_268_800n, 250_500_000, Date.UTC(2026, 0, 1, 12) + 250.5],
    [253_402_300_799n, 0, Date.UTC(9999, 11, 31, 23, 59, 59)],
  ])('reads %p s and %p ns', (seconds, nanos, epochMs) => {
    expect(fromTimestamp({ seconds, nanos })).toBe(epochMs);
  });

  it.each([
    [-1n, 0],
    [253_402_300_800n, 0],
    [0n, -1],
    [0n, 1_000_000_000],
  ])('refuses %p s and %p ns', (seconds, nanos) => {
    expect(fromTimestamp({ seconds, nanos })).toBeUndefined();
  });
});
