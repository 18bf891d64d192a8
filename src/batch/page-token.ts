import { ProviderError } from '../core/errors.ts';
import type { BatchState } from '../money/batches/batch.ts';

/**
 * Where a page of batches ends, and of which list it is. It names a position and no batch, so that it
 * outlives the batch that stood there.
 *
 * @param before number of the last batch of the page
 */
export function pageTokenOf(before: number, state: BatchState | undefined): string {
  return Buffer.from(`${before} ${state ?? ''}`).toString('base64url');
}

/**
 * The number in a token.
 *
 * @throws ProviderError INVALID_REQUEST if it is none, or of a list of another state
 */
export function readPageToken(token: string, state: BatchState | undefined): number {
  const text = Buffer.from(token, 'base64url').toString();
  const [, before, of] = /^([1-9][0-9]{0,14}) ([a-z]*)$/.exec(text) ?? [];
  if (before === undefined) throw badPage('must be a next_page_token of this provider');
  if (of !== (state ?? '')) throw badPage('is of a list of batches in another state');
  return Number(before);
}

function badPage(description: string): ProviderError {
  return new ProviderError('INVALID_REQUEST', {
    fieldViolations: [{ field: 'page_token', description }],
  });
}
