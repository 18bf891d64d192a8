import { ProviderError } from '../core/errors.ts';
import type { UpstreamBatch } from '../core/upstream-batches.ts';
import type { NewResult, OpenItem } from '../money/batches/batch.ts';
import type { BatchBooks } from '../money/batches/batch-store.ts';
import { storeResult } from './stored-result.ts';

/** What the upstream says when it has as many tokens of a model waiting as the account may have. */
const TOKEN_LIMIT = 'token_limit_exceeded';

/** Rows that are read together. */
const PAGE = 2_000;

export function tokenLimitReached({ status, errors }: UpstreamBatch): boolean {
  return status === 'failed' && errors.some(({ code }) => code === TOKEN_LIMIT);
}

/** Results of the items that the upstream refused a file for; none if it names no lines. */
export async function refusedLines(
  { errors }: UpstreamBatch,
  { batch, part }: { readonly batch: string; readonly part: number },
  books: BatchBooks,
): Promise<readonly NewResult[]> {
  const byLine = new Map(errors.flatMap((error) => (error.line ? [[error.line, error]] : [])));
  if (byLine.size === 0) return [];
  const results: NewResult[] = [];
  let line = 0;
  let items: readonly OpenItem[] = [];
  do {
    items = await books.openItems(batch, part, items.at(-1)?.number ?? 0, PAGE);
    for (const { customId } of items) {
      line += 1;
      const refusal = byLine.get(line);
      if (refusal === undefined) continue;
      results.push({
        customId,
        succeeded: false,
        result: storeResult({ error: refusal.error }),
      });
    }
  } while (items.length === PAGE);
  return results;
}

/** What is wrong with the items of which the upstream's files say nothing. */
export function restError({ status, errors }: UpstreamBatch): ProviderError {
  switch (status) {
    case 'failed':
      return errors[0]?.error ?? new ProviderError('PROVIDER_ERROR', { message: FAILED });
    case 'expired':
      return new ProviderError('DEADLINE_EXCEEDED', { message: EXPIRED });
    case 'cancelled':
      return new ProviderError('CANCELLED', { message: CANCELLED });
    default:
      return new ProviderError('PROVIDER_ERROR', { message: LOST });
  }
}

const FAILED = 'The upstream refused the batch and did not say why.';
const EXPIRED = 'The batch expired at the upstream before this request was answered.';
export const CANCELLED = 'The batch was cancelled before this request was answered.';
const LOST = "The upstream's files hold no result of this request.";
