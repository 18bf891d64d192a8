import type { DatabaseSync } from 'node:sqlite';
import type {
  Batch,
  BatchCharge,
  BatchExecution,
  BatchList,
  BatchListQuery,
  BatchPart,
  BatchResult,
  NewBatch,
  NewItem,
  NewPart,
  NewResult,
  OpenItem,
  Owed,
  SettledItem,
} from './batch.ts';
import { BatchSum } from './batch-sum.ts';
import { BatchTable } from './batch-table.ts';
import { ItemTable } from './item-table.ts';
import { type PartChange, PartTable } from './part-table.ts';

/** At most so many results of the same error are written at once. */
const MAX_SAME = 1_000;

/** At most so many rows are deleted at once. */
const MAX_DELETED = 5_000;

/**
 * What is kept of batches, in SQLite. Every method is synchronous, is done wholly or not at all, and
 * throws what SQLite throws. A method that is given the id of a batch that is gone does nothing.
 */
export class BatchStore {
  readonly #database: DatabaseSync;
  readonly #book: (records: readonly BatchCharge[]) => void;
  readonly #batches: BatchTable;
  readonly #parts: PartTable;
  readonly #items: ItemTable;

  /** @param book writes records to the ledger, within a transaction that is open */
  constructor(database: DatabaseSync, book: (records: readonly BatchCharge[]) => void) {
    this.#database = database;
    this.#book = book;
    this.#batches = new BatchTable(database);
    this.#parts = new PartTable(database);
    this.#items = new ItemTable(database);
  }

  /** Begins to receive a batch. */
  begin(batch: NewBatch): void {
    this.#batches.insert(batch);
  }

  /** Returns the custom_ids that were there already. */
  addItems(id: string, items: readonly NewItem[]): readonly string[] {
    return this.#within(id, [], (batch) =>
      items.flatMap((item) => (this.#items.insert(batch, item) ? [] : [item.customId])),
    );
  }

  /** All items are there: from now on the batch exists. */
  commit(id: string, execution: BatchExecution, total: number, parts: readonly NewPart[]): void {
    this.#within(id, undefined, (batch) => {
      for (const part of parts) this.#parts.insert(batch, part);
      this.#batches.update(id, { state: 'queued', execution, total });
    });
  }

  get(id: string): Batch | undefined {
    return this.#batches.get(id);
  }

  byKey(owner: string, key: string): Batch | undefined {
    return this.#batches.byKey(owner, key);
  }

  list(query: BatchListQuery): BatchList {
    return this.#batches.list(query);
  }

  unfinished(): readonly Batch[] {
    return this.#batches.unfinished();
  }

  expendable(cutoff: number, receiving: boolean): readonly string[] {
    return this.#batches.expendable(cutoff, receiving);
  }

  /** Something of it was sent. */
  start(id: string): void {
    this.#batches.changeState(id, 'running', ['queued']);
  }

  cancel(id: string): void {
    this.#batches.changeState(id, 'cancelling', ['queued', 'running']);
  }

  /** Items of it were not answered in time. */
  expire(id: string): void {
    this.#batches.update(id, { expired: 1 });
  }

  /** Every item has a result. */
  finish(id: string, at: number): void {
    this.#batches.finish(id, at);
  }

  /** Those that are known already are not added. */
  addProblem(id: string, problem: string, max: number): void {
    this.#within(id, undefined, () => {
      const { problems = [] } = this.#batches.get(id) ?? {};
      if (problems.includes(problem) || problems.length >= max) return;
      this.#batches.update(id, { problems: JSON.stringify([...problems, problem]) });
    });
  }

  parts(id: string): readonly BatchPart[] {
    return this.#within(id, [], (batch) => this.#parts.list(batch));
  }

  updatePart(id: string, part: number, change: PartChange): void {
    this.#within(id, undefined, (batch) => this.#parts.update(batch, part, change));
  }

  /** Makes a part of the later half of another's open items. Both have nothing at the upstream then. */
  splitPart(id: string, part: number): BatchPart | undefined {
    return this.#within(id, undefined, (batch) => {
      const parts = this.#parts.list(batch);
      const old = parts.find(({ number }) => number === part);
      if (old === undefined) return undefined;
      const number = Math.max(...parts.map((other) => other.number)) + 1;
      this.#parts.insert(batch, { ...old, number });
      this.#items.moveHalf(batch, part, number);
      this.#parts.update(batch, part, { state: 'waiting', fileId: '', upstreamBatchId: '' });
      return this.#parts.list(batch).at(-1);
    });
  }

  openItems(id: string, part: number, after: number, limit: number): readonly OpenItem[] {
    return this.#within(id, [], (batch) => this.#items.open(batch, part, after, limit));
  }

  findItems(id: string, customIds: readonly string[]): readonly OpenItem[] {
    return this.#within(id, [], (batch) => this.#items.find(batch, customIds));
  }

  countOpen(id: string, part: number): { readonly items: number; readonly bytes: number } {
    return this.#within(id, { items: 0, bytes: 0 }, (batch) => this.#items.count(batch, part));
  }

  owed(id: string, part: number): readonly Owed[] {
    return this.#within(id, [], (batch) => this.#items.owed(batch, part));
  }

  /** Keeps what became of items, once each, with what it cost. Returns those that had no result. */
  addResults(id: string, results: readonly NewResult[]): readonly SettledItem[] {
    return this.#within(id, [], (batch) => this.#add(id, batch, results));
  }

  /** Gives the open items of a part, of all spenders or of one, the same failure. At most 1,000. */
  failOpen(
    id: string,
    part: number,
    result: string,
    spender?: Omit<Owed, 'most'>,
  ): readonly SettledItem[] {
    return this.#within(id, [], (batch) => {
      const failed = this.#items
        .openIds(batch, part, MAX_SAME, spender)
        .map((customId) => ({ customId, result, succeeded: false }));
      return this.#add(id, batch, failed);
    });
  }

  results(id: string, after: number, limit: number): readonly BatchResult[] {
    return this.#within(id, [], (batch) => this.#items.results(batch, after, limit));
  }

  /** Deletes a part of the batch. Whether it is gone. */
  delete(id: string): boolean {
    return this.#within(id, true, (batch) => this.#batches.delete(batch, MAX_DELETED));
  }

  #add(id: string, batch: number, results: readonly NewResult[]): readonly SettledItem[] {
    const before = this.#batches.get(id);
    if (before === undefined) return [];
    const sum = new BatchSum(before);
    const settled: SettledItem[] = [];
    const records: BatchCharge[] = [];
    for (const result of results) {
      const item = this.#items.settle(batch, sum.nextSequence, result);
      if (item === undefined) continue;
      settled.push(item);
      sum.add(result);
      if (result.record !== undefined) records.push(result.record);
    }
    if (settled.length > 0) this.#batches.update(id, sum.columns());
    if (records.length > 0) this.#book(records);
    return settled;
  }

  #within<T>(id: string, none: T, work: (batch: number) => T): T {
    const batch = this.#batches.numberOf(id);
    if (batch === undefined) return none;
    this.#database.exec('BEGIN IMMEDIATE');
    try {
      const result = work(batch);
      this.#database.exec('COMMIT');
      return result;
    } catch (error) {
      // SQLite itself rolls back if the disk is full.
      if (this.#database.isTransaction) this.#database.exec('ROLLBACK');
      throw error;
    }
  }
}

/** A store whose answers come later, as from another thread. */
export type BatchBooks = {
  readonly [Name in keyof BatchStore]: (
    ...values: Parameters<BatchStore[Name]>
  ) => Promise<ReturnType<BatchStore[Name]>>;
};
