import type { Timer } from '../core/clock.ts';
import type { RunDeps } from './run-deps.ts';

/** How often it is looked for what has been kept long enough, in ms. */
const INTERVAL_MS = 60 * 60_000;

type RetentionDeps = Pick<RunDeps, 'books' | 'files' | 'clock' | 'log'>;

/** Deletes batches that ended long enough ago. */
export class BatchRetention {
  readonly #retentionMs: number;
  readonly #deps: RetentionDeps;
  #timer: Timer | undefined;
  #closed = false;

  constructor(retentionMs: number, deps: RetentionDeps) {
    this.#retentionMs = retentionMs;
    this.#deps = deps;
  }

  /** Deletes those, too, whose receipt was broken off by the end of a process. */
  async start(): Promise<void> {
    await this.#tidy(true);
    this.#wait();
  }

  close(): void {
    this.#closed = true;
    this.#timer?.cancel();
  }

  async #tidy(receiving: boolean): Promise<void> {
    const { books, clock } = this.#deps;
    const cutoff = clock.now() - this.#retentionMs;
    for (const id of await books.expendable(cutoff, receiving)) await this.delete(id);
  }

  async delete(id: string): Promise<void> {
    const { books, files } = this.#deps;
    await files.delete(id);
    while (!this.#closed && !(await books.delete(id)));
  }

  #wait(): void {
    if (this.#closed) return;
    this.#timer = this.#deps.clock.after(
      INTERVAL_MS,
      () => {
        this.#tidy(false)
          .catch((err: unknown) => this.#deps.log.error({ err }, 'old batches cannot be deleted'))
          .finally(() => this.#wait());
      },
      true,
    );
  }
}
