/**
 * `npm run bench:soak`: a quarter of an hour of calls of every kind, for 3,000 users, with faults of the
 * upstream, cancels, and 50 that watch the status. Then memory must not have grown, and what the ledger's
 * export, GetUsage, GetBudgets and the metrics say must be what the upstream bills, to the pico-dollar
 * where it reported usage. Exits with 1 if a bound is broken. `--minutes N` (default 15), `--seed N`.
 */
import { parseArgs } from 'node:util';
import { stormOfCalls } from '../test/money/calls.ts';
import { passes, render } from '../test/support/storm/finding.ts';
import { exitOnSignals } from './processes.ts';

/** A busy sidecar, and yet less than what makes this process, which is the upstream too, late. */
const CALLS_AT_A_TIME = 60;

/** Of each user there would be a budget, and GetBudgets lists 1,000. */
const BUDGETS = `
costManagement: { budgetLimit: 10000 }
budgets:
  - { name: projects, scope: project, limit: 10000, period: total }
`;

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '15' },
    seed: { type: 'string', default: '1' },
  },
});

exitOnSignals();
const findings = await stormOfCalls({
  seed: Number(values.seed),
  calls: Number.POSITIVE_INFINITY,
  forMs: Number(values.minutes) * 60_000,
  users: 3_000,
  watchers: 50,
  budgets: BUDGETS,
  atATime: CALLS_AT_A_TIME,
  tolerance: 0.05,
});
process.stdout.write(`${render(findings)}\n`);
if (!passes(findings, false)) process.exitCode = 1;
