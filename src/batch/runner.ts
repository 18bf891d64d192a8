import { context, type SpanContext, trace } from '@opentelemetry/api';
import { ProviderError } from '../core/errors.ts';
import type { Batch } from '../money/batches/batch.ts';
import { BatchRun } from './batch-run.ts';
import type { LocalDeps } from './local-part.ts';
import { Places } from './local-part.ts';
import type { RunDeps } from './run-deps.ts';

/** Works off all batches that have not ended. */
export class BatchRunner {
  readonly #deps: LocalDeps;
  readonly #runs = new Map<string, BatchRun>();
  readonly #running = new Set<Promise<void>>();
  readonly #stop = new AbortController();

  constructor(deps: RunDeps) {
    this.#deps = { ...deps, places: new Places(deps.options.maxLocalCalls) };
  }

  /** Batches that have not ended, as they stood a moment ago, newest first. */
  get active(): readonly Batch[] {
    return Array.from(this.#runs.values(), ({ current }) => current).reverse();
  }

  /** Goes on with what a process before this one has left. */
  async resume(): Promise<void> {
    const runs = (await this.#deps.books.unfinished()).map((batch) => this.#newRun(batch));
    // Before anybody else can spend it.
    for (const run of runs) await run.open();
    for (const run of runs) this.#start(run);
  }

  add(batch: Batch): void {
    if (this.#stop.signal.aborted || this.#runs.has(batch.id)) return;
    this.#start(this.#newRun(batch, trace.getSpanContext(context.active())));
  }

  #newRun(batch: Batch, creator?: SpanContext): BatchRun {
    return new BatchRun(batch, this.#stop.signal, this.#deps, creator);
  }

  #start(run: BatchRun): void {
    const { batch } = run;
    this.#runs.set(batch.id, run);
    const running = run
      .run()
      // It ends before its time with the process alone.
      .catch(() => undefined)
      .finally(() => {
        this.#runs.delete(batch.id);
        this.#running.delete(running);
      });
    this.#running.add(running);
  }

  /** To be called once the batch is being cancelled in the books. */
  cancel(id: string): void {
    this.#runs.get(id)?.cancel();
  }

  /** Leaves everything as it stands; the next process goes on. */
  async close(): Promise<void> {
    this.#stop.abort(new ProviderError('SHUTTING_DOWN'));
    await Promise.all(this.#running);
  }
}
