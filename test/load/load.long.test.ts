import { describe, expect, it } from '@jest/globals';
import { ROWS, type Row } from './loads.ts';
import { type Load, type Result, simulate } from './world.ts';

function report(what: string, { share, reasons, requests, firstP99Ms }: Result): string {
  return `${(share * 100).toFixed(1)}% of the calls of ${what}: ${JSON.stringify({ reasons, requests, firstP99Ms })}`;
}

describe('with default settings, under an open-loop load', () => {
  it.each(ROWS)(
    '$what',
    async (row) => {
      const result = await simulate(row.load());
      // The report is what a failure shows.
      expect([result.share >= row.ideal - 0.02, report(row.what, result)]).toEqual([
        true,
        expect.any(String),
      ]);
      expect(result.spoiled).toBe(0);
    },
    120_000,
  );
});

/** Each policy off, one at a time: none may make things better. */
const ABLATIONS: (readonly [string, Partial<Load>])[] = [
  ['the circuit breaker', { breaker: { enabled: false } }],
  ['the adaptive concurrency', { rateLimit: { enabled: false } }],
  ['the wait for a circuit', { breaker: { maxWaitMs: 0 } }],
];

/** The loads in which these policies act. */
const UNDER_TROUBLE = /^answers|errors without|of errors, and|every [25] s|flaps|resets|limit/;
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
    async (_what, off) => {
      for (const row of ROWS.filter(({ what }) => UNDER_TROUBLE.test(what))) {
        for (const seed of SEEDS) {
          const all = await withAll(row, seed);
          const less = await simulate({ ...row.load(), seed, ...off });
          const seen = [report(row.what, all), report(`the same without it (seed ${seed})`, less)];
          expect([all.share >= less.share - 0.02, ...seen]).toEqual([true, ...seen]);
        }
      }
    },
    600_000,
  );
});
