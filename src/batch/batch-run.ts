import { type Clock, MAX_TIMER_MS, type Timer } from '../core/clock.ts';
import { ProviderError } from '../core/errors.ts';
import { pause } from '../core/pause.ts';
import { linkSignal } from '../core/signal.ts';
import type { Batch, BatchPart } from '../money/batches/batch.ts';
import { type LocalDeps, LocalPart } from './local-part.ts';
import type { Work } from './run-deps.ts';
import { UpstreamPart } from './upstream-part.ts';

/** Sentences about what went wrong on the way that a batch keeps. */
const MAX_PROBLEMS = 100;

/** How old the status of a batch may be that is shown, in ms. */
const CURRENT_MS = 1_000;

const CANCELLED = 'The batch was cancelled before this request was answered.';
const EXPIRED = 'The batch ended at its expire_time before this request was answered.';

/** One batch, from where it stands to its end. */
export class BatchRun implements Work {
  readonly batch: Batch;
  readonly stop: AbortSignal;
  readonly end: AbortSignal;
  halted: ProviderError | undefined;
  haltedAt = 0;
  readonly #deps: LocalDeps;
  readonly #ending: ReturnType<typeof linkSignal>;
  readonly #parts = new Set<Promise<void>>();
  #current: Batch;
  #opened: readonly (readonly [BatchPart, LocalPart | UpstreamPart])[] | undefined;
  #expiry: Timer | undefined;

  /** @param stop its reason is always a ProviderError */
  constructor(batch: Batch, stop: AbortSignal, deps: LocalDeps) {
    this.batch = batch;
    this.#current = batch;
    this.stop = stop;
    this.#deps = deps;
    this.#ending = linkSignal(stop);
    this.end = this.#ending.controller.signal;
  }

  /** Holds what the batch may still cost. Part of `run`, unless it is called before. */
  async open(): Promise<void> {
    if (this.#opened !== undefined) return;
    const parts = await this.#deps.books.parts(this.batch.id);
    const opened = parts.map((part) => [part, this.#work(part)] as const);
    for (const [, work] of opened) await work.hold();
    this.#opened = opened;
  }

  /** Resolves when it has ended, or the process stops. */
  async run(): Promise<void> {
    const { books, files, changes, clock } = this.#deps;
    const { id } = this.batch;
    if (this.batch.state === 'cancelling') this.cancel();
    this.#watchExpiry(clock);
    const looking = this.#keepCurrent();
    try {
      await this.open();
      for (const [part, work] of this.#opened ?? []) this.#runPart(part, work);
      while (this.#parts.size > 0) await Promise.all(this.#parts);
      this.stop.throwIfAborted();
      await books.finish(id, clock.now());
      await files.delete(id);
      changes.tell(id);
    } finally {
      this.#expiry?.cancel();
      this.#ending.unlink();
      looking.cancel();
    }
  }

  /** For whoever looks at the status page, once a second. */
  #keepCurrent(): Timer {
    const { books, clock } = this.#deps;
    const timer = clock.after(
      CURRENT_MS,
      () => {
        books
          .get(this.batch.id)
          .then((batch) => {
            if (batch !== undefined) this.#current = batch;
          })
          .catch(() => undefined)
          .finally(() => {
            if (!this.stop.aborted && this.#parts.size > 0) timer.refresh();
          });
      },
      true,
    );
    return timer;
  }

  /** To be called once the batch is being cancelled in the books. */
  cancel(): void {
    this.#halt(new ProviderError('CANCELLED', { message: CANCELLED }));
  }

  /** As it stood a moment ago. */
  get current(): Batch {
    return this.#current;
  }

  async problem(sentence: string): Promise<void> {
    const { books, log, changes } = this.#deps;
    const { id } = this.batch;
    log.warn({ batch: id, problem: sentence }, 'a batch has trouble');
    await books.addProblem(id, sentence, MAX_PROBLEMS);
    changes.tell(id);
  }

  #halt(reason: ProviderError): void {
    if (this.halted !== undefined || this.stop.aborted) return;
    this.halted = reason;
    this.haltedAt = this.#deps.clock.now();
    this.#ending.controller.abort(reason);
  }

  #watchExpiry(clock: Clock): void {
    const leftMs = this.batch.expiresAt - clock.now();
    if (leftMs <= 0) {
      this.#halt(new ProviderError('DEADLINE_EXCEEDED', { message: EXPIRED }));
      return;
    }
    const wait = Math.min(leftMs, MAX_TIMER_MS);
    this.#expiry = clock.after(wait, () => this.#watchExpiry(clock), true);
  }

  #runPart(part: BatchPart, work = this.#work(part)): void {
    const running = this.#untilEnded(part, work).finally(() => this.#parts.delete(running));
    // Whoever waits for all parts may not have begun to.
    running.catch(() => undefined);
    this.#parts.add(running);
  }

  /** What fails for no reason of the upstream's (a disk that is full) is tried again. */
  async #untilEnded(part: BatchPart, first: LocalPart | UpstreamPart): Promise<void> {
    const { books, options, clock, log } = this.#deps;
    const { id } = this.batch;
    let work: LocalPart | UpstreamPart | undefined = first;
    while (work !== undefined) {
      try {
        await work.run();
        return;
      } catch (thrown) {
        if (this.stop.aborted) return;
        log.error({ batch: id, part: part.number, err: thrown }, 'a part of a batch has failed');
        await pause(options.maxPollIntervalMs, this.stop, clock).catch(() => undefined);
        if (this.stop.aborted) return;
        const current = (await books.parts(id)).find(({ number }) => number === part.number);
        work = current && this.#work(current);
        await work?.hold();
      }
    }
  }

  #work(part: BatchPart): LocalPart | UpstreamPart {
    return part.execution === 'local'
      ? new LocalPart(part, this, this.#deps)
      : new UpstreamPart(part, this, this.#deps, (other) => this.#runPart(other));
  }
}
