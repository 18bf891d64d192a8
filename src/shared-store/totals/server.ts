import { DAY_MS } from '../../core/clock.ts';
import type { LedgerQuery } from '../../money/ledger/ledger.ts';
import { dayOf, startOfDay } from '../../money/ledger/totals.ts';
import type { KeySpace } from '../redis/keys.ts';
import type { ScriptRunner } from '../redis/script.ts';
import { countersOf, fieldOf } from './group.ts';
import type { PendingGroup } from './pending-totals.ts';
import {
  ADD_TOTALS_SCRIPT,
  LIST_DAYS_SCRIPT,
  NOTE_LOSS_SCRIPT,
  READ_DAY_SCRIPT,
  READ_SENDER_SCRIPT,
  SET_TOTALS_SCRIPT,
} from './script.ts';

/** How long a day's totals are kept after they last changed, in ms. */
export const KEPT_MS = 400 * DAY_MS;

/** For how long sums are called partial once data was lost: by then all have noticed, in ms. */
const LOSS_MS = 15_000;

/** Pieces in which a day is read, of some 500 counters each: no day has more. */
const MAX_PIECES = 10_000;

/** What a sender adds to a day, or says of it. */
export interface DayPiece {
  readonly sender: string;
  readonly day: string;
  readonly groups: readonly PendingGroup[];
}

/** The totals as the server has them. Everything rejects as the runner does. */
export class TotalsServer {
  readonly #runner: ScriptRunner;
  readonly #keys: KeySpace;

  constructor(runner: ScriptRunner, keys: KeySpace) {
    this.#runner = runner;
    this.#keys = keys;
  }

  /**
   * Adds a piece to what there is, once.
   *
   * @param attempts of the sender's day, before
   * @returns how many attempts the server has of it now
   */
  async add(piece: DayPiece, attempts: number, now: number): Promise<number> {
    const after = piece.groups.reduce((sum, { totals }) => sum + totals.attempts, attempts);
    return Number(await this.#tell(ADD_TOTALS_SCRIPT, piece, [attempts, after], now));
  }

  /** @param attempts of the whole day; absent: more pieces of it follow */
  async set(piece: DayPiece, attempts: number | undefined, now: number): Promise<void> {
    await this.#tell(SET_TOTALS_SCRIPT, piece, ['', attempts ?? ''], now);
  }

  /** Attempts by day. */
  async attempts(sender: string): Promise<ReadonlyMap<string, number>> {
    const reply = await this.#runner.run(READ_SENDER_SCRIPT, [this.#senderKey(sender)], []);
    return new Map(
      pairs(reply as readonly string[]).map(([day, attempts]) => [day, Number(attempts)]),
    );
  }

  async noteLoss(): Promise<void> {
    await this.#runner.run(NOTE_LOSS_SCRIPT, [this.#keys('totals', 'lost')], [String(LOSS_MS)]);
  }

  /** The midnights of days in a range, in epoch ms, and whether data was lost just now. */
  async days({
    from = 0,
    until,
  }: Pick<LedgerQuery, 'from' | 'until'>): Promise<{ days: readonly number[]; lost: boolean }> {
    const keys = [this.#keys('totals', 'days'), this.#keys('totals', 'lost')];
    const range = [String(startOfDay(from)), until === undefined ? '+inf' : String(until)];
    const reply = await this.#runner.run(LIST_DAYS_SCRIPT, keys, range);
    const [lost, days] = reply as readonly [number, readonly string[]];
    return { days: days.map(Number), lost: lost === 1 };
  }

  /** Counters by field. Piece by piece, for the server does nothing else meanwhile. */
  async readDay(midnight: number): Promise<ReadonlyMap<string, string>> {
    // A piece may repeat what stood in another.
    const groups = new Map<string, string>();
    const key = this.#dayKey(dayOf(midnight));
    let cursor = '0';
    let pieces = 0;
    do {
      pieces += 1;
      if (pieces > MAX_PIECES) throw new Error('The shared store has a day without an end.');
      const reply = await this.#runner.run(READ_DAY_SCRIPT, [key], [cursor]);
      const [next, fields] = reply as readonly [string, readonly string[]];
      for (const [field, counters] of pairs(fields)) groups.set(field, counters);
      cursor = next;
    } while (cursor !== '0');
    return groups;
  }

  #tell(
    script: typeof ADD_TOTALS_SCRIPT,
    { sender, day, groups }: DayPiece,
    attempts: readonly (number | '')[],
    now: number,
  ): Promise<unknown> {
    const keys = [this.#senderKey(sender), this.#keys('totals', 'days'), this.#dayKey(day)];
    const times = [Date.parse(day), ...attempts, startOfDay(now - KEPT_MS), KEPT_MS];
    return this.#runner.run(script, keys, [
      day,
      ...times.map(String),
      ...groups.flatMap(({ labels, totals }) => [fieldOf(labels, sender), countersOf(totals)]),
    ]);
  }

  #dayKey(day: string): string {
    return this.#keys('totals', day);
  }

  #senderKey(sender: string): string {
    return this.#keys('totals', 'attempts', sender);
  }
}

function pairs(list: readonly string[]): readonly (readonly [string, string])[] {
  const found: (readonly [string, string])[] = [];
  for (let index = 0; index + 1 < list.length; index += 2) {
    found.push([list[index] ?? '', list[index + 1] ?? '']);
  }
  return found;
}
