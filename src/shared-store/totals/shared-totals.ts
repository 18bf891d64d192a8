import type { Clock, Timer } from '../../core/clock.ts';
import type { ProviderLog } from '../../core/provider-log.ts';
import type {
  Ledger,
  LedgerDimension,
  LedgerQuery,
  LedgerRecord,
  LedgerSums,
} from '../../money/ledger/ledger.ts';
import { toSums } from '../../money/ledger/sums.ts';
import { Groups, type Labels, NO_LABELS } from '../../money/ledger/totals.ts';
import { keySpace } from '../redis/keys.ts';
import type { SharedStoreOptions } from '../redis/options.ts';
import { type ScriptRunner, StoreAwayError } from '../redis/script.ts';
import { labelsOf, totalsOf } from './group.ts';
import { newSender, type TotalsSender, totalsSender } from './sender.ts';
import { TotalsServer } from './server.ts';
import { ToldTotals } from './told-totals.ts';

/** The daily totals of all sidecars. */
export interface SharedTotals {
  /** Records that the server has not been told of for certain. */
  readonly pending: number;
  /** Counts a record that this sidecar has booked. In memory. */
  add(record: LedgerRecord): void;
  /**
   * The sums over all sidecars. Days at the ends of the range are counted as a whole.
   *
   * @throws StoreAwayError if the server is away, or would take longer than two seconds
   */
  sums(query: LedgerQuery): Promise<LedgerSums>;
  /** Sends what is left, if the server can be reached. */
  close(): Promise<void>;
}

export interface SharedTotalsDeps {
  readonly clock: Clock;
  /** By which records are dated. */
  readonly dated: Pick<Clock, 'now'>;
  readonly log: Pick<ProviderLog, 'error'>;
  /** Of this sidecar: what the server lacks of it is told anew. */
  readonly ledger: Pick<Ledger, 'sums'>;
  /** Of the ledger. Absent: it ends with the process. */
  readonly directory?: string | undefined;
}

/** How often what was counted is sent, in ms. */
const PUSH_MS = 2_000;

/** Days that are read side by side: over a slow server each takes a round trip. */
const READERS = 32;

/** How long the server may take for one answer, however many days it is asked for, in ms. */
const LONGEST_MS = 1_900;

const PICKED = ['model', 'userId', 'projectId'] as const;

export function sharedTotals(
  runner: ScriptRunner,
  { keyPrefix }: Pick<SharedStoreOptions, 'keyPrefix'>,
  deps: SharedTotalsDeps,
): SharedTotals {
  return new RedisTotals(runner, keyPrefix, deps);
}

class RedisTotals implements SharedTotals {
  readonly #clock: Clock;
  readonly #log: SharedTotalsDeps['log'];
  readonly #server: TotalsServer;
  readonly #own: ToldTotals;
  readonly #timer: Timer;
  #pushing: Promise<void> | undefined;
  #isRefused = false;

  constructor(runner: ScriptRunner, keyPrefix: string, deps: SharedTotalsDeps) {
    const { clock, dated, log, ledger, directory } = deps;
    this.#clock = clock;
    this.#log = log;
    this.#server = new TotalsServer(runner, keySpace(keyPrefix));
    this.#own = new ToldTotals(this.#server, {
      clock,
      dated,
      ledger,
      sender: senderOf(directory, dated.now()),
      renew: () => newSender(directory, dated.now()),
    });
    this.#timer = clock.after(PUSH_MS, () => void this.#pushAgain(), true);
    runner.onChange(() => {
      if (!runner.isUp) return;
      this.#own.checkSoon();
      void this.#tryToPush();
    });
  }

  get pending(): number {
    return this.#own.pending;
  }

  add(record: LedgerRecord): void {
    this.#own.add(record);
  }

  async sums(query: LedgerQuery): Promise<LedgerSums> {
    const late = new AbortController();
    const { promise: tooLong, reject } = Promise.withResolvers<never>();
    late.signal.addEventListener('abort', () => reject(late.signal.reason));
    const timer = this.#clock.after(LONGEST_MS, () =>
      late.abort(new StoreAwayError('The shared store takes too long to tell the usage.')),
    );
    try {
      return await Promise.race([this.#read(query, late.signal), tooLong]);
    } finally {
      timer.cancel();
    }
  }

  /** @param late nobody waits for it any more */
  async #read(query: LedgerQuery, late: AbortSignal): Promise<LedgerSums> {
    await this.#push(true);
    const groups = new Groups();
    const { days, lost } = await this.#server.days(query);
    const rest = days.values();
    const readers = Array.from({ length: READERS }, async () => {
      for (const midnight of rest) {
        late.throwIfAborted();
        await this.#addDay(groups, midnight, query);
      }
    });
    await Promise.all(readers);
    return { ...toSums(groups, query), partial: lost };
  }

  async close(): Promise<void> {
    this.#timer.cancel();
    // What is being told may fail, when much ends at once: by now nothing ends any more.
    await this.#pushing?.catch(() => {});
    await this.#tryToPush();
  }

  async #addDay(groups: Groups, midnight: number, query: LedgerQuery): Promise<void> {
    for (const [field, counters] of await this.#server.readDay(midnight)) {
      const labels = labelsOf(field, midnight);
      if (PICKED.every((label) => (query[label] ?? labels[label]) === labels[label])) {
        groups.add(grouped(labels, query.groupBy), totalsOf(counters));
      }
    }
  }

  async #pushAgain(): Promise<void> {
    await this.#tryToPush();
    this.#timer.refresh();
  }

  async #tryToPush(): Promise<void> {
    try {
      await this.#push(false);
      this.#isRefused = false;
    } catch (err) {
      // Of its being away the connection tells.
      if (err instanceof StoreAwayError || this.#isRefused) return;
      this.#isRefused = true;
      this.#log.error({ err }, 'the shared store refuses to keep totals');
    }
  }

  #push(check: boolean): Promise<void> {
    this.#pushing ??= this.#own.tell(check).finally(() => {
      this.#pushing = undefined;
    });
    return this.#pushing;
  }
}

/** A ledger that ends with the process has been told of by nobody else. */
function senderOf(directory: string | undefined, now: number): TotalsSender {
  const sender = totalsSender(directory, now);
  return directory === undefined ? { ...sender, since: 0 } : sender;
}

/** What is not grouped by is empty. */
function grouped(labels: Labels, groupBy: readonly LedgerDimension[]): Labels {
  const own = groupBy.map((dimension) => [dimension, labels[dimension]]);
  return { ...NO_LABELS, ...Object.fromEntries(own) };
}
