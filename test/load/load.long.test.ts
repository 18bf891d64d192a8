import { describe, expect, it } from '@jest/globals';
import { ROWS } from './loads.ts';
import { type Load, type Result, simulate } from './world.ts';

function report(what: string, { share, reasons, requests, firstP99Ms }: Result): string {
  return `${(share * 100).toFixed(1)}% of the calls of ${what}: ${JSON.stringify({ reasons, requests, firstP99Ms })}`;
}

describe('with default settings, under an open-loop load', () => {
  it.each(ROWS)(
    '$what',
    async (row) => {
      const result = await simulate(row.load());
      const least = row.ideal - (row.short ?? 0.02);
      // The report is what a failure shows.
      expect([result.share >= least, report(row.what, result)]).toEqual([true, expect.any(String)]);
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

describe('no policy makes things worse than it would be without', () => {
  it.each(ABLATIONS)(
    '%s',
    async (_what, off) => {
      for (const index of [0, 3, 5, 8, 9, 11]) {
        const row = ROWS[index];
        if (row === undefined) continue;
        const [on, without] = [
          await simulate(row.load()),
          await simulate({ ...row.load(), ...off }),
        ];
        const seen = [report(row.what, on), report('the same without it', without)];
        expect([on.share >= without.share - (row.short ?? 0.02), ...seen]).toEqual([true, ...seen]);
      }
    },
    300_000,
  );
});
