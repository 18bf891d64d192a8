import { ProviderError } from '../core/errors.ts';
import type { UpstreamBatch, UpstreamBatches } from '../core/upstream-batches.ts';
import type { BatchPart, NewResult } from '../money/batches/batch.ts';
import { Polling } from './polling.ts';
import { readResults } from './read-results.ts';
import type { RunDeps, Work } from './run-deps.ts';

/** How often it is tried to delete files that are done with, before the upstream is left to expire them. */
const TRIES = 5;

/** How often a file of results is read that has lines which cannot be. */
const READS = 3;

const SILENT = 'The upstream does not tell how far it is';
const UNREADABLE = 'A file of results cannot be read';

type Settle = (results: readonly NewResult[]) => Promise<void>;

/** How much of a file of results could be read. */
export interface FileRead {
  readonly isWhole: boolean;
  readonly lines: number;
}

/** A batch at the upstream, and its files. */
export class RemoteBatch {
  readonly #part: Pick<BatchPart, 'upstream'>;
  readonly #work: Work;
  readonly #deps: RunDeps;

  constructor(part: Pick<BatchPart, 'upstream'>, work: Work, deps: RunDeps) {
    this.#part = part;
    this.#work = work;
    this.#deps = deps;
  }

  /** @throws ProviderError if the configuration no longer has the upstream */
  get api(): UpstreamBatches {
    const upstream = this.#deps.means.upstreams.get(this.#part.upstream);
    if (upstream !== undefined) return upstream.batches;
    const message = `The configuration has no target ${this.#part.upstream} any more.`;
    throw new ProviderError('MODEL_NOT_FOUND', { message });
  }

  /** Asks how far it is until that is enough; cancels it when it is not to go on. */
  async until(
    { upstreamBatchId: id, key }: BatchPart,
    isEnough: (batch: UpstreamBatch) => boolean,
  ): Promise<UpstreamBatch> {
    const polling = new Polling(this.#work, this.#deps);
    let before = '';
    let cancelled = false;
    for (;;) {
      const asks: boolean = this.#work.halted !== undefined && !cancelled;
      const ask = () =>
        asks ? this.#cancel(id, key) : this.api.retrieve(id, key, this.#work.stop);
      const batch = await polling.insist(ask, SILENT);
      cancelled ||= asks;
      if (isEnough(batch)) return batch;
      const now = JSON.stringify([batch.status, batch.counts]);
      if (now !== before) polling.reset();
      before = now;
      await polling.wait();
    }
  }

  /** Takes in what a file of results says, as far as it can be had. Rejects with the end of the process. */
  async readFile(fileId: string, part: BatchPart, settle: Settle): Promise<FileRead> {
    const polling = new Polling(this.#work, this.#deps);
    let lines = 0;
    const note = (read: number): void => {
      lines = Math.max(lines, read);
    };
    const read = () => this.#readOnce(fileId, part, settle, polling, note);
    try {
      // A line may be cut off where somebody between here and there lost the rest of the file.
      for (let reads = 1; ; reads += 1) {
        if (reads > 1) await polling.wait();
        const unreadable = await polling.insist(read, UNREADABLE);
        if (unreadable === 0) return { isWhole: true, lines };
        await this.#work.problem(`A file of results has ${unreadable} lines that cannot be read.`);
        if (reads === READS) return { isWhole: false, lines };
      }
    } catch (thrown) {
      this.#work.stop.throwIfAborted();
      const error = ProviderError.from(thrown);
      if (error.reason === 'INTERNAL') throw error;
      await this.#work.problem(`A file of results cannot be had: ${error.message}`);
      return { isWhole: false, lines };
    }
  }

  /** Of one whose id is not known, its file alone. */
  async deleteFiles({
    upstreamBatchId: id,
    fileId,
    key,
  }: Pick<BatchPart, 'upstreamBatchId' | 'fileId' | 'key'>): Promise<void> {
    const { stop } = this.#work;
    if (!this.#deps.means.upstreams.has(this.#part.upstream)) return;
    const tell = () => this.api.retrieve(id, key, stop);
    const batch = id === '' ? undefined : await this.#someTimes(tell, { batch: id });
    for (const file of [batch?.outputFileId, batch?.errorFileId, fileId]) {
      if (file) await this.#someTimes(() => this.api.deleteFile(file, key, stop), { file });
    }
  }

  /** Returns how many of its lines cannot be read. */
  async #readOnce(
    fileId: string,
    part: BatchPart,
    settle: Settle,
    polling: Polling,
    note: (lines: number) => void,
  ): Promise<number> {
    const { stop: signal, batch } = this.#work;
    const lines = this.api.results(fileId, part.key, signal);
    const reading = readResults(lines, { batch: batch.id, part, signal }, this.#deps);
    let read = 0;
    for (;;) {
      const { done, value } = await reading.next();
      if (done) return value;
      await settle(value.results);
      read += value.lines;
      note(read);
      polling.reset();
    }
  }

  /** One that has ended in the meantime is as good. */
  async #cancel(id: string, key: string): Promise<UpstreamBatch> {
    const { stop } = this.#work;
    try {
      return await this.api.cancel(id, key, stop);
    } catch (thrown) {
      stop.throwIfAborted();
      if (ProviderError.from(thrown).retryable) throw thrown;
      return this.api.retrieve(id, key, stop);
    }
  }

  /** As well as that can be done: the upstream lets files expire, too. */
  async #someTimes<T>(act: () => Promise<T>, about: object): Promise<T | undefined> {
    const { stop, batch } = this.#work;
    const polling = new Polling(this.#work, this.#deps);
    for (let tries = 1; tries <= TRIES; tries += 1) {
      if (tries > 1) await polling.wait();
      try {
        return await act();
      } catch (thrown) {
        stop.throwIfAborted();
        if (tries < TRIES) continue;
        const { reason } = ProviderError.from(thrown);
        const fields = { batch: batch.id, upstream: about, reason };
        this.#deps.log.warn(fields, 'files of a batch stay at the upstream');
      }
    }
    return undefined;
  }
}
