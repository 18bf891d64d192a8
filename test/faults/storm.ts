/**
 * Breaks answers, cancels calls and fails attempts at random, ten thousand calls and then five thousand:
 * `npm run test:long -- faults-storm`. Exits with 1 if anything is not as it must be. `--calls N` and
 * `--seed N` (default 1) for a smaller or another storm: the same for the same seed.
 */
import { parseArgs } from 'node:util';
import { holds, render } from '../support/storm/finding.ts';
import { cutsAndCancels, retryableFaults, type Verdict } from './storm/findings.ts';

const { values } = parseArgs({
  options: { calls: { type: 'string', default: '10000' }, seed: { type: 'string', default: '1' } },
});
const calls = Number(values.calls);
const seed = Number(values.seed);
const AT_ONCE = 200;
/** A whole thousand of calls meets whole numbers of faults. */
const faultyCalls = Math.ceil(calls / 2000) * 1000;

report(
  `${calls} calls, cut, cancelled and hurried at random, seed ${seed}`,
  await cutsAndCancels({ seed, calls, atOnce: AT_ONCE }),
);
report(
  `${faultyCalls} calls, of whose attempts a tenth fails, seed ${seed}`,
  await retryableFaults({ seed, calls: faultyCalls, atOnce: AT_ONCE }),
);

function report(what: string, { findings, problems }: Verdict): void {
  process.stdout.write(`\n${what}\n\n${render(findings)}\n${problems.join('\n')}\n`);
  if (!findings.every(holds)) process.exitCode = 1;
}
