import type { Clock } from '../../core/clock.ts';
import { pause } from '../../core/pause.ts';
import type {
  Ledger,
  LedgerDimension,
  LedgerQuery,
  LedgerRecord,
  LedgerSums,
} from '../../money/ledger/ledger.ts';
import { dailyShare, endOfDay, startOfDay } from '../../money/ledger/totals.ts';
import { StoreAwayError } from '../redis/script.ts';
import { type PendingGroup, PendingTotals } from './pending-totals.ts';
import type { TotalsSender } from './sender.ts';
import { KEPT_MS, type TotalsServer } from './server.ts';

/** How often what the server has is compared with what it was told, in ms. */
const CHECK_MS = 10_000;

/** Groups that are sent at once: a script call of some milliseconds. */
const MAX_BATCH = 1_000;

/** How often a millisecond is waited for in which nothing ends; no longer, for then the clock was set back. */
const QUIET_TRIES = 50;

/** Nothing is added so far ahead unless the clock is set back meanwhile, in ms. */
const AHEAD_MS = 60_000;

const ALL: readonly LedgerDimension[] = [
  'model',
  'userId',
  'projectId',
  'outcome',
  'target',
  'day',
];

export interface ToldTotalsDeps {
  readonly clock: Clock;
  /** By which records are dated. It may be set back. */
  readonly dated: Pick<Clock, 'now'>;
  readonly ledger: Pick<Ledger, 'sums'>;
  readonly sender: TotalsSender;
  /** Called when the server has more of the sender than the ledger, which then has lost records. */
  readonly renew: () => TotalsSender;
}

/** What is sent, again and again until it has certainly arrived. */
interface Batch {
  readonly day: string;
  readonly groups: readonly PendingGroup[];
  readonly attempts: number;
}

/**
 * Tells the server what this sidecar has consumed: what is new, piece by piece, and a day from the
 * ledger where the server has something else of it than the ledger, because the process was killed
 * before it had told all, or because the server has lost data.
 */
export class ToldTotals {
  readonly #server: TotalsServer;
  readonly #clock: Clock;
  readonly #dated: Pick<Clock, 'now'>;
  readonly #ledger: Pick<Ledger, 'sums'>;
  readonly #renew: () => TotalsSender;
  #sender: TotalsSender;
  readonly #pending = new PendingTotals();
  #batch: Batch | undefined;
  /** Attempts that the server has, by day, as far as it was compared. */
  readonly #told = new Map<string, number>();
  /** Days to be told anew. */
  readonly #wrong = new Set<string>();
  #isCompared = false;
  #checkAt = Number.NEGATIVE_INFINITY;
  /** Epoch ms of the latest record, whole. */
  #latest = Number.NEGATIVE_INFINITY;
  /** It has regard to what stood in the ledger when this process began. */
  #knowsLatest = false;
  /** The last cut, and whether something was added that ended before it. */
  #cut = { at: Number.NEGATIVE_INFINITY, isCrossed: false };

  constructor(server: TotalsServer, { clock, dated, ledger, sender, renew }: ToldTotalsDeps) {
    this.#server = server;
    this.#clock = clock;
    this.#dated = dated;
    this.#ledger = ledger;
    this.#sender = sender;
    this.#renew = renew;
  }

  /** Attempts that the server has not been told of for certain. */
  get pending(): number {
    return this.#pending.allAttempts + (this.#batch?.attempts ?? 0);
  }

