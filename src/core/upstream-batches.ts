import type { Call } from './call.ts';
import type { ProviderError } from './errors.ts';
import type { MessageResponse } from './events.ts';

/** Where a batch is at the upstream, as OpenAI names it. Others are taken for `in_progress`. */
export type UpstreamBatchStatus =
  | 'validating'
  | 'in_progress'
  | 'finalizing'
  | 'completed'
  | 'failed'
  | 'expired'
  | 'cancelling'
  | 'cancelled';

/** A batch as the upstream tells of it. */
export interface UpstreamBatch {
  readonly id: string;
  readonly status: UpstreamBatchStatus;
  /** Results of the requests that were answered. Absent: there is no such file (yet). */
  readonly outputFileId?: string;
  /** Results of the others. Absent: there is no such file (yet). */
  readonly errorFileId?: string;
  /** Why it failed before it began. */
  readonly errors: readonly UpstreamBatchError[];
  readonly counts: { readonly total: number; readonly completed: number; readonly failed: number };
}

/** What the upstream found wrong with a file of requests. */
export interface UpstreamBatchError {
  /** A plain identifier; empty if the upstream's is none. */
  readonly code: string;
  /** Of the file, from 1. Absent: it is about all of it. */
  readonly line?: number;
  /** Another one each time. */
  readonly error: ProviderError;
}

/** A file of requests on its way to the upstream. */
export interface BatchUpload {
  /** By which it is found again: files have no metadata. */
  readonly name: string;
  /** In all, in bytes. */
  readonly size: number;
  readonly content: AsyncIterable<Uint8Array>;
}

/** What makes a batch of an uploaded file. */
export interface NewUpstreamBatch {
  readonly fileId: string;
  /** As `UpstreamBatches.line` gave it. */
  readonly endpoint: string;
  /** By which it is found again. */
  readonly metadata: Readonly<Record<string, string>>;
}

/** One request of a file. */
export interface BatchLine {
  /** The path that all lines of a file share: `/v1/chat/completions`. */
  readonly endpoint: string;
  /** Without the line's end. */
  readonly text: string;
}

/** What a file of results says of one request. */
export interface BatchLineResult {
  /** Of the line, in characters: what it holds takes some times as much memory. */
  readonly size: number;
  readonly customId: string;
  /**
   * Reads the answer. Rejects with ProviderError if the request failed, or if the answer cannot be read.
   *
   * @param call prepared as it was when its line was written; its messages are not looked at
   */
  answer(call: Call): Promise<MessageResponse>;
}

/**
 * The upstream's Files and Batch APIs. What is uploaded or created belongs to the project of its key; all
 * else is asked with the key that made it, and with the others where that is refused or gone. Every method rejects with ProviderError, or with the signal's
 * reason. A rejection does not say that nothing has happened: what was uploaded or created may be found.
 */
export interface UpstreamBatches {
  /** The line that asks for what the call asks, not streamed. */
  line(customId: string, call: Call): BatchLine;
  /** Names of the API keys, in order, that tell nothing of them; one without a name if none is wanted. */
  readonly keys: readonly string[];
  /** Resolves with the file's id. */
  upload(file: BatchUpload, key: string, signal: AbortSignal): Promise<string>;
  /** The id of a file of this name and size; undefined if none is listed that is newer than `since`. */
  findFile(
    file: Pick<BatchUpload, 'name' | 'size'>,
    since: number,
    key: string,
    signal: AbortSignal,
  ): Promise<string | undefined>;
  /** Of a file that is gone already, too. */
  deleteFile(id: string, key: string, signal: AbortSignal): Promise<void>;
  create(batch: NewUpstreamBatch, key: string, signal: AbortSignal): Promise<UpstreamBatch>;
  /**
   * The batch that has all of this metadata, or, where the upstream tells none, the one of this file;
   * undefined if none is listed that is newer than `since`.
   */
  find(
    batch: Pick<NewUpstreamBatch, 'fileId' | 'metadata'>,
    since: number,
    key: string,
    signal: AbortSignal,
  ): Promise<UpstreamBatch | undefined>;
  retrieve(id: string, key: string, signal: AbortSignal): Promise<UpstreamBatch>;
  cancel(id: string, key: string, signal: AbortSignal): Promise<UpstreamBatch>;
  /**
   * The lines of a file of results, read as they are taken: nothing is held but what is on its way.
   * Undefined for a line that cannot be read, or is too long.
   */
  results(
    fileId: string,
    key: string,
    signal: AbortSignal,
  ): AsyncIterable<BatchLineResult | undefined>;
}
