import { describe, expect, it } from '@jest/globals';
import {
  BYTE_UNITS,
  DURATION_UNITS,
  formatQuantity,
  parseQuantity,
} from '../../src/config/units.ts';

describe('formatQuantity', () => {
  it.each([
    [0, '0ms'],
    [1, '1ms'],
    [1_500, '1500ms'],
    [90_000, '90s'],
    [600_000, '10m'],
    [3_600_000, '1h'],
    [86_400_000, '1d'],
    [2_073_600_000, '24d'],
  ])('writes %d ms as %s', (ms, text) => {
    expect(formatQuantity(ms, DURATION_UNITS)).toBe(text);
  });

  it.each([
    [1_023, '1023B'],
    [65_536, '64KiB'],
    [33_554_432, '32MiB'],
    [1_073_741_824, '1GiB'],
  ])('writes %d bytes as %s', (bytes, text) => {
    expect(formatQuantity(bytes, BYTE_UNITS)).toBe(text);
  });

  it.each([0, 7, 1_000, 61_000, 7_200_000])('writes %d so that it reads back', (ms) => {
    expect(parseQuantity(formatQuantity(ms, DURATION_UNITS), DURATION_UNITS)).toBe(ms);
  });
});

describe('parseQuantity', () => {
  it.each(['', 's', '1 s', '-1s', '1e3', '1w', '1.5s', '1s '])('does not understand %j', (text) => {
    expect(parseQuantity(text, DURATION_UNITS)).toBeUndefined();
  });
});
