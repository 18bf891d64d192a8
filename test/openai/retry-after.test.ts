import { describe, expect, it } from '@jest/globals';
import { retryAfterMs, shouldRetry } from '../../src/openai/retry-after.ts';

const NOW = Date.UTC(2026, 10, 20, 12, 0, 0);

describe('retryAfterMs', () => {
  it.each([
    ['milliseconds', { 'retry-after-ms': '250' }, 250],
    ['fractions of milliseconds', { 'retry-after-ms': '250.4' }, 251],
    ['seconds', { 'retry-after': '20' }, 20_000],
    ['fractions of seconds', { 'retry-after': ' 1.5 ' }, 1_500],
    ['zero', { 'retry-after': '0' }, 0],
    ['a date to come', { 'retry-after': 'Fri, 20 Nov 2026 12:00:30 GMT' }, 30_000],
    ['a date that has passed', { 'retry-after': 'Fri, 20 Nov 2026 11:00:00 GMT' }, 0],
    ['the first of several', { 'retry-after': ['2', '9'] }, 2_000],
    ['milliseconds before seconds', { 'retry-after-ms': '5', 'retry-after': '9' }, 5],
    [
      'seconds if the milliseconds are garbage',
      { 'retry-after-ms': 'x', 'retry-after': '9' },
      9_000,
    ],
  ])('reads %s', (_, headers, expected) => {
    expect(retryAfterMs(headers, NOW)).toBe(expected);
  });

  it.each([
    '',
    '-5',
    '1e9',
    'NaN',
    'Infinity',
    'soon',
    '9'.repeat(400),
    '2026-11-20',
    'Fri, 99 Nov 2026 12:00:30 GMT',
  ])('is absent for %j', (value) => {
    expect(retryAfterMs({ 'retry-after': value }, NOW)).toBeUndefined();
  });

  it.each([
    ['behind', 'Thu, 19 Nov 2026 11:59:55 GMT', 'Thu, 19 Nov 2026 12:00:00 GMT', 5_000],
    ['ahead', 'Sat, 21 Nov 2026 12:00:00 GMT', 'Sat, 21 Nov 2026 12:00:05 GMT', 5_000],
    ['unknown', 'garbage', 'Fri, 20 Nov 2026 12:00:05 GMT', 5_000],
  ])("takes a date against the response's own where the upstream's clock is %s", (...row) => {
    const [, date, after, expected] = row;
    expect(retryAfterMs({ date, 'retry-after': after }, NOW)).toBe(expected);
  });

  it('is absent without headers', () => {
    expect(retryAfterMs({}, NOW)).toBeUndefined();
    expect(retryAfterMs({ 'retry-after': [] }, NOW)).toBeUndefined();
  });
});

describe('shouldRetry', () => {
  it.each([
    ['true', true],
    [' True ', true],
    ['false', false],
    ['', undefined],
    ['1', undefined],
    ['perhaps', undefined],
  ])('reads %j as %s', (value, expected) => {
    expect(shouldRetry({ 'x-should-retry': value })).toBe(expected);
  });

  it('is absent without the header', () => {
    expect(shouldRetry({})).toBeUndefined();
  });
});
