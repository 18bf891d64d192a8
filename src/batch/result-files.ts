import { ProviderError } from '../core/errors.ts';
import type { BatchPart, NewResult } from '../money/batches/batch.ts';
import { Patience } from './patience.ts';
import { readResults } from './read-results.ts';
import type { RemoteBatch } from './remote-batch.ts';
import type { RunDeps, Work } from './run-deps.ts';

/** How often a file is read that has lines which cannot be. */
const READS = 3;

const TROUBLE = 'A file of results cannot be read';

/** The files of results of a batch at the upstream. */
export class ResultFiles {
  readonly #remote: Pick<RemoteBatch, 'api'>;
  readonly #work: Work;
  readonly #deps: RunDeps;

  constructor(remote: Pick<RemoteBatch, 'api'>, work: Work, deps: RunDeps) {
    this.#remote = remote;
    this.#work = work;
    this.#deps = deps;
  }

  /** Takes in what a file says, as far as it can be had. Rejects with the end of the process. */
  async read(
    fileId: string,
    part: BatchPart,
    settle: (results: readonly NewResult[]) => Promise<void>,
  ): Promise<void> {
    const patience = new Patience(this.#work, this.#deps);
    const read = () => this.#readOnce(fileId, part, settle, patience);
    try {
      // A line may be cut off where somebody between here and there lost the rest of the file.
      for (let reads = 1; reads <= READS; reads += 1) {
        if (reads > 1) await patience.wait();
        const unreadable = await patience.insist(read, TROUBLE);
        if (unreadable === 0) return;
        await this.#work.problem(`A file of results has ${unreadable} lines that cannot be read.`);
      }
    } catch (thrown) {
      this.#work.stop.throwIfAborted();
      const error = ProviderError.from(thrown);
      if (error.reason === 'INTERNAL') throw error;
      await this.#work.problem(`A file of results cannot be had: ${error.message}`);
    }
  }

  /** Returns how many of its lines cannot be read. */
  async #readOnce(
    fileId: string,
    part: BatchPart,
    settle: (results: readonly NewResult[]) => Promise<void>,
    patience: Patience,
  ): Promise<number> {
    const { stop: signal, batch } = this.#work;
    const lines = this.#remote.api.results(fileId, part.key, signal);
    const reading = readResults(lines, { batch: batch.id, part, signal }, this.#deps);
    for (;;) {
      const { done, value } = await reading.next();
      if (done) return value;
      await settle(value);
      patience.reset();
    }
  }
}
