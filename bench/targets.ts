/**
 * `npm run bench:targets`: whether what the sidecar adds to an answer keeps to the story's targets, with
 * a stub that answers at once: a first token within 100 ms, later ones within 50 ms (p99), and no call
 * that fails. Exits 1 if one does not hold.
 */
import { measure } from './measure.ts';
import { CORES, exitOnSignals, pinMyself, pinnable } from './processes.ts';
import { type Result, summarize } from './report.ts';
import { ROWS } from './rows.ts';

const FIRST_TOKEN_MS = 100;
const NEXT_TOKEN_MS = 50;

interface Target {
  readonly what: string;
  readonly value: number;
  readonly atMost: number;
}

exitOnSignals();
const pinned = pinnable();
if (pinned) pinMyself(CORES.load);
const targets: Target[] = [];
for (const row of ROWS.filter(({ name }) => name === 'brief-50' || name === 'paced-200')) {
  const options = { repetitions: 3, ...(pinned && { cores: CORES }) };
  targets.push(...judged(summarize(await measure(row, options))));
}
for (const { what, value, atMost } of targets) {
  const verdict = value <= atMost ? 'holds' : 'does not hold';
  console.log(`${what}: ${value.toFixed(1)}, at most ${atMost}: ${verdict}`);
}
process.exitCode = targets.every(({ value, atMost }) => value <= atMost) ? 0 : 1;

function judged({ name, firstTextP99Ms, relayP99Ms, failedCalls }: Result): Target[] {
  const first = {
    what: `${name}: first token, p99, ms`,
    value: firstTextP99Ms,
    atMost: FIRST_TOKEN_MS,
  };
  return [
    // Where all streams begin at once and never end there is no first token to be measured.
    ...(name === 'brief-50' ? [first] : []),
    { what: `${name}: from upstream to caller, p99, ms`, value: relayP99Ms, atMost: NEXT_TOKEN_MS },
    { what: `${name}: calls that failed`, value: failedCalls, atMost: 0 },
  ];
}
