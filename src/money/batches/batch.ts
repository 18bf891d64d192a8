import type { Charge } from '../../core/call-record.ts';
import type { Cost, Usage } from '../../core/usage.ts';

/** In-process form of tamma.provider.v1.BatchExecution. */
export type BatchExecution = 'upstream' | 'local';

/** In-process form of tamma.provider.v1.BatchState; `receiving`: its items still come. */
export type BatchState =
  | 'receiving'
  | 'queued'
  | 'running'
  | 'completed'
  | 'partial'
  | 'failed'
  | 'cancelling'
  | 'cancelled'
  | 'expired';

/** Those in which there is still something to do. */
export const UNFINISHED: readonly BatchState[] = ['queued', 'running', 'cancelling'];

/** What is fixed once a batch is made. Times are epoch ms. */
export interface NewBatch {
  readonly id: string;
  /** Whose it is; empty: nobody's in particular. */
  readonly owner: string;
  /** Empty: none. */
  readonly idempotencyKey: string;
  readonly displayName: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly createdAt: number;
  readonly expiresAt: number;
}

/** A batch as it stands. */
export interface Batch extends NewBatch {
  readonly state: BatchState;
  readonly execution: BatchExecution;
  readonly counts: BatchCounts;
  /** Absent: nothing was used. */
  readonly usage?: Usage;
  /** Absent: nothing was used, or costs are not tracked. */
  readonly cost?: Cost;
  /** Absent: it has not. */
  readonly finishedAt?: number;
  /** Of the batches into which it was split, in order. */
  readonly upstreamBatchIds: readonly string[];
  /** One sentence each. */
  readonly problems: readonly string[];
}

export interface BatchCounts {
  readonly total: number;
  readonly completed: number;
  readonly failed: number;
}

/**
 * How far a part of a batch is. What may have happened at the upstream although nobody has heard of it
 * (`uploading`, `creating`) is written down before it is begun.
 */
export type PartState =
  /** Nothing was sent. */
  | 'waiting'
  | 'uploading'
  | 'uploaded'
  | 'creating'
  /** The upstream has it. */
  | 'running'
  /** All its items have results; its files at the upstream are to be deleted. */
  | 'settled'
  | 'ended';

/** Items of a batch that are worked off together: at the upstream one file of one model. */
export interface BatchPart {
  /** Unique in the batch. */
  readonly number: number;
  readonly execution: BatchExecution;
  /** Name of the upstream; empty for a local part. */
  readonly upstream: string;
  /** The path that its requests share; empty for a local part. */
  readonly endpoint: string;
  /** The name that is sent; empty for a local part. */
  readonly model: string;
  /** Id of the model in the catalogue, or else its name; empty for a local part. */
  readonly modelId: string;
  /** Name of the file that holds its items, in the batch's directory. */
  readonly file: string;
  readonly state: PartState;
  /** Epoch ms at which the last upload or creation was begun; names it. Whole. */
  readonly since: number;
  /** Of what was uploaded, in bytes. */
  readonly size: number;
  /** Empty: there is none yet. */
  readonly fileId: string;
  /** Empty: there is none yet. */
  readonly upstreamBatchId: string;
  /** Name of the API key whose project they belong to. Empty: none yet, or the first. */
  readonly key: string;
}

export type NewPart = Pick<
  BatchPart,
  'number' | 'execution' | 'upstream' | 'endpoint' | 'model' | 'modelId' | 'file'
>;

/** One request of a batch, as it is written down when it arrives. */
export interface NewItem {
  /** From 1, in order of arrival. */
  readonly number: number;
  readonly customId: string;
  /** Of the part. */
  readonly part: number;
  /** Where it stands in its part's file, in bytes; without the line's end. */
  readonly offset: number;
  readonly length: number;
  readonly userId: string;
  readonly projectId: string;
  /** The most that it can cost, in pico-dollars; absent: no price is known. */
  readonly most?: bigint;
  /** Tokens of its prompt, counted or estimated. */
  readonly inputTokens: number;
  /** What is needed to read its answer. */
  readonly context: string;
}

/** An item without a result. */
export type OpenItem = Omit<NewItem, 'part'>;

/** What became of an item. */
export interface NewResult {
  readonly customId: string;
  /** The answer, or the error. */
  readonly result: string;
  readonly succeeded: boolean;
  /** Absent: nothing was used. */
  readonly usage?: Usage;
  /** Absent: nothing was used, or costs are not tracked. */
  readonly cost?: Cost;
  /** Goes into the ledger with the result. Absent: it is there, or nothing was used. */
  readonly record?: BatchCharge;
}

/** What an item cost, as the ledger takes it. */
export interface BatchCharge extends Charge {
  /** Unique to the item. */
  readonly callId: string;
  readonly traceId: string;
  readonly userId: string;
  readonly projectId: string;
}

/** A result that was new. */
export interface SettledItem {
  readonly customId: string;
  readonly userId: string;
  readonly projectId: string;
  /** As in NewItem; 0 if no price is known. */
  readonly most: bigint;
}

export interface BatchResult {
  readonly sequence: number;
  readonly customId: string;
  readonly result: string;
}

/** What the items of a part that have no result can cost at most, by who pays. */
export interface Owed {
  readonly userId: string;
  readonly projectId: string;
  readonly most: bigint;
}

export interface BatchListQuery {
  /** Absent: everybody's. */
  readonly owner?: string;
  readonly state?: BatchState;
  /** As `next` of the page before. Absent: the first page. */
  readonly before?: number;
  readonly limit: number;
}

export interface BatchList {
  readonly batches: readonly Batch[];
  /** Where the next page begins. Absent: this is the last one. */
  readonly next?: number;
}
