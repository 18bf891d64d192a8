import { randomUUID } from 'node:crypto';
import type { Clock, Timer } from '../core/clock.ts';
import type { ProviderLog } from '../core/provider-log.ts';
import type {
  LedgerDimension,
  LedgerQuery,
  LedgerRecord,
  LedgerSums,
} from '../money/ledger/ledger.ts';
import { toSums } from '../money/ledger/sums.ts';
import { dayOf, Groups, type Labels, NO_LABELS, startOfDay } from '../money/ledger/totals.ts';
import type { SharedStoreOptions } from './options.ts';
import { type PendingGroup, PendingTotals } from './pending-totals.ts';
import { type KeySpace, keySpace } from './redis-keys.ts';
import { type ScriptRunner, StoreAwayError } from './script.ts';
import { countersOf, labelsOf, totalsOf } from './totals-group.ts';
import { ADD_TOTALS_SCRIPT, LIST_DAYS_SCRIPT, READ_DAY_SCRIPT } from './totals-script.ts';

/** The daily totals of all sidecars. */
export interface SharedTotals {
  /** Counts a record that this sidecar has booked. In memory. */
  add(record: LedgerRecord): void;
  /**
   * The sums over all sidecars. Days at the ends of the range are counted as a whole.
   *
   * @throws StoreAwayError if the server is away
   */
  sums(query: LedgerQuery): Promise<LedgerSums>;
  /** Sends what is left, if the server can be reached. */
  close(): Promise<void>;
}

export interface SharedTotalsDeps {
  readonly clock: Clock;
  readonly log: Pick<ProviderLog, 'error'>;
}

/** How often what was counted is sent, in ms. */
const PUSH_MS = 2_000;

const DAY_MS = 86_400_000;

/** How long a day's totals are kept after they last changed, in ms. */
const KEPT_MS = 400 * DAY_MS;

/** How long it is remembered which batches have arrived, in ms. */
const SENDER_MS = 7 * DAY_MS;

/** Groups that are sent at once: a script call of some milliseconds. */
const MAX_BATCH = 1_000;

const PICKED = ['model', 'userId', 'projectId'] as const;

export function sharedTotals(
  runner: ScriptRunner,
  { keyPrefix }: Pick<SharedStoreOptions, 'keyPrefix'>,
  deps: SharedTotalsDeps,
): SharedTotals {
  return new RedisTotals(runner, keySpace(keyPrefix), deps);
}

/** What is sent, again and again until it has certainly arrived. */
interface Batch {
  readonly number: number;
  readonly groups: readonly PendingGroup[];
}

class RedisTotals implements SharedTotals {
  readonly #runner: ScriptRunner;
  readonly #keys: KeySpace;
  readonly #log: SharedTotalsDeps['log'];
  readonly #clock: Clock;
  readonly #sender = randomUUID();
  readonly #pending = new PendingTotals();
  readonly #timer: Timer;
  #batch: Batch | undefined;
  #lastNumber = 0;
  #pushing: Promise<void> | undefined;
  #isRefused = false;

  constructor(runner: ScriptRunner, keys: KeySpace, { clock, log }: SharedTotalsDeps) {
    this.#runner = runner;
    this.#keys = keys;
    this.#clock = clock;
    this.#log = log;
    this.#timer = clock.after(PUSH_MS, () => void this.#pushAgain(), true);
  }

  add(record: LedgerRecord): void {
    this.#pending.add(record);
  }

  async sums(query: LedgerQuery): Promise<LedgerSums> {
    await this.#push();
    const groups = new Groups();
    for (const midnight of await this.#days(query)) {
      for (const [field, counters] of await this.#readDay(midnight)) {
        const labels = labelsOf(field, midnight);
        if (PICKED.every((label) => (query[label] ?? labels[label]) === labels[label])) {
          groups.add(grouped(labels, query.groupBy), totalsOf(counters));
        }
      }
    }
    return toSums(groups, query);
  }

  async close(): Promise<void> {
    this.#timer.cancel();
    await this.#tryToPush();
  }

  async #pushAgain(): Promise<void> {
    await this.#tryToPush();
    this.#timer.refresh();
  }

  async #tryToPush(): Promise<void> {
    try {
      await this.#push();
      this.#isRefused = false;
    } catch (err) {
      // Of its being away the connection tells.
      if (err instanceof StoreAwayError || this.#isRefused) return;
      this.#isRefused = true;
      this.#log.error({ err }, 'the shared store refuses to keep totals');
    }
  }

  #push(): Promise<void> {
    this.#pushing ??= this.#pushAll().finally(() => {
      this.#pushing = undefined;
    });
    return this.#pushing;
  }

  async #pushAll(): Promise<void> {
    while (this.#batch !== undefined || !this.#pending.isEmpty) {
      this.#batch ??= { number: ++this.#lastNumber, groups: this.#pending.take(MAX_BATCH) };
      await this.#send(this.#batch);
      this.#batch = undefined;
    }
  }

  async #send({ number, groups }: Batch): Promise<void> {
    const days = [...new Set(groups.map(({ day }) => day))];
    const midnights = days.map((day) => Date.parse(day));
    const keptFrom = startOfDay(this.#clock.now() - KEPT_MS);
    await this.#runner.run(
      ADD_TOTALS_SCRIPT,
      [this.#keys('totals', 'sender', this.#sender), this.#index, ...midnights.map(this.#dayKey)],
      [
        ...[number, SENDER_MS, KEPT_MS, keptFrom, days.length, ...midnights].map(String),
        ...groups.flatMap(({ day, field, totals }) => [
          String(days.indexOf(day) + 1),
          field,
          countersOf(totals),
        ]),
      ],
    );
  }

  /** Their midnights, in epoch ms. */
  async #days({ from = 0, until }: LedgerQuery): Promise<readonly number[]> {
    const range = [String(startOfDay(from)), until === undefined ? '+inf' : String(until)];
    const days = await this.#runner.run(LIST_DAYS_SCRIPT, [this.#index], range);
    return (days as readonly string[]).map(Number);
  }

  /** Piece by piece, for the server does nothing else meanwhile. */
  async #readDay(midnight: number): Promise<ReadonlyMap<string, string>> {
    // A piece may repeat what stood in another.
    const groups = new Map<string, string>();
    let cursor = '0';
    do {
      const reply = await this.#runner.run(READ_DAY_SCRIPT, [this.#dayKey(midnight)], [cursor]);
      const [next, fields] = reply as readonly [string, readonly string[]];
      for (const [index, field] of fields.entries()) {
        if (index % 2 === 0) groups.set(field, fields[index + 1] ?? '');
      }
      cursor = next;
    } while (cursor !== '0');
    return groups;
  }

  get #index(): string {
    return this.#keys('totals', 'days');
  }

  readonly #dayKey = (midnight: number): string => this.#keys('totals', dayOf(midnight));
}

/** What is not grouped by is empty. */
function grouped(labels: Labels, groupBy: readonly LedgerDimension[]): Labels {
  const own = groupBy.map((dimension) => [dimension, labels[dimension]]);
  return { ...NO_LABELS, ...Object.fromEntries(own) };
}
