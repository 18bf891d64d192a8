import type {
  UpstreamBatch,
  UpstreamBatchError,
  UpstreamBatchStatus,
} from '../core/upstream-batches.ts';
import { isObject, malformed } from './json-checks.ts';
import { type JsonRecord, recordOf, stringOr } from './json-record.ts';
import { fromErrorObject } from './map-error.ts';
import { present } from './present.ts';
import { identifier, plainName } from './upstream-text.ts';

const STATUSES: ReadonlySet<string> = new Set<UpstreamBatchStatus>([
  'validating',
  'in_progress',
  'finalizing',
  'completed',
  'failed',
  'expired',
  'cancelling',
  'cancelled',
]);

/** More are of no use to anybody: a file has at most 50,000 lines. */
const MAX_ERRORS = 50_000;

/**
 * A batch as the upstream tells of it.
 *
 * @throws ProviderError if it is none
 */
export function toUpstreamBatch(batch: JsonRecord): UpstreamBatch {
  const id = plainName(stringOr(batch.id));
  if (id === undefined) throw malformed('a batch has no id');
  const { data } = recordOf(batch.errors);
  return {
    id,
    status: statusOf(batch.status),
    inputFileId: plainName(stringOr(batch.input_file_id)) ?? '',
    ...present({
      outputFileId: plainName(stringOr(batch.output_file_id)),
      errorFileId: plainName(stringOr(batch.error_file_id)),
    }),
    errors: Array.isArray(data) ? data.filter(isObject).slice(0, MAX_ERRORS).map(toError) : [],
    counts: countsOf(recordOf(batch.request_counts)),
  };
}

function statusOf(status: unknown): UpstreamBatchStatus {
  return STATUSES.has(stringOr(status)) ? (status as UpstreamBatchStatus) : 'in_progress';
}

function toError(error: JsonRecord): UpstreamBatchError {
  const { code, line } = error;
  return {
    code: identifier(stringOr(code)) ?? '',
    error: fromErrorObject({ error }, { model: '', requestId: '' }),
    ...present({ line: typeof line === 'number' ? line : undefined }),
  };
}

function countsOf({ total, completed, failed }: JsonRecord): UpstreamBatch['counts'] {
  return { total: count(total), completed: count(completed), failed: count(failed) };
}

function count(value: unknown): number {
  return Number.isSafeInteger(value) ? Math.max(0, Number(value)) : 0;
}
