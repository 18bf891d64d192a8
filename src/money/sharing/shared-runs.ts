import type { Call, Handler } from '../../core/call.ts';
import type { Clock } from '../../core/clock.ts';
import { SharedRun } from './shared-run.ts';

/** The shared calls that run, each under the name of what it was asked for. */
export class SharedRuns {
  readonly #clock: Clock;
  readonly #running = new Map<string, SharedRun>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The one that can be followed from its beginning; undefined if there is none. */
  find(name: string): SharedRun | undefined {
    const running = this.#running.get(name);
    return running?.canBeJoined ? running : undefined;
  }

  start(name: string, next: Handler, call: Call): SharedRun {
    const run = new SharedRun(next, call, { clock: this.#clock, graceMs: 0, isOne: false });
    this.#running.set(name, run);
    const end = (): void => {
      // One that could not be joined any more may have made room for another.
      if (this.#running.get(name) === run) this.#running.delete(name);
    };
    run.outcome.then(end, end);
    return run;
  }
}
