import type { BatchPart, Owed } from '../money/batches/batch.ts';
import type { BatchBooks } from '../money/batches/batch-store.ts';
import type { PartChange } from '../money/batches/part-table.ts';

/** A part of a batch, as it is written down. */
export class StoredPart {
  #row: BatchPart;
  readonly #batch: string;
  readonly #books: BatchBooks;

  constructor(row: BatchPart, batch: string, books: BatchBooks) {
    this.#row = row;
    this.#batch = batch;
    this.#books = books;
  }

  get row(): BatchPart {
    return this.#row;
  }

  async change(change: PartChange): Promise<void> {
    await this.#books.updatePart(this.#batch, this.#row.number, change);
    this.#row = { ...this.#row, ...change };
  }

  /** What its items without a result may still cost, by who pays. */
  owed(): Promise<readonly Owed[]> {
    return this.#books.owed(this.#batch, this.#row.number);
  }

  /** Makes another part of the later half of its open items. Both are then to be sent anew. */
  async split(): Promise<BatchPart | undefined> {
    const other = await this.#books.splitPart(this.#batch, this.#row.number);
    this.#row = { ...this.#row, state: 'waiting', fileId: '', upstreamBatchId: '' };
    return other;
  }
}
