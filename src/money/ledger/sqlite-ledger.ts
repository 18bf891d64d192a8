import type { Charge } from '../../core/call-record.ts';
import type { Clock, Timer } from '../../core/clock.ts';
import type { AnswerPlace } from '../../core/upstream-answers.ts';
import type { BatchBooks } from '../batches/batch-store.ts';
import { type Disk, fullness } from '../store/disk.ts';
import type { StoreClient } from '../store/store-client.ts';
import { Attempt } from './attempt.ts';
import { Backlog, type Portion } from './backlog.ts';
import { type BatchOperations, batchBooks } from './batch-books.ts';
import { InFlight } from './in-flight.ts';
import type { Journal } from './journal.ts';
import type {
  KeptBook,
  Ledger,
  LedgerEntry,
  LedgerOpening,
  LedgerQuery,
  LedgerRecord,
  LedgerStatus,
  LedgerSums,
  Payer,
  Spending,
} from './ledger.ts';
import type { LedgerLog } from './ledger-log.ts';
import type { LedgerOperations } from './ledger-store.ts';
import { tellLost } from './lost-records.ts';
import { NO_KEPT_BOOK } from './no-ledger.ts';
import { Outage } from './outage.ts';
import { QueryQueue } from './query-queue.ts';
import { Retention, type RetentionOptions } from './retention.ts';
import { sumRecords } from './sums.ts';

export interface SqliteLedgerDeps {
  readonly store: StoreClient<LedgerOperations>;
  readonly batches: StoreClient<BatchOperations>;
  /** Of what is in flight. Absent: nothing outlives the process. */
  readonly journal?: Journal;
  /** That it is on. Absent: it is in memory. */
  readonly disk?: Disk;
  /** What the journal says that upstreams keep. Default: nothing. */
  readonly kept?: readonly AnswerPlace[];
  readonly clock: Clock;
  readonly log: LedgerLog;
  readonly onRecord?: (record: LedgerRecord) => void;
}

/** How long what is settled waits for others to be written with it. */
const FLUSH_MS = 50;

/** After a write that failed. */
const RETRY_MS = 1_000;

/** What is in memory alone need not leave this thread before so many have come together. */
const MEMORY_BATCH = 1_000;

/** A journal that holds no more than so many settled records is written anew without being noticed. */
const FEW = 500;

/**
 * The ledger in SQLite, which works in a thread of its own. What is opened is in the journal at once,
 * and so is what is settled; from there it goes to the database in batches, and waits in memory while
 * that cannot be written.
 */
export class SqliteLedger implements Ledger {
  readonly #store: StoreClient<LedgerOperations>;
  readonly #clock: Clock;
  readonly #log: LedgerLog;
  readonly #onRecord: ((record: LedgerRecord) => void) | undefined;
  readonly #inFlight: InFlight | undefined;
  readonly #backlog = new Backlog();
  readonly #database: Outage;
  readonly #journal: Outage;
  readonly #disk: Disk | undefined;
  readonly #queries = new QueryQueue();
  /** Records that neither database nor journal would take. */
  #lost = 0;
  readonly #newRetention: () => Retention;
  /** In memory it begins with the first batch: the thread is not started for nothing. */
  #retention: Retention | undefined;
  /** Numbers of attempts of which the journal should know that they are done. */
  #done: number[] = [];
  #lastNumber = 0;
  /** Attempts that went to the database. */
  #moved = 0;
  #flushTimer: Timer | undefined;
  #onItsWay: Portion | undefined;
  /** Resolves once it is no more. */
  #flushing: Promise<boolean> | undefined;
  #closed = false;
  #closing: Promise<void> | undefined;

  readonly batches?: BatchBooks;
  readonly kept: KeptBook;

