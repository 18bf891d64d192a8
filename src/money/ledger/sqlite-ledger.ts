import type { Charge } from '../../core/call-record.ts';
import type { Clock } from '../../core/clock.ts';
import type { AnswerPlace } from '../../core/upstream-answers.ts';
import type { BatchBooks } from '../batches/batch-store.ts';
import { type Disk, fullness } from '../store/disk.ts';
import type { StoreClient } from '../store/store-client.ts';
import { Attempt } from './attempt.ts';
import { BacklogWriter } from './backlog-writer.ts';
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
  readonly #backlog: BacklogWriter;
  readonly #database: Outage;
  readonly #journal: Outage;
  readonly #disk: Disk | undefined;
  readonly #queries = new QueryQueue();
  /** Records that neither database nor journal would take. */
  #lost = 0;
  /** In memory it begins with the first batch: the thread is not started for nothing. */
  #retention: Retention | undefined;
  #lastNumber = 0;
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
    const newRetention = () => new Retention(retention, { store, outage, clock });
    if (journal !== undefined) {
      this.#retention = newRetention();
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
    const onMoved = () => {
      this.#retention ??= newRetention();
    };
    this.#backlog = new BacklogWriter({ store, outage, inFlight: this.#inFlight, clock, onMoved });
  }

  open(opening: LedgerOpening): LedgerEntry {
    return new Attempt(++this.#lastNumber, opening, { sent: this.#sent, over: this.#over });
  }

  sums(query: LedgerQuery, signal?: AbortSignal): Promise<LedgerSums> {
    return this.#queries.run(async () => {
      const isWhole = await this.#backlog.flushAll();
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
    return this.#backlog.spending(since);
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    const inFlight = this.#inFlight;
    // In memory nothing outlives the process.
    if (inFlight !== undefined && !(await this.#backlog.flushAll()) && inFlight.broken) {
      await this.#useReserve(inFlight);
    }
    this.#closed = true;
    this.#backlog.close();
    this.#retention?.stop();
    this.#inFlight?.close(!this.#backlog.empty);
  }

  readonly #sent = (attempt: Attempt): void => {
    if (this.#closed) return;
    this.#inFlight?.add(attempt);
    if (this.#inFlight?.broken) this.#backlog.mendJournal();
  };

  readonly #over = (attempt: Attempt, charge?: Charge, payer?: Payer): void => {
    // Too late: the next start finds it in the journal.
    if (this.#closed) return;
    this.#inFlight?.delete(attempt);
    if (charge === undefined) {
      if (attempt.isSent) this.#inFlight?.append({ type: 'done', numbers: [attempt.number] });
      return;
    }
    const { callId, traceId, startedAt } = attempt.opening;
    const { userId, projectId } = payer ?? attempt.opening;
    const record = { ...charge, callId, traceId, userId, projectId };
    const stored = { openedAt: startedAt, record };
    // Before the caller hears of it: what it was told is what the next start finds.
    const line = { type: 'settled', number: attempt.number, stored } as const;
    this.#backlog.add(attempt.number, stored, this.#inFlight?.append(line) ?? false);
    this.#onRecord?.(record);
  };

  /** The last resort of a stop: what fits goes where it belongs, of the rest the log has the sums. */
  async #useReserve(inFlight: InFlight): Promise<void> {
    try {
      await this.#store.ask('releaseReserve');
    } catch (err) {
      this.#log.error({ err }, 'the reserve of the ledger cannot be let go of');
    }
    await this.#backlog.flushAll();
    if (inFlight.broken && !this.#backlog.empty) this.#backlog.renewJournal(inFlight);
    this.#lost = tellLost(this.#backlog.unwritten(), this.#log);
  }
}
