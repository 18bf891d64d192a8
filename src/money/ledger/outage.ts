import type { Clock } from '../../core/clock.ts';
import { messageOf } from '../store/ledger-error.ts';
import type { LedgerLog } from './ledger-log.ts';

/** Tells once that something does not work, and once that it works again. */
export class Outage {
  readonly #what: string;
  readonly #log: LedgerLog;
  readonly #clock: Pick<Clock, 'now'>;
  #problem: string | undefined;
  #since: number;

  constructor(what: string, log: LedgerLog, clock: Pick<Clock, 'now'>) {
    this.#what = what;
    this.#log = log;
    this.#clock = clock;
    this.#since = clock.now();
  }

  /** One sentence; undefined: there is none. */
  get problem(): string | undefined {
    return this.#problem;
  }

  /** Epoch ms since which it is so. */
  get since(): number {
    return this.#since;
  }

  /** Does `work`. Whether it succeeded. */
  async watch(work: () => Promise<void>): Promise<boolean> {
    try {
      await work();
    } catch (err) {
      this.#begin(err);
      return false;
    }
    this.#end();
    return true;
  }

  /** The same at once. */
  watchNow(work: () => void): boolean {
    try {
      work();
    } catch (err) {
      this.#begin(err);
      return false;
    }
    this.#end();
    return true;
  }

  #begin(err: unknown): void {
    if (this.#problem === undefined) {
      this.#since = this.#clock.now();
      this.#log.error({ err }, `${this.#what} cannot be written; calls go on`);
    }
    this.#problem = `The ${this.#what} cannot be written: ${messageOf(err)}.`;
  }

  #end(): void {
    if (this.#problem === undefined) return;
    this.#problem = undefined;
    this.#since = this.#clock.now();
    this.#log.info({}, `${this.#what} can be written again`);
  }
}
