import type { BatchRequestLine } from './batch-results.ts';
import type { BatchBehaviour } from './behaviour.ts';
import type { StoredFile } from './files.ts';

export interface StoredBatch {
  readonly id: string;
  readonly endpoint: string;
  readonly inputFileId: string;
  readonly metadata: Readonly<Record<string, string>>;
  /** Epoch ms. */
  readonly createdAt: number;
  /** When it says that it was made, in epoch ms. */
  readonly date: number;
  readonly lines: readonly BatchRequestLine[];
  readonly tokens: number;
  readonly model: string;
  errors: readonly object[];
  cancelledAt?: number;
  /** Set when it is over: how many of its requests were worked on. */
  done?: number;
  /** Of all requests, as it is told. */
  counts?: { readonly completed: number; readonly failed: number };
  files?: { output?: StoredFile; error?: StoredFile };
}

/** @param now epoch ms */
export function batchObject(
  batch: StoredBatch,
  status: string,
  { filesAfterMs }: BatchBehaviour,
  now: number,
): object {
  const { counts = { completed: 0, failed: 0 }, lines, files } = batch;
  const times = [files?.output, files?.error].flatMap((file) => file?.createdAt ?? []);
  const told = times.every((createdAt) => now - createdAt >= filesAfterMs);
  const { output, error } = (told && files) || {};
  return {
    id: batch.id,
    object: 'batch',
    endpoint: batch.endpoint,
    errors: batch.errors.length === 0 ? null : { object: 'list', data: batch.errors },
    input_file_id: batch.inputFileId,
    completion_window: '24h',
    status,
    output_file_id: output?.id ?? null,
    error_file_id: error?.id ?? null,
    created_at: Math.floor(batch.date / 1_000),
    request_counts: { total: lines.length, ...counts },
    metadata: batch.metadata,
  };
}

/**
 * Why the batch fails before anything is worked on.
 *
 * @param held tokens that other batches of its model hold
 */
export function batchProblems(
  { lines, endpoint, model, tokens }: StoredBatch,
  { maxRequests, enqueuedTokens, refuseLine }: BatchBehaviour,
  held: number,
): readonly object[] {
  if (lines.length > maxRequests) return [problem('too_many_tasks', 'too many requests')];
  if (held + tokens > enqueuedTokens) {
    const message = `Enqueued token limit reached for ${model} in organization org-simulated. Limit: ${enqueuedTokens.toLocaleString('en')} enqueued tokens. Please try again once some in_progress batches have been completed.`;
    return [problem('token_limit_exceeded', message)];
  }
  const seen = new Set<string>();
  return lines.flatMap((request, index) => {
    const { custom_id, url, body } = request;
    const line = index + 1;
    if (refuseLine(request)) return [problem('invalid_request', 'wrong', line)];
    if (seen.has(custom_id)) return [problem('duplicate_custom_id', 'said twice', line)];
    seen.add(custom_id);
    if (url !== endpoint) return [problem('mismatched_url', 'another endpoint', line)];
    if (body.model !== model) return [problem('mismatched_model', 'another model', line)];
    if (body.stream === true) return [problem('invalid_stream', 'cannot stream', line)];
    return [];
  });
}

/** @param line from 1; null: it is about the whole file */
export function problem(code: string, message: string, line: number | null = null): object {
  return { code, message, line, param: null };
}
