import { status as codes } from '@grpc/grpc-js';
import type { Outcome } from '../../support/storm/caller.ts';
import type { Finding } from '../../support/storm/finding.ts';
import { Tally } from '../../support/storm/tally.ts';
import { PROBLEMS, problemOf } from './check.ts';
import type { StormPlan } from './plan.ts';
import type { Attempt } from './upstream.ts';

const MAX_ATTEMPTS = 3;

/** Counts the attempts, too. */
export class AttemptsTally extends Tally {
  /** @param seed with which to make the call again */
  addAttempts(outcome: Outcome<StormPlan>, attempts: readonly Attempt[], seed: number): void {
    const { plan, status, completed } = outcome;
    this.addCall(outcome);
    this.add('attempts', attempts.length);
    if (status === codes.OK && (completed?.attempts ?? 0) > 1) this.add('recovered');
    if (status !== codes.OK && attempts.length < MAX_ATTEMPTS) this.add('given up');
    const problem = problemOf(outcome, attempts);
    if (problem === undefined) return;
    const met = attempts.map((attempt) => attempt.plan.kind).join(', ');
    const what = `seed ${seed}, call ${plan.call} by ${plan.mode}`;
    this.addProblem(problem, `${what}, status ${status}, met ${met}`);
  }

  get findings(): Finding[] {
    const codeNames = Object.keys(codes).filter((name) => this.of(name) > 0);
    return [
      { name: 'calls', value: this.of('calls') },
      ...codeNames.map((name) => ({ name: `  ended ${name}`, value: this.of(name) })),
      { name: '  ended OK after a failed attempt', value: this.of('recovered') },
      { name: 'requests at the upstream', value: this.of('attempts') },
      ...PROBLEMS.map((name) => ({ name, value: this.of(name), atMost: 0 })),
    ];
  }
}
