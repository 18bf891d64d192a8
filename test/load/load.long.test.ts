import { describe, expect, it } from '@jest/globals';
import type { Load, Result } from './load.ts';
import { ROWS } from './loads.ts';
import { idealOf, type Row, shortcomings } from './row.ts';
import { OF_USERS } from './traffic.ts';
import { simulate } from './world.ts';

const ALL = [...ROWS, ...OF_USERS];

/** A load that is served by luck is not served. */
const OTHER_SEEDS = [2, 3];
/** What chance may cost there, of the calls. */
const WIDE = 0.05;

function report(what: string, { share, reasons, requests, firstP99Ms }: Result): string {
  return `${(share * 100).toFixed(1)}% of the calls of ${what}: ${JSON.stringify({ reasons, requests, firstP99Ms })}`;
}

describe('with default settings, under an open-loop load', () => {
  it.each(ALL)(
    '$what',
    async (row) => {
      const result = await simulate(row.load());
      // The report is what a failure shows.
      expect([shortcomings(row, result), report(row.what, result)]).toEqual([
        [],
        expect.any(String),
      ]);
    },
    120_000,
  );

  it.each(ALL)(
    '$what, otherwise by chance',
    async (row) => {
      for (const seed of OTHER_SEEDS) {
        const result = await simulate({ ...row.load(), seed });
        const least = idealOf(row, result) - (row.learning ?? 0) - WIDE;
        const seen = report(`${row.what} (seed ${seed})`, result);
        expect([result.share >= least, result.spoiled, seen]).toEqual([true, 0, seen]);
      }
    },
    120_000,
  );
});

/** Each policy off, one at a time: none may make things better. */
const ABLATIONS: (readonly [string, Partial<Load>])[] = [
  ['the circuit breaker', { breaker: { enabled: false } }],
  ['the adaptive concurrency', { rateLimit: { enabled: false } }],
  ['the wait for a circuit', { breaker: { maxWaitMs: 0 } }],
  ['retries', { retry: { maxAttempts: 1 } }],
  [
    'time-outs by what is left of the deadline',
    { timeouts: { headersMs: 30_000, firstTokenMs: 60_000, idleMs: 30_000 } },
  ],
];

/** The loads in which these policies act. */
const UNDER_TROUBLE =
  /^answers|errors without|of errors, and|every [125] s|flaps|resets|limit|429|silent primary|shares its speed|at once|outage|503/;
const SEEDS = [1, 2];

const on = new Map<string, Promise<Result>>();

function withAll(row: Row, seed: number): Promise<Result> {
  const key = `${row.what} ${seed}`;
  const result = on.get(key) ?? simulate({ ...row.load(), seed });
  on.set(key, result);
  return result;
}

describe('no policy makes things worse than it would be without', () => {
  it.each(ABLATIONS)(
    '%s',
    async (what, off) => {
      for (const row of ROWS.filter(({ what }) => UNDER_TROUBLE.test(what))) {
        for (const seed of SEEDS) {
          const all = await withAll(row, seed);
          const less = await simulate({ ...row.load(), seed, ...off });
          const seen = [report(row.what, all), report(`the same without it (seed ${seed})`, less)];
          const bound = less.share - Math.max(0.02, row.costs?.[what] ?? 0);
          expect([all.share >= bound, ...seen]).toEqual([true, ...seen]);
        }
      }
    },
    600_000,
  );
});
