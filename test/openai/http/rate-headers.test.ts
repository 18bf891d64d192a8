import { describe, expect, it } from '@jest/globals';
import { rateHeadroom } from '../../../src/openai/http/rate-headers.ts';

function requests(limit: string, remaining: string, reset?: string) {
  return {
    'x-ratelimit-limit-requests': limit,
    'x-ratelimit-remaining-requests': remaining,
    ...(reset === undefined ? {} : { 'x-ratelimit-reset-requests': reset }),
  };
}

describe('rateHeadroom', () => {
  it('reads both limits', () => {
    const headers = {
      ...requests('10000', '9999', '6ms'),
      'x-ratelimit-limit-tokens': '2000000',
      'x-ratelimit-remaining-tokens': '1000000',
      'x-ratelimit-reset-tokens': '30s',
    };
    expect(rateHeadroom(headers)).toEqual({
      requests: { limit: 10_000, remaining: 9_999, resetMs: 6 },
      tokens: { limit: 2_000_000, remaining: 1_000_000, resetMs: 30_000 },
    });
  });

  it('tells whose limits they are, where organization and project are named', () => {
    const headers = { 'openai-organization': 'acme', 'openai-project': 'proj_1' };
    expect(rateHeadroom({ ...headers, ...requests('60', '60') })).toEqual({
      requests: { limit: 60, remaining: 60, resetMs: 0 },
      account: 'acme/proj_1',
    });
    expect(rateHeadroom(headers)).toEqual({ account: 'acme/proj_1' });
    expect(rateHeadroom({ 'openai-organization': 'acme' })).toBeUndefined();
    expect(rateHeadroom({ ...headers, 'openai-project': 'p'.repeat(129) })).toBeUndefined();
  });

  it('reads one limit without the other', () => {
    expect(rateHeadroom(requests('60', '0', '1m0s'))).toEqual({
      requests: { limit: 60, remaining: 0, resetMs: 60_000 },
    });
    expect(
      rateHeadroom({ 'x-ratelimit-limit-tokens': '10', 'x-ratelimit-remaining-tokens': '10' }),
    ).toEqual({ tokens: { limit: 10, remaining: 10, resetMs: 0 } });
  });

  it.each([
    ['12ms', 12],
    ['1s', 1_000],
    ['6m0s', 360_000],
    ['1h2m3s', 3_723_000],
    ['1m30.5s', 90_500],
    ['0s', 0],
    ['1.5ms', 1.5],
    ['250us', 0.25],
    ['250µs', 0.25],
    ['500000ns', 0.5],
    [' 7m12s ', 432_000],
    ['10', 10_000],
    ['58.3', 58_300],
  ])('reads a Go duration, or seconds: %s', (reset, resetMs) => {
    expect(rateHeadroom(requests('200', '199', reset))?.requests?.resetMs).toBeCloseTo(resetMs, 9);
  });

  it.each([[undefined], [''], ['soon'], ['1795867200'], ['-1s'], ['1d'], ['1s!']])(
    'takes an even refill within a minute where the reset is %p',
    (reset) => {
      expect(rateHeadroom(requests('200', '150', reset))).toEqual({
        requests: { limit: 200, remaining: 150, resetMs: 15_000 },
      });
    },
  );

  it.each([
    ['no limit', '-1', '-1'],
    ['a limit of 0', '0', '0'],
    ['a negative rest', '100', '-1'],
    ['words', 'unlimited', 'many'],
    ['a rest that is missing', '100', ''],
  ])('ignores %s', (_, limit, remaining) => {
    expect(rateHeadroom(requests(limit, remaining, '1s'))).toBeUndefined();
  });

  it('ignores responses without such headers', () => {
    expect(rateHeadroom({ 'content-type': 'application/json' })).toBeUndefined();
    expect(rateHeadroom({ 'x-ratelimit-limit-requests': '5' })).toBeUndefined();
  });

  it('takes no more to remain than the limit', () => {
    expect(rateHeadroom(requests('100', '150', '0s'))?.requests?.remaining).toBe(100);
  });
});
