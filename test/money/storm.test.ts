import { describe, expect, it } from '@jest/globals';
import { type Finding, holds } from '../../bench/storm/limits.ts';
import { hierarchical, shortOfTheLimit, toTheLimit } from './budget-cases.ts';
import { stormOnBudgets } from './budgets.ts';
import { stormOfCalls } from './calls.ts';
import { stormOfKills } from './kills.ts';
import { Planner } from './plan.ts';

/**
 * The storm of `npm run test:storm`, small enough to be run every time. Estimates have more room in
 * it: where other tests keep the machine busy, upstreams learn late that their client is gone.
 */

const SEED = 7;
const SMALL = { seed: SEED, calls: 300, atATime: 100, longestAnswer: 30, tolerance: 0.2 };
const TIMEOUT_MS = 60_000;

function broken(findings: readonly Finding[]): readonly Finding[] {
  return findings.filter((finding) => !holds(finding));
}

describe('money under storm', () => {
  it(
    'adds up to what the upstream bills',
    async () => {
      const findings = await stormOfCalls(SMALL);
      expect(broken(findings)).toEqual([]);
    },
    TIMEOUT_MS,
  );

  it(
    'is neither lost nor counted twice when processes are killed',
    async () => {
      const findings = await stormOfKills({
        seed: SEED,
        rounds: 2,
        atATime: 50,
        longestLifeMs: 1_200,
      });
      expect(broken(findings)).toEqual([]);
    },
    TIMEOUT_MS,
  );

  it.each([
    ['answers up to their limit', toTheLimit, 100],
    ['answers short of their limit', shortOfTheLimit, 200],
    ['several budgets for a call', hierarchical, 100],
  ])(
    'does not exceed a budget, nor is refused before it is used up: %s',
    async (_, makeCase, calls) => {
      const findings = await stormOnBudgets(makeCase(new Planner(SEED), calls));
      expect(broken(findings)).toEqual([]);
    },
    TIMEOUT_MS,
  );
});
