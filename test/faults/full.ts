/**
 * The faults that take their time, in true time and with the default policies, side by side in about
 * two minutes: `npm run test:long -- faults`. Prints what the caller saw and what the upstreams did.
 * Exits with 1 if anything is not as it must be.
 */

import { play } from './full/play.ts';
import { SCENARIOS } from './full/scenarios.ts';

const results = await Promise.all(SCENARIOS.map(play));
for (const { what, lines, problems } of results) {
  const verdict = problems.length === 0 ? 'PASS' : 'FAIL';
  const told = [`${verdict}  ${what}`, ...lines, ...problems.map((problem) => `! ${problem}`)];
  process.stdout.write(`${told.join('\n      ')}\n\n`);
}
const failed = results.filter(({ problems }) => problems.length > 0);
process.stdout.write(`${results.length - failed.length} passed, ${failed.length} failed\n`);
process.exitCode = failed.length === 0 ? 0 : 1;
