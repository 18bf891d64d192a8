/**
 * Money under storm, with a real sidecar and an upstream that keeps its own bill: ten thousand calls
 * of every kind; processes that are killed under load; a thousand calls at once on budgets for a
 * third of them: `npm run test:long -- money-storm`. Takes about three minutes, and exits with 1 if a
 * bound is broken; with `--any-machine` not if only the machine's speed broke it. `--seed N` (default 1),
 * `--calls N`, `--kills N`; `--only-kills`, as in `--only-kills --kills 200`.
 */
import { parseArgs } from 'node:util';
import { exitOnSignals } from '../../bench/processes.ts';
import { type Finding, passes, render } from '../support/storm/finding.ts';
import {
  hierarchical,
  shortOfTheLimit,
  toTheLimit,
  withCancels,
  withoutLimit,
} from './budget-cases.ts';
import { stormOnBudgets } from './budgets.ts';
import { stormOfCalls } from './calls.ts';
import { stormOfKills } from './kills.ts';
import { Planner } from './plan.ts';

const CALLS_AT_A_TIME = 200;
const TOLERANCE = 0.05;
const CALLS_PER_PROCESS = 100;
const LONGEST_LIFE_MS = 3_000;
const CALLS_ON_A_BUDGET = 1_000;

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    'any-machine': { type: 'boolean', default: false },
    calls: { type: 'string', default: '10000' },
    kills: { type: 'string', default: '10' },
    'only-kills': { type: 'boolean', default: false },
  },
});

const print = (line: string): void => void process.stdout.write(`${line}\n`);

async function run(title: string, storm: Promise<readonly Finding[]>): Promise<void> {
  const began = performance.now();
  const findings = await storm;
  const seconds = ((performance.now() - began) / 1_000).toFixed(0);
  print(`\n${title} (${seconds} s)\n\n${render(findings)}`);
  if (!passes(findings, values['any-machine'])) process.exitCode = 1;
}

exitOnSignals();
const seed = Number(values.seed);
const calls = Number(values.calls);
const rounds = Number(values.kills);
print(`seed ${seed}`);
if (!values['only-kills']) {
  await run(
    'Calls of every kind',
    stormOfCalls({ seed, calls, atATime: CALLS_AT_A_TIME, tolerance: TOLERANCE }),
  );
}
await run(
  'Kills',
  stormOfKills({ seed, rounds, atATime: CALLS_PER_PROCESS, longestLifeMs: LONGEST_LIFE_MS }),
);
const planner = new Planner(seed);
const budgetCases = [toTheLimit, shortOfTheLimit, withoutLimit, hierarchical, withCancels];
for (const makeCase of values['only-kills'] ? [] : budgetCases) {
  const of = makeCase(planner, CALLS_ON_A_BUDGET);
  await run(`A budget: ${of.name}`, stormOnBudgets(of));
}
if (process.exitCode === 1) print('\nA bound is BROKEN.');
