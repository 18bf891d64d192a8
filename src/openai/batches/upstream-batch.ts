import { ProviderError } from '../../core/errors.ts';
import { isObject } from '../../core/is-object.ts';
import { present } from '../../core/present.ts';
import type {
  NewUpstreamBatch,
  UpstreamBatch,
  UpstreamBatchError,
  UpstreamBatchStatus,
} from '../../core/upstream-batches.ts';
import { fromErrorObject } from '../errors/map-error.ts';
import { type JsonRecord, recordOf, stringOr } from '../values/json-record.ts';
import { identifier, plainName } from '../values/upstream-text.ts';

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
  if (id === undefined) throw withoutId('batch');
  const { data } = recordOf(batch.errors);
  return {
    id,
    status: statusOf(batch.status),
    ...present({
      outputFileId: plainName(stringOr(batch.output_file_id)),
      errorFileId: plainName(stringOr(batch.error_file_id)),
    }),
    errors: Array.isArray(data) ? data.filter(isObject).slice(0, MAX_ERRORS).map(toError) : [],
    counts: countsOf(recordOf(batch.request_counts)),
  };
}

/** The upstream took it, and did not say as what. */
export function withoutId(what: 'file' | 'batch'): ProviderError {
  return new ProviderError('SERVICE_UNAVAILABLE', {
    message: `The upstream's answer names no id of the ${what}.`,
    upstreamStatus: 200,
    unreadable: true,
  });
}

/** Azure writes `Validating`, where it does not write as OpenAI does, and `canceled` in places. */
function statusOf(status: unknown): UpstreamBatchStatus {
  const name = stringOr(status)
    .toLowerCase()
    .replace('celed', 'celled')
    .replace('celing', 'celling');
  return STATUSES.has(name) ? (name as UpstreamBatchStatus) : 'in_progress';
}

/** When a file or a batch was made, in epoch seconds, also where it is a date; Infinity if nothing says. */
export function createdAt({ created_at: at }: JsonRecord): number {
  const seconds = typeof at === 'string' ? Date.parse(at) / 1_000 : at;
  return Number.isFinite(seconds) ? Number(seconds) : Number.POSITIVE_INFINITY;
}

/**
 * Whether it is the batch that was made with this metadata, or of this file where the upstream tells no
 * metadata (Azure's documentation shows null). One that failed is as good as none.
 */
export function isMadeOf(
  batch: JsonRecord,
  { fileId, metadata }: Pick<NewUpstreamBatch, 'fileId' | 'metadata'>,
): boolean {
  const told = recordOf(batch.metadata);
  const keys = Object.keys(metadata);
  if (keys.some((key) => key in told)) return keys.every((key) => told[key] === metadata[key]);
  return batch.input_file_id === fileId && statusOf(batch.status) !== 'failed';
}

function toError(error: JsonRecord): UpstreamBatchError {
  const { code, line } = error;
  return {
    code: identifier(stringOr(code)) ?? '',
    // Made when it is asked for: fifty thousand at once took a second.
    get error() {
      return fromErrorObject({ error }, { model: '', requestId: '' });
    },
    ...present({ line: typeof line === 'number' ? line : undefined }),
  };
}

function countsOf({ total, completed, failed }: JsonRecord): UpstreamBatch['counts'] {
  return { total: count(total), completed: count(completed), failed: count(failed) };
}

function count(value: unknown): number {
  return Number.isSafeInteger(value) ? Math.max(0, Number(value)) : 0;
}
