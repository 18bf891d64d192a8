import { type Finding, growth } from '../../support/storm/finding.ts';
import { attemptPlan, callPlan, type Hurry, type Kinds, shuffled } from './plan.ts';
import { type Aftermath, runStorm, type Storm } from './storm.ts';
import { AttemptsTally } from './tally.ts';

export interface StormSize {
  readonly seed: number;
  readonly calls: number;
  readonly atOnce: number;
}

export interface Verdict {
  readonly findings: readonly Finding[];
  /** Of calls that are not as they must be, and what makes them again. */
  readonly problems: readonly string[];
}

/** Breaks of every kind at any point, in more than half of the attempts. */
const BREAKS: Kinds = {
  good: 45,
  cut: 9,
  reset: 9,
  'early end': 8,
  stall: 4,
  'error event': 6,
  'malformed event': 6,
  '500': 4,
  '503': 4,
  'reset before headers': 4,
  silence: 1,
};
const HURRY: Hurry = { cancelled: 0.3, hurried: 0.1 };

/** Caller, sidecar and upstream share an event loop here: that it is late is not the sidecar's doing. */
const NO_GUARD_YAML = 'overload: { maxEventLoopDelay: 10m }';

/**
 * Quick, so that stalls and retries take no minutes. Where so much fails the circuit would be open and
 * the queue long, and few of the cancels would meet an answer.
 */
const BREAKS_YAML = `
${NO_GUARD_YAML}
timeouts: { headers: 1s, firstToken: 1s, idle: 1s }
retryPolicy: { baseDelay: 20ms, maxDelay: 40ms, budget: { ratio: 1, minimum: 1000 } }
circuitBreaker: { failureShare: 1, minimumAttempts: 1000 }
rateLimiting: { enabled: false }
`;

/** Failures before output that may pass. */
const RETRYABLE: Kinds = { '429': 1, '500': 1, '503': 1, 'reset before headers': 1 };
const GOOD: Kinds = { good: 1 };
const NO_HURRY: Hurry = { cancelled: 0, hurried: 0 };
/** Every tenth attempt fails. Three in a row, which is what a call has, do so once in a thousand. */
const ONE_IN = 10;
const MAX_FAILED_PERCENT = 0.1;

const TOLD_LATE = 10;
/** What V8 learns of the code that runs comes and goes. */
const MAX_HEAP_GROWTH_MIB = 3;

/** Random breaks, cancels and deadlines. */
export async function cutsAndCancels(size: StormSize): Promise<Verdict> {
  const { seed } = size;
  const { tally, aftermath } = await storm(size, {
    yaml: BREAKS_YAML,
    call: (call) => callPlan(seed, call, HURRY),
    attempt: (call, n) => attemptPlan(seed, call, n, BREAKS),
  });
  return verdict(tally, aftermath, []);
}

/**
 * Random failures, and the default policies. Which calls meet them is chance, how many do is not: of
 * each thousand one meets three, and whatever fails beyond that is the sidecar's doing.
 */
export async function retryableFaults(size: StormSize): Promise<Verdict> {
  const { seed } = size;
  const fates = shuffled(seed, size.calls);
  const isFaulty = (call: number, n: number): boolean =>
    Math.floor((fates[call] ?? 0) / ONE_IN ** (n - 1)) % ONE_IN === 0;
  const { tally, aftermath } = await storm(size, {
    yaml: NO_GUARD_YAML,
    call: (call) => callPlan(seed, call, NO_HURRY),
    attempt: (call, n) => attemptPlan(seed, call, n, isFaulty(call, n) ? RETRYABLE : GOOD),
  });
  const failed = tally.of('calls') - tally.of('OK');
  const failedPercent = (100 * failed) / tally.of('calls');
  return verdict(tally, aftermath, [
    { name: 'calls that failed, %', value: failedPercent, digits: 2, atMost: MAX_FAILED_PERCENT },
    { name: '  before three attempts had failed', value: tally.of('given up'), atMost: 0 },
  ]);
}

async function storm(size: StormSize, plan: Pick<Storm, 'yaml' | 'call' | 'attempt'>) {
  const tally = new AttemptsTally();
  const aftermath = await runStorm({
    ...size,
    ...plan,
    onCall: (outcome, attempts) => tally.addAttempts(outcome, attempts, size.seed),
  });
  return { tally, aftermath };
}

function verdict(tally: AttemptsTally, aftermath: Aftermath, more: readonly Finding[]): Verdict {
  const { late, runningRequests, activeCalls, sockets, errors, seconds, heap } = aftermath;
  return {
    findings: [
      ...tally.findings,
      ...more,
      { name: 'late attempts', value: late.length, atMost: 0 },
      { name: 'requests that run on', value: runningRequests, atMost: 0 },
      { name: 'calls that run on', value: activeCalls, atMost: 0 },
      { name: 'leaked sockets', value: sockets, atMost: 0 },
      { name: 'errors in the log', value: errors.length, atMost: 0 },
      ...(heap === undefined ? [] : growth('heap', heap, MAX_HEAP_GROWTH_MIB)),
      { name: 'seconds', value: seconds, digits: 1 },
    ],
    problems: [
      ...tally.problems,
      ...late.slice(0, TOLD_LATE).map((call) => `call ${call}: late attempt`),
      ...errors,
    ],
  };
}