  add(record: LedgerRecord): void {
    if (record.endedAt < this.#sender.since) return;
    const endedAt = Math.floor(record.endedAt);
    this.#latest = Math.max(this.#latest, endedAt);
    if (endedAt < this.#cut.at) this.#cut.isCrossed = true;
    const [labels, totals] = dailyShare(record);
    if (this.#pending.add(labels, totals)) return;
    // The ledger has them all.
    this.#wrong.add(labels.day);
    this.#pending.drop(labels.day);
  }

  /** It may be another server, or the same one without its data. */
  checkSoon(): void {
    this.#checkAt = Number.NEGATIVE_INFINITY;
  }

  /** Until the server has all. @param check whether it still has what it was told */
  async tell(check: boolean): Promise<void> {
    if (!this.#isCompared) await this.#compare();
    else if (check || this.#clock.now() >= this.#checkAt) await this.#check();
    for (const day of [...this.#wrong]) await this.#tellAnew(day);
    while (this.#batch !== undefined || !this.#pending.isEmpty) await this.#sendBatch();
  }

  async #sendBatch(): Promise<void> {
    const batch = this.#batch ?? this.#nextBatch();
    if (batch === undefined) return;
    this.#batch = batch;
    const before = this.#told.get(batch.day) ?? 0;
    const piece = { sender: this.#sender.id, ...batch };
    const there = await this.#server.add(piece, before, this.#dated.now());
    if (there === before + batch.attempts) {
      this.#told.set(batch.day, there);
      this.#batch = undefined;
    } else {
      await this.#lost();
      await this.tell(false);
    }
  }

  #nextBatch(): Batch | undefined {
    const [day] = this.#pending.days;
    if (day === undefined) return undefined;
    const groups = this.#pending.take(day, MAX_BATCH);
    return { day, groups, attempts: groups.reduce((sum, { totals }) => sum + totals.attempts, 0) };
  }

  async #check(): Promise<void> {
    const there = await this.#server.attempts(this.#sender.id);
    this.#checkAt = this.#clock.now() + CHECK_MS;
    for (const [day, told] of this.#told) {
      const inDoubt = this.#batch?.day === day ? this.#batch.attempts : 0;
      const has = there.get(day) ?? 0;
      if (has === told || has === told + inDoubt) continue;
      await this.#lost();
      await this.#compare();
      return;
    }
  }

  async #lost(): Promise<void> {
    this.#isCompared = false;
    await this.#server.noteLoss();
  }

  /** Finds the days of which the server has something else than the ledger. */
  async #compare(): Promise<void> {
    await this.#findLatest();
    const until = await this.#newCut();
    const since = Math.max(this.#sender.since, startOfDay(until - KEPT_MS));
    const batch = this.#batch;
    const pending = new Map(this.#pending.days.map((day) => [day, this.#pending.attempts(day)]));
    const { rows } = await this.#sums({ from: since, until, groupBy: ['day'] });
    this.#throwIfCrossed();
    const owned = new Map(rows.map(({ day, attempts }) => [day, attempts]));
    const there = await this.#server.attempts(this.#sender.id);
    this.#told.clear();
    const days = new Set([...owned.keys(), ...there.keys(), ...pending.keys()]);
    for (const day of days) {
      if (Date.parse(day) < startOfDay(since)) continue;
      const [own, has] = [owned.get(day) ?? 0, there.get(day) ?? 0];
      const inDoubt = batch?.day === day ? batch.attempts : 0;
      const expected = own - (pending.get(day) ?? 0) - inDoubt;
      this.#told.set(day, expected);
      if (has === expected || has === expected + inDoubt) continue;
      if (has > own) return this.#beginAnew();
      if (own > 0) this.#wrong.add(day);
    }
    this.#isCompared = true;
    this.#checkAt = this.#clock.now() + CHECK_MS;
  }

  /** The ledger is not the one that the server was told of: what the server has stays. */
  #beginAnew(): void {
    this.#sender = this.#renew();
    this.#batch = undefined;
    this.#told.clear();
    this.#wrong.clear();
    this.#isCompared = true;
  }

  async #tellAnew(day: string): Promise<void> {
    const now = await this.#newCut();
    const until = Math.min(now, endOfDay(Date.parse(day)));
    const from = Math.max(this.#sender.since, Date.parse(day));
    // All of it has ended before, and so the ledger has it; what ends from now on is added later.
    this.#pending.drop(day);
    if (this.#batch?.day === day) this.#batch = undefined;
    this.#wrong.delete(day);
    try {
      const query = { from, until, groupBy: ALL, limit: Number.POSITIVE_INFINITY };
      const { rows, total } = await this.#sums(query);
      this.#throwIfCrossed();
      for (let index = 0; index < Math.max(1, rows.length); index += MAX_BATCH) {
        const groups = rows
          .slice(index, index + MAX_BATCH)
          .map((row) => ({ labels: row, totals: row }));
        const isLast = index + MAX_BATCH >= rows.length;
        const piece = { sender: this.#sender.id, day, groups };
        await this.#server.set(piece, isLast ? total.attempts : undefined, now);
      }
      this.#told.set(day, total.attempts);
    } catch (error) {
      this.#wrong.add(day);
      throw error;
    }
  }

  /** A ledger that cannot be written just now has lost nothing: it is asked again. */
  async #sums(query: LedgerQuery): Promise<LedgerSums> {
    const sums = await this.#ledger.sums(query);
    if (sums.partial) throw new StoreAwayError('The ledger does not have all that has ended.');
    return sums;
  }

  /** Of a clock that was set back before this process began, the ledger has what is still to come. */
  async #findLatest(): Promise<void> {
    if (this.#knowsLatest) return;
    const from = Math.floor(this.#dated.now()) + AHEAD_MS;
    const { rows } = await this.#sums({ from, groupBy: ['day'] });
    for (const { day } of rows) this.#latest = Math.max(this.#latest, endOfDay(Date.parse(day)));
    this.#knowsLatest = true;
  }

  /**
   * A time in whole epoch ms, as the ledger keeps it: what was added so far has ended before it, and what is
   * added later ends at it or after it. Where that does not hold it was crossed: the clock was set back, or
   * something ends in every millisecond.
   */
  async #newCut(): Promise<number> {
    const { signal } = new AbortController();
    const isLate = (now: number) => now <= this.#latest && now > this.#latest - QUIET_TRIES;
    let now = Math.floor(this.#dated.now());
    for (let tries = 0; isLate(now) && tries < QUIET_TRIES; tries += 1) {
      await pause(1, signal, this.#clock);
      now = Math.floor(this.#dated.now());
    }
    const at = Math.max(now, this.#latest + 1);
    this.#cut = { at, isCrossed: false };
    return at;
  }

  #throwIfCrossed(): void {
    if (this.#cut.isCrossed) throw new StoreAwayError('Too much ends to compare totals now.');
  }
}
