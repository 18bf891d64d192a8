import { describe, expect, it } from '@jest/globals';
import {
  fieldWaitMs,
  momentOf,
  resetAfterMs,
  retryAfterMs,
  saidRetryAfterMs,
  shouldRetry,
} from '../../../src/openai/errors/retry-after.ts';

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
    ['a date in other words', { 'retry-after': 'Fri, 20 Nov 2026 12:00:30 UTC' }, 30_000],
    ['a date of ISO 8601', { 'retry-after': '2026-11-20T13:00:30.5+01:00' }, 30_500],
    ['a moment of the epoch', { 'retry-after': String(NOW / 1000 + 9) }, 9_000],
    ['a span', { 'retry-after': '2m59.56s' }, 179_560],
    ['milliseconds by their unit', { 'retry-after': '370ms' }, 370],
    ['seconds by their name', { 'retry-after': '60 seconds' }, 60_000],
    ['the first of what was joined', { 'retry-after': '5, 9' }, 5_000],
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
    '-30s',
    '30x',
    '25h',
    '30s or so',
    '2026-11-20',
    '2026-99-20T12:00:00Z',
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

describe('resetAfterMs', () => {
  it.each<[string, Record<string, string>, number | undefined, number | undefined]>([
    ['milliseconds in the header', { 'x-ratelimit-reset': String(NOW + 7_500) }, undefined, 7_500],
    ['seconds in the header', { 'x-ratelimit-reset': String(NOW / 1000 + 7) }, undefined, 7_000],
    ['a moment in the body', { 'x-ratelimit-reset': '1' }, NOW + 9_000, 9_000],
    ['a moment that has passed', {}, NOW - 9_000, 0],
    ["the response's own date", { date: 'Fri, 20 Nov 2026 11:59:55 GMT' }, NOW, 5_000],
    ['seconds until then', { 'x-ratelimit-reset': '60' }, undefined, 60_000],
    ['parts of a second', { 'x-ratelimit-reset': '0.25' }, undefined, 250],
    ['weeks', { 'x-ratelimit-reset': '1814400' }, undefined, undefined],
    ['nothing', {}, undefined, undefined],
    ['a span', { 'x-ratelimit-reset': '1m30s' }, undefined, 90_000],
    ['the draft', { ratelimit: '"default";r=0;t=30' }, undefined, 30_000],
    [
      'the draft, of several',
      { ratelimit: '"a";r=0;t=9, "b";r=0;t=30, "c";r=7;t=90' },
      undefined,
      30_000,
    ],
    ['the older draft', { ratelimit: 'limit=10, remaining=0, reset=30' }, undefined, 30_000],
    [
      'a limit of which something is left',
      { ratelimit: '"default";r=5;t=30' },
      undefined,
      undefined,
    ],
    ['more than a day', { ratelimit: '"default";r=0;t=31536000' }, undefined, undefined],
  ])('reads %s', (_what, headers, told, expected) => {
    expect(resetAfterMs(headers, told, NOW)).toBe(expected);
  });

  it.each([undefined, null, '', '60', 1.5e12 + 0.5, 'soon', '9'.repeat(20), { toString: 7 }])(
    'takes %j for no moment',
    (value) => {
      expect(momentOf(value)).toBeUndefined();
    },
  );
});

describe('fieldWaitMs', () => {
  it.each([
    [30, 1_000, 30_000],
    ['30', 1_000, 30_000],
    [1500.2, 1, 1_501],
    ['36s', 1_000, 36_000],
    ['1.5s', 1, 1_500],
  ])('reads %j of %d ms', (value, unit, expected) => {
    expect(fieldWaitMs(value, unit)).toBe(expected);
  });

  it.each([undefined, null, '', -3, 'soon', 31_536_000, NOW / 1000, NOW, [5], { toString: 7 }])(
    'takes %j for no wait',
    (value) => {
      expect(fieldWaitMs(value, 1_000)).toBeUndefined();
    },
  );
});

describe('saidRetryAfterMs', () => {
  it.each([
    ['Rate limit of 10 per 60s exceeded. Please wait 34 seconds before retrying.', 34_000],
    ['Rate limit reached for gpt-4. Please try again in 6.78s. Visit the page.', 6_780],
    ['Please try again in 120ms.', 120],
    ['Please try again in 1m30.5s.', 90_500],
    ['try again in 1h2m3s', 3_723_000],
    ['Please retry after 20 seconds.', 20_000],
    ['Please retry your request in 2 minutes, 3 seconds', 120_000],
    ['Please retry in 31.7s.', 31_700],
  ])('reads %j', (message, expected) => {
    expect(saidRetryAfterMs(message)).toBe(expected);
  });

  it.each([
    '',
    'Please try again later.',
    'Please try again in a moment.',
    'Please try again in 20.',
    'Please try again in 20 messages.',
    'Please try again in 25h.',
    'Please try again in 999999999999s.',
    `${'try again in '.repeat(10_000)}1s`,
  ])('finds none in %j', (message) => {
    expect(saidRetryAfterMs(message)).toBeUndefined();
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
