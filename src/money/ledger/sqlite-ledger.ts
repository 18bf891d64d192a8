import type { Charge } from '../../core/call.ts';
import type { Clock, Timer } from '../../core/clock.ts';
import type { BatchBooks } from '../batches/batch-store.ts';
import { Attempt } from './attempt.ts';
import { Backlog } from './backlog.ts';
import { batchBooks } from './batch-books.ts';
import { InFlight } from './in-flight.ts';
import type { Journal } from './journal.ts';
import type {
  Ledger,
  LedgerEntry,
  LedgerOpening,
  LedgerQuery,
  LedgerRecord,
  LedgerSums,
  Spending,
} from './ledger.ts';
import type { LedgerLog } from './ledger-log.ts';
import { Outage } from './outage.ts';
import type { RecordStore } from './record-store.ts';
import { Retention, type RetentionOptions } from './retention.ts';
import { sumRecords } from './sums.ts';
import { dayOf, Groups, NO_LABELS } from './totals.ts';

export interface SqliteLedgerDeps {
  readonly store: RecordStore;
  /** Of what is in flight. Absent: nothing outlives the process. */
  readonly journal?: Journal;
  /** Lets go of the directory. */
  readonly release?: () => void;
  readonly clock: Clock;
  readonly log: LedgerLog;
  readonly onRecord?: (record: LedgerRecord) => void;
}

/** How long what is settled waits for others to be written with it. */
const FLUSH_MS = 50;

/** After a write that failed. */
const RETRY_MS = 1_000;

const SPENDERS: LedgerQuery = { groupBy: ['model', 'userId', 'projectId'] };

/**
 * The ledger in SQLite. What is opened is in the journal at once; what is settled goes to the database
 * in batches, off the path of calls, and waits in memory while the database cannot be written.
 */
export class SqliteLedger implements Ledger {
  readonly #store: RecordStore;
  readonly #clock: Clock;
  readonly #log: LedgerLog;
  readonly #release: (() => void) | undefined;
  readonly #onRecord: ((record: LedgerRecord) => void) | undefined;
  readonly #inFlight: InFlight | undefined;
  readonly #backlog = new Backlog();
  readonly #database: Outage;
  readonly #retention: Retention;
  /** Numbers of attempts of which the journal should know that they are done. */
  #done: number[] = [];
  #lastNumber = 0;
  #flushTimer: Timer | undefined;
  #closed = false;

  readonly batches?: BatchBooks;

  /** The ledger owns what it is given, and closes it. */
  constructor(retention: RetentionOptions, deps: SqliteLedgerDeps) {
    const { store, journal, release, clock, log } = deps;
    this.#onRecord = deps.onRecord;
    this.#store = store;
    this.#clock = clock;
    this.#log = log;
    this.#release = release;
    this.#database = new Outage('ledger database', log);
    this.#retention = new Retention(retention, { store, outage: this.#database, clock });
    if (journal !== undefined) {
      const outage = new Outage('ledger journal', log);
      this.#inFlight = new InFlight({ journal, outage, clock });
      this.batches = batchBooks(store.batches, (record) => this.#onRecord?.(record));
    }
  }

  open(opening: LedgerOpening): LedgerEntry {
    const attempt = new Attempt(++this.#lastNumber, opening, this.#over);
    if (this.#closed) return attempt;
    this.#inFlight?.add(attempt);
    if (this.#inFlight?.broken) this.#flushAfter(RETRY_MS);
    return attempt;
  }

  async sums(query: LedgerQuery): Promise<LedgerSums> {
    this.#flushAll();
    return sumRecords(this.#store, query, this.#clock.now());
  }

  spending(since: number): readonly Spending[] {
    this.#flushAll();
    const firstDay = dayOf(since);
    const spenders = new Groups();
    for (const group of this.#store.sumsFrom(firstDay, SPENDERS)) spenders.add(group, group);
    for (const [{ day, model, userId, projectId }, totals] of this.#backlog.dailyShares()) {
      if (day >= firstDay) spenders.add({ ...NO_LABELS, model, userId, projectId }, totals);
    }
    return Array.from(spenders.values(), ({ model, userId, projectId, picoDollars }) => ({
      model,
      userId,
      projectId,
      picoDollars,
    }));
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#flushAll();
    this.#closed = true;
    if (!this.#backlog.empty && this.#inFlight?.broken !== false) {
      this.#log.error({ attempts: this.#backlog.size }, 'attempts are lost to the ledger');
    }
    this.#flushTimer?.cancel();
    this.#retention.stop();
    this.#inFlight?.close(!this.#backlog.empty);
    this.#store.close();
    this.#release?.();
  }

  readonly #over = (attempt: Attempt, charge?: Charge): void => {
    // Too late: the next start finds it in the journal.
    if (this.#closed) return;
    this.#inFlight?.delete(attempt);
    if (charge === undefined) {
      this.#done.push(attempt.number);
    } else {
      const { callId, traceId, userId, projectId, startedAt } = attempt.opening;
      const record = { ...charge, callId, traceId, userId, projectId };
      this.#backlog.add(attempt.number, { openedAt: startedAt, record });
      this.#onRecord?.(record);
    }
    this.#flushAfter(FLUSH_MS);
  };

  #flushAfter(ms: number): void {
    this.#flushTimer ??= this.#clock.after(ms, () => this.#flush());
  }

  /** As far as the database can be written. */
  #flushAll(): void {
    while (!this.#backlog.empty && this.#flush());
  }

  /** Writes a batch to the database, and what follows from it to the journal. Whether it could. */
  #flush(): boolean {
    this.#flushTimer?.cancel();
    this.#flushTimer = undefined;
    const moved = this.#backlog.empty || this.#database.watch(() => this.#moveBatch());
    this.#writeJournal(moved);
    if (!moved || this.#inFlight?.broken) this.#flushAfter(RETRY_MS);
    else if (!this.#backlog.empty) this.#flushAfter(0);
    return moved;
  }

  #moveBatch(): void {
    this.#done = this.#done.concat(this.#backlog.moveTo(this.#store));
  }

  #writeJournal(moved: boolean): void {
    const inFlight = this.#inFlight;
    const numbers = this.#done;
    this.#done = [];
    if (inFlight === undefined) return;
    if (numbers.length > 0) inFlight.append({ type: 'done', numbers });
    if (inFlight.broken || (inFlight.large && this.#backlog.empty)) {
      inFlight.renew(this.#backlog.lines('all'));
    } else if (!moved) {
      for (const line of this.#backlog.lines('new')) inFlight.append(line);
    }
  }
}
