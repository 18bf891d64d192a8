import type { LedgerLog } from './ledger-log.ts';

/** Tells once that something does not work, and once that it works again. */
export class Outage {
  readonly #what: string;
  readonly #log: LedgerLog;
  #lasts = false;

  constructor(what: string, log: LedgerLog) {
    this.#what = what;
    this.#log = log;
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
    if (!this.#lasts) this.#log.error({ err }, `${this.#what} cannot be written; calls go on`);
    this.#lasts = true;
  }

  #end(): void {
    if (this.#lasts) this.#log.info({}, `${this.#what} can be written again`);
    this.#lasts = false;
  }
}
