import type { SpanContext } from '@opentelemetry/api';
import { type Clock, MAX_TIMER_MS, type Timer } from '../core/clock.ts';
import { ProviderError } from '../core/errors.ts';
import { pause } from '../core/pause.ts';
import { linkSignal } from '../core/signal.ts';
import type { Batch, BatchPart } from '../money/batches/batch.ts';
import { type LocalDeps, LocalPart } from './local-part.ts';
import { CANCELLED } from './refused-file.ts';
import type { Work } from './run-deps.ts';
import { UpstreamPart } from './upstream-part.ts';

/** Sentences about what went wrong on the way that a batch keeps. */
const MAX_PROBLEMS = 100;

/** How old the status of a batch may be that is shown, in ms. */
const CURRENT_MS = 1_000;

/** What went well for so long was not held up, in ms. */
const GOOD_MS = 60_000;

const EXPIRED = 'The batch ended at its expire_time before this request was answered.';

/** One batch, from where it stands to its end. */
export class BatchRun implements Work {
  readonly batch: Batch;
  readonly creator: SpanContext | undefined;
  readonly stop: AbortSignal;
  readonly end: AbortSignal;
  halted: ProviderError | undefined;
  haltedAt = 0;
  readonly #deps: LocalDeps;
  readonly #ending: ReturnType<typeof linkSignal>;
  readonly #parts = new Set<Promise<void>>();
  #current: Batch;
  #opened: readonly (readonly [BatchPart, LocalPart | UpstreamPart])[] | undefined;
  /** How many of them hold what they may cost. */
  #held = 0;
  #expiry: Timer | undefined;

  /** @param stop its reason is always a ProviderError */
  constructor(batch: Batch, stop: AbortSignal, deps: LocalDeps, creator?: SpanContext) {
    this.batch = batch;
    this.creator = creator;
    this.#current = batch;
    this.stop = stop;
    this.#deps = deps;
    this.#ending = linkSignal(stop);
    this.end = this.#ending.controller.signal;
  }

  /** Holds what the batch may still cost. Part of `run`, unless it is called before; may be tried again. */
  async open(): Promise<void> {
    if (this.#opened === undefined) {
      const parts = await this.#deps.books.parts(this.batch.id);
      this.#opened ??= parts.map((part) => [part, this.#work(part)] as const);
    }
    for (const [, work] of this.#opened.slice(this.#held)) {
      await work.hold();
      this.#held += 1;
    }
  }

  /** Resolves when it has ended, or the process stops. */
  async run(): Promise<void> {
    const { books, files, changes, clock } = this.#deps;
    const { id } = this.batch;
    if (this.batch.state === 'cancelling') this.cancel();
    this.#watchExpiry(clock);
    const looking = this.#keepCurrent();
    try {
      await this.#insist(() => this.open());
      for (const [part, work] of this.#opened ?? []) this.#runPart(part, work);
      while (this.#parts.size > 0) await Promise.all(this.#parts);
      this.stop.throwIfAborted();
      await this.#insist(() => books.finish(id, clock.now()));
      changes.tell(id);
      await this.#insist(() => files.delete(id));
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
    const running = this.#untilEnded(part.number, work).finally(() => this.#parts.delete(running));
    // Whoever waits for all parts may not have begun to.
    running.catch(() => undefined);
    this.#parts.add(running);
  }

  async #untilEnded(number: number, first: LocalPart | UpstreamPart): Promise<void> {
    let next: LocalPart | UpstreamPart | undefined = first;
    await this.#insist(async () => {
      const work = next ?? (await this.#reopened(number));
      // After a failure it goes on from what is written down.
      next = undefined;
      await work?.run();
    }, number);
  }

  /** Undefined: the batch is gone. */
  async #reopened(number: number): Promise<LocalPart | UpstreamPart | undefined> {
    const parts = await this.#deps.books.parts(this.batch.id);
    const part = parts.find((one) => one.number === number);
    const work = part && this.#work(part);
    await work?.hold();
    return work;
  }

  /**
   * What fails for no reason of the upstream's is tried again: a disk may be full, and the thread that
   * keeps may have died over it. The log says so once until it has gone well for a while. Rejects with the end of the process alone.
   */
  async #insist(act: () => Promise<unknown>, part?: number): Promise<void> {
    const { options, clock, log } = this.#deps;
    const fields = { batch: this.batch.id, part };
    for (let isHeldUp = false; ; ) {
      const begunAt = clock.now();
      try {
        await act();
        if (isHeldUp) log.info(fields, 'a batch goes on');
        return;
      } catch (thrown) {
        this.stop.throwIfAborted();
        const isNew = !isHeldUp || clock.now() - begunAt >= GOOD_MS;
        if (isNew) log.error({ ...fields, err: thrown }, 'a batch is held up');
        isHeldUp = true;
        await pause(options.maxPollIntervalMs, this.stop, clock);
      }
    }
  }

  #work(part: BatchPart): LocalPart | UpstreamPart {
    return part.execution === 'local'
      ? new LocalPart(part, this, this.#deps)
      : new UpstreamPart(part, this, this.#deps, (other) => this.#runPart(other));
  }
}
