import { status as codes } from '@grpc/grpc-js';
import type { Finding } from '../../../bench/storm/limits.ts';
import type { Outcome } from './caller.ts';
import { PROBLEMS, problemOf } from './check.ts';
import type { Attempt } from './upstream.ts';

const MAX_ATTEMPTS = 3;
const TOLD_PROBLEMS = 10;

/** Counts how calls went, and keeps none of them. */
export class Tally {
  /** The first that were found. */
  readonly problems: string[] = [];
  readonly #counts = new Map<string, number>();

  /** @param seed with which to make the call again */
  add(outcome: Outcome, attempts: readonly Attempt[], seed: number): void {
    const { plan, status, completed } = outcome;
    this.#count('calls');
    this.#count(codes[status] ?? 'no status');
    this.#count('attempts', attempts.length);
    if (status === codes.OK && (completed?.attempts ?? 0) > 1) this.#count('recovered');
    if (status !== codes.OK && attempts.length < MAX_ATTEMPTS) this.#count('given up');
    const problem = problemOf(outcome, attempts);
    if (problem === undefined) return;
    this.#count(problem);
    if (this.problems.length === TOLD_PROBLEMS) return;
    const kinds = attempts.map((attempt) => attempt.plan.kind).join(', ');
    this.problems.push(
      `seed ${seed}, call ${plan.call} by ${plan.mode}: ${problem}; status ${status}; met ${kinds}`,
    );
  }

  of(name: string): number {
    return this.#counts.get(name) ?? 0;
  }

  get findings(): Finding[] {
    const codeNames = Object.keys(codes).filter((name) => this.#counts.has(name));
    return [
      { name: 'calls', value: this.of('calls') },
      ...codeNames.map((name) => ({ name: `  ended ${name}`, value: this.of(name) })),
      { name: '  ended OK after a failed attempt', value: this.of('recovered') },
      { name: 'requests at the upstream', value: this.of('attempts') },
      ...PROBLEMS.map((name) => ({ name, value: this.of(name), atMost: 0 })),
    ];
  }

  #count(name: string, by = 1): void {
    this.#counts.set(name, this.of(name) + by);
  }
}
