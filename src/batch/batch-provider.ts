import type { FieldViolation } from '../core/errors.ts';
import type { Batch, BatchExecution, BatchState } from '../money/batches/batch.ts';
import type { BatchItem } from './item.ts';
import type { ItemResult } from './stored-result.ts';

/** Tamma's batches, in process. The gRPC server is one client of it. */
export interface IAIBatchProvider {
  /**
   * Takes a batch. Nothing is sent before all items were validated. After a dry run (`validateOnly`)
   * the batch has no id, and all that is wrong is in its problems.
   */
  createBatch(
    options: CreateBatchOptions,
    items: AsyncIterable<BatchItem>,
    call: BatchCall,
  ): Promise<Batch>;
  getBatch(id: string, call: BatchCall): Promise<Batch>;
  /** Newest first. */
  listBatches(query: ListQuery, call: BatchCall): Promise<BatchPage>;
  /** What is done is kept. */
  cancelBatch(id: string, call: BatchCall): Promise<Batch>;
  /** In the order in which they came. */
  batchResults(query: ResultsQuery, call: BatchCall): AsyncIterable<BatchResultEvent>;
}

export interface BatchCall {
  /** Ends the call. */
  readonly signal: AbortSignal;
  /** Whose batches it may see and make. Absent: whoever calls has not said who it is. */
  readonly owner?: string;
}

export interface CreateBatchOptions {
  readonly displayName: string;
  /** Empty: every call makes a new batch. */
  readonly idempotencyKey: string;
  /** Absent: by the upstream's batch API where it has one. */
  readonly execution?: BatchExecution;
  /** In ms. Absent: a day. */
  readonly completionWindowMs?: number;
  /** In pico-dollars. Absent: as the budgets allow. */
  readonly maxCost?: bigint;
  readonly validateOnly: boolean;
  readonly metadata: Readonly<Record<string, string>>;
  /** What is wrong beyond what this shows. */
  readonly violations: readonly FieldViolation[];
}

export interface ListQuery {
  /** 1 to 1,000. */
  readonly limit: number;
  /** As in BatchPage. Absent: the first page. */
  readonly pageToken?: string;
  readonly state?: BatchState;
}

export interface BatchPage {
  readonly batches: readonly Batch[];
  /** Absent: this is the last one. */
  readonly nextPageToken?: string;
}

export interface ResultsQuery {
  readonly batchId: string;
  /** 0: from the first. */
  readonly afterSequence: number;
  /** Stay until the batch has ended. */
  readonly wait: boolean;
}

export interface BatchResultEvent {
  readonly sequence: number;
  readonly customId: string;
  readonly result: ItemResult;
}
