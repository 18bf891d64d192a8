import { codeName } from '../grpc-client.ts';
import type { Outcome } from './caller.ts';

const TOLD_PROBLEMS = 10;

/** Of a call without a status. */
export const NEVER_ENDED = 'never ended';

/** Counts how calls went, and keeps none of them. */
export class Tally {
  /** The first that were found. */
  readonly problems: string[] = [];
  readonly #counts = new Map<string, number>();

  /** Counts a call, and its status by name. */
  addCall({ status }: Outcome): void {
    this.add('calls');
    this.add(status === undefined ? NEVER_ENDED : codeName({ code: status }));
  }

  /** @param told the call, and what makes it again */
  addProblem(problem: string, told: string): void {
    this.add(problem);
    if (this.problems.length < TOLD_PROBLEMS) this.problems.push(`${told}: ${problem}`);
  }

  add(name: string, count = 1): void {
    this.#counts.set(name, this.of(name) + count);
  }

  of(...names: readonly string[]): number {
    return names.reduce((sum, name) => sum + (this.#counts.get(name) ?? 0), 0);
  }
}
