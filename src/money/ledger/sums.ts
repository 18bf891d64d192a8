import { endReason } from '../../core/signal.ts';
import type { StoreClient } from '../store/store-client.ts';
import type { LedgerQuery, LedgerSums } from './ledger.ts';
import type { LedgerOperations } from './ledger-store.ts';
import { type Range, type Slice, sliceRange } from './range.ts';
import type { RecordStore } from './record-store.ts';
import {
  addTotals,
  endOfDay,
  Groups,
  type Labels,
  NO_LABELS,
  noTotals,
  type Totals,
} from './totals.ts';

const MAX_ROWS = 1_000;

/**
 * Sums over what the database holds, part by part. The worker adds them up: what comes here is the answer.
 *
 * @param now Epoch ms.
 */
export async function sumRecords(
  store: Pick<StoreClient<LedgerOperations>, 'ask'>,
  query: LedgerQuery,
  now: number,
  signal?: AbortSignal,
): Promise<LedgerSums> {
  await store.ask('beginSums', query, now);
  while (await store.ask('readOn')) {
    if (signal?.aborted) throw endReason(signal);
  }
  return store.ask('endSums');
}

/** The sum that is being read in the worker. There is one at a time. */
export class SumsReading {
  readonly #store: RecordStore;
  readonly #query: LedgerQuery;
  readonly #slices: Slice[];
  readonly #groups = new Groups();

  constructor(store: RecordStore, query: LedgerQuery, now: number) {
    this.#store = store;
    this.#query = query;
    this.#slices = [...slicesOf(store, query, now)].reverse();
  }

  /** Reads one part. Whether there are more. */
  readOn(): boolean {
    const slice = this.#slices.pop();
    if (slice === undefined) return false;
    for (const group of this.#store.sums(slice, this.#query)) this.#groups.add(group, group);
    return this.#slices.length > 0;
  }

  end(): LedgerSums {
    return toSums(this.#groups, this.#query);
  }
}

/**
 * The parts in which a sum is read.
 *
 * @param now Epoch ms.
 */
function slicesOf(store: RecordStore, query: LedgerQuery, now: number): readonly Slice[] {
  const range = knownRange(store, query, now);
  return range === undefined ? [] : sliceRange(range, store.deletedBefore());
}

/** @param groups by what the query groups by */
export function toSums(
  groups: Groups,
  { groupBy, limit = MAX_ROWS }: Pick<LedgerQuery, 'groupBy' | 'limit'>,
): LedgerSums {
  const total = { ...NO_LABELS, ...noTotals() };
  for (const group of groups.values()) addTotals(total, group);
  const rows = groupBy.length === 0 ? [] : [...groups.values()].sort(byCost);
  return { rows: rows.slice(0, limit), total, truncated: rows.length > limit, partial: false };
}

/** The part of the query's range of which the ledger can know something; undefined: none. */
function knownRange(store: RecordStore, query: LedgerQuery, now: number): Range | undefined {
  const [firstDay, lastDay] = [store.firstDay(), store.lastDay()];
  if (firstDay === undefined || lastDay === undefined) return undefined;
  const { from = 0, until = Number.POSITIVE_INFINITY } = query;
  // A day that is not over is read as a whole if all of it so far is asked for. There are days that are
  // still to come if the clock was set back.
  const last = Math.min(until, endOfDay(Date.parse(lastDay)));
  return [
    Math.max(from, Date.parse(firstDay)),
    until > now ? Math.max(endOfDay(now), last) : until,
  ];
}

/** Highest first. */
function byCost(a: Labels & Totals, b: Labels & Totals): number {
  if (a.picoDollars === b.picoDollars) return 0;
  return a.picoDollars < b.picoDollars ? 1 : -1;
}