  constructor(retention: RetentionOptions, deps: SqliteLedgerDeps) {
    const { store, journal, kept = [], clock, log } = deps;
    this.#onRecord = deps.onRecord;
    this.#store = store;
    this.#clock = clock;
    this.#log = log;
    this.#disk = deps.disk;
    this.#database = new Outage('ledger database', log, clock);
    this.#journal = new Outage('ledger journal', log, clock);
    const outage = this.#database;
    this.#newRetention = () => new Retention(retention, { store, outage, clock });
    if (journal !== undefined) {
      this.#retention = this.#newRetention();
      const inFlight = new InFlight({ journal, outage: this.#journal, clock }, kept);
      this.#inFlight = inFlight;
      this.batches = batchBooks(deps.batches, (record) => this.#onRecord?.(record));
      this.kept = {
        left: kept,
        add: (place) => inFlight.keep(place),
        gone: (id) => inFlight.gone(id),
      };
    } else {
      this.kept = NO_KEPT_BOOK;
    }
  }

  open(opening: LedgerOpening): LedgerEntry {
    return new Attempt(++this.#lastNumber, opening, { sent: this.#sent, over: this.#over });
  }

  sums(query: LedgerQuery, signal?: AbortSignal): Promise<LedgerSums> {
    return this.#queries.run(async () => {
      const isWhole = await this.#flushAll();
      const sums = await sumRecords(this.#store, query, this.#clock.now(), signal);
      return isWhole ? sums : { ...sums, partial: true };
    }, signal);
  }

  status(): LedgerStatus {
    const [database, journal] = [this.#database, this.#journal];
    const outage = [database, journal].find(({ problem }) => problem !== undefined);
    const disk = this.#disk?.space;
    const warning = disk && fullness(disk);
    return {
      ...(outage?.problem !== undefined && { problem: outage.problem }),
      ...(warning !== undefined && { warning }),
      ...(disk && { disk }),
      since: outage?.since ?? Math.max(database.since, journal.since),
      pending: this.#backlog.size,
      lost: this.#lost,
    };
  }

  spending(since: number): readonly Spending[] {
    // The thread answers after it has written what is on its way, unless it cannot write just now.
    const written = this.#database.problem === undefined ? this.#onItsWay : undefined;
    const waiting = this.#backlog.spending(since, written);
    // In memory nothing is from before.
    const isEmpty = this.#inFlight === undefined && this.#moved === 0 && written === undefined;
    return isEmpty ? waiting : [...this.#store.askNow('spending', since), ...waiting];
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    const inFlight = this.#inFlight;
    // In memory nothing outlives the process.
    if (inFlight !== undefined && !(await this.#flushAll()) && inFlight.broken) {
      await this.#useReserve(inFlight);
    }
    this.#closed = true;
    this.#flushTimer?.cancel();
    this.#retention?.stop();
    this.#inFlight?.close(!this.#backlog.empty);
  }

  readonly #sent = (attempt: Attempt): void => {
    if (this.#closed) return;
    this.#inFlight?.add(attempt);
    if (this.#inFlight?.broken) this.#flushAfter(RETRY_MS);
  };

  readonly #over = (attempt: Attempt, charge?: Charge, payer?: Payer): void => {
    // Too late: the next start finds it in the journal.
    if (this.#closed) return;
    this.#inFlight?.delete(attempt);
    if (charge === undefined) {
      if (attempt.isSent) this.#inFlight?.append({ type: 'done', numbers: [attempt.number] });
      return;
    }
    const { callId, traceId, userId, projectId, startedAt } = { ...attempt.opening, ...payer };
    const record = { ...charge, callId, traceId, userId, projectId };
    const stored = { openedAt: startedAt, record };
    // Before the caller hears of it: what it was told is what the next start finds.
    const line = { type: 'settled', number: attempt.number, stored } as const;
    this.#backlog.add(attempt.number, stored, this.#inFlight?.append(line) ?? false);
    this.#onRecord?.(record);
    if (this.#inFlight !== undefined || this.#backlog.size >= MEMORY_BATCH) {
      this.#flushAfter(FLUSH_MS);
    }
  };

  #flushAfter(ms: number): void {
    this.#flushTimer ??= this.#clock.after(ms, () => {
      this.#flushTimer = undefined;
      // If a batch is on its way, the next follows it.
      void this.#flush();
    });
  }

  /** What is settled by now, as far as the database can be written. Whether all of it could. */
  async #flushAll(): Promise<boolean> {
    for (let left = this.#backlog.size; left > 0; ) {
      const moved = this.#moved;
      if (!(await this.#flush())) return false;
      left -= Math.max(1, this.#moved - moved);
    }
    return true;
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
    this.#flushTimer?.cancel();
    this.#flushTimer = undefined;
    const moved = this.#backlog.empty || (await this.#database.watch(() => this.#moveBatch()));
    if (this.#closed) return moved;
    this.#writeJournal();
    if (!moved || this.#inFlight?.broken) this.#flushAfter(RETRY_MS);
    else if (!this.#backlog.empty) this.#flushAfter(0);
    return moved;
  }

  async #moveBatch(): Promise<void> {
    const batch = this.#backlog.next();
    this.#onItsWay = batch;
    try {
      await this.#store.ask('add', batch.records, batch.excess);
    } finally {
      this.#onItsWay = undefined;
    }
    this.#backlog.landed(batch);
    if (!this.#closed) this.#retention ??= this.#newRetention();
    this.#moved += batch.numbers.length;
    this.#done = this.#done.concat(batch.numbers);
  }

  #writeJournal(): void {
    const inFlight = this.#inFlight;
    const numbers = this.#done;
    this.#done = [];
    if (inFlight === undefined) return;
    if (numbers.length > 0) inFlight.append({ type: 'done', numbers });
    if (inFlight.broken || (inFlight.large && this.#backlog.size <= FEW)) this.#renew(inFlight);
  }

  #renew(inFlight: InFlight): void {
    if (inFlight.renew(this.#backlog.lines())) this.#backlog.journalled();
  }

  /** The last resort of a stop: what fits goes where it belongs, of the rest the log has the sums. */
  async #useReserve(inFlight: InFlight): Promise<void> {
    try {
      await this.#store.ask('releaseReserve');
    } catch (err) {
      this.#log.error({ err }, 'the reserve of the ledger cannot be let go of');
    }
    await this.#flushAll();
    if (inFlight.broken && !this.#backlog.empty) this.#renew(inFlight);
    this.#lost = tellLost([...this.#backlog.unwritten()], this.#log);
  }
}
