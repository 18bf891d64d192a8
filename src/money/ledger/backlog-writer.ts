import type { Clock, Timer } from '../../core/clock.ts';
import type { StoreClient } from '../store/store-client.ts';
import { Backlog, type Portion } from './backlog.ts';
import type { InFlight } from './in-flight.ts';
import type { Spending } from './ledger.ts';
import type { LedgerOperations } from './ledger-store.ts';
import type { Outage } from './outage.ts';
import type { StoredRecord } from './record-rows.ts';
import type { Labels, Totals } from './totals.ts';

/** How long what is settled waits for others to be written with it. */
const FLUSH_MS = 50;

/** After a write that failed. */
const RETRY_MS = 1_000;

/** What is in memory alone need not leave this thread before so many have come together. */
const MEMORY_BATCH = 1_000;

/** A journal that holds no more than so many settled records is written anew without being noticed. */
const FEW = 500;

interface BacklogWriterDeps {
  readonly store: StoreClient<LedgerOperations>;
  /** Of the database. */
  readonly outage: Outage;
  /** Undefined: nothing outlives the process. */
  readonly inFlight: InFlight | undefined;
  readonly clock: Clock;
  /** Called when a batch is in the database. */
  readonly onMoved: () => void;
}

/**
 * Moves what is settled to the database, in batches and one at a time, and takes what has arrived out of the
 * journal.
 */
export class BacklogWriter {
  readonly #deps: BacklogWriterDeps;
  readonly #backlog = new Backlog();
  /** Numbers of attempts of which the journal should know that they are done. */
  #done: number[] = [];
  /** Attempts that went to the database. */
  #moved = 0;
  #timer: Timer | undefined;
  #onItsWay: Portion | undefined;
  /** Resolves once it is no more. */
  #flushing: Promise<boolean> | undefined;
  #closed = false;

  constructor(deps: BacklogWriterDeps) {
    this.#deps = deps;
  }

  /** Attempts that wait, those on their way included. */
  get size(): number {
    return this.#backlog.size;
  }

  get empty(): boolean {
    return this.#backlog.empty;
  }

  /** @param isJournalled the journal has it */
  add(number: number, stored: StoredRecord, isJournalled: boolean): void {
    this.#backlog.add(number, stored, isJournalled);
    if (this.#deps.inFlight !== undefined || this.#backlog.size >= MEMORY_BATCH) {
      this.#flushAfter(FLUSH_MS);
    }
  }

  /** What was spent since a midnight UTC, in epoch ms. Blocks until the thread has answered. */
  spending(since: number): readonly Spending[] {
    const { store, outage, inFlight } = this.#deps;
    // The thread answers after it has written what is on its way, unless it cannot write just now.
    const written = outage.problem === undefined ? this.#onItsWay : undefined;
    const waiting = this.#backlog.spending(since, written);
    // In memory nothing is from before.
    const isEmpty = inFlight === undefined && this.#moved === 0 && written === undefined;
    return isEmpty ? waiting : [...store.askNow('spending', since), ...waiting];
  }

  /** The journal is broken: it is written anew before long. */
  mendJournal(): void {
    this.#flushAfter(RETRY_MS);
  }

  /** What is settled by now, as far as the database can be written. Whether all of it could. */
  async flushAll(): Promise<boolean> {
    for (let left = this.#backlog.size; left > 0; ) {
      const moved = this.#moved;
      if (!(await this.#flush())) return false;
      left -= Math.max(1, this.#moved - moved);
    }
    return true;
  }

  /** Puts what waits into a new journal. */
  renewJournal(inFlight: InFlight): void {
    if (inFlight.renew(this.#backlog.lines())) this.#backlog.journalled();
  }

  /** What neither database nor journal has. */
  unwritten(): readonly (Labels & Totals)[] {
    return [...this.#backlog.unwritten()];
  }

  /** Writes nothing more. */
  close(): void {
    this.#closed = true;
    this.#timer?.cancel();
  }

  #flushAfter(ms: number): void {
    this.#timer ??= this.#deps.clock.after(ms, () => {
      this.#timer = undefined;
      // If a batch is on its way, the next follows it.
      void this.#flush();
    });
  }

  /** Writes a batch to the database, and what follows from it to the journal. Whether it could. */
  #flush(): Promise<boolean> {
    // A sum that was asked for before the end must not find the database away.
    if (this.#closed) return Promise.resolve(this.#backlog.empty);
    this.#flushing ??= this.#flushOne().finally(() => {
      this.#flushing = undefined;
    });
    return this.#flushing;
  }

  async #flushOne(): Promise<boolean> {
    const { outage, inFlight } = this.#deps;
    this.#timer?.cancel();
    this.#timer = undefined;
    const moved = this.#backlog.empty || (await outage.watch(() => this.#moveBatch()));
    if (this.#closed) return moved;
    this.#writeJournal();
    if (!moved || inFlight?.broken) this.#flushAfter(RETRY_MS);
    else if (!this.#backlog.empty) this.#flushAfter(0);
    return moved;
  }

  async #moveBatch(): Promise<void> {
    const batch = this.#backlog.next();
    this.#onItsWay = batch;
    try {
      await this.#deps.store.ask('add', batch.records, batch.excess);
    } finally {
      this.#onItsWay = undefined;
    }
    this.#backlog.landed(batch);
    if (!this.#closed) this.#deps.onMoved();
    this.#moved += batch.numbers.length;
    this.#done = this.#done.concat(batch.numbers);
  }

  #writeJournal(): void {
    const { inFlight } = this.#deps;
    const numbers = this.#done;
    this.#done = [];
    if (inFlight === undefined) return;
    if (numbers.length > 0) inFlight.append({ type: 'done', numbers });
    if (inFlight.broken || (inFlight.large && this.#backlog.size <= FEW)) {
      this.renewJournal(inFlight);
    }
  }
}
