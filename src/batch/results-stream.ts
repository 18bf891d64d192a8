import { ProviderError } from '../core/errors.ts';
import { linkSignal } from '../core/signal.ts';
import { type Batch, UNFINISHED } from '../money/batches/batch.ts';
import type { BatchBooks } from '../money/batches/batch-store.ts';
import type { BatchResultEvent, ResultsQuery } from './batch-provider.ts';
import type { Changes } from './changes.ts';
import { restoreResult } from './stored-result.ts';

/** Rows that are read together, if they are small. */
const PAGE = 200;

/** The results of a batch that is there, and if that is wished those that are to come. */
export async function* streamResults(
  { batchId, afterSequence, wait }: ResultsQuery,
  { books, changes }: { readonly books: BatchBooks; readonly changes: Changes },
  parent: AbortSignal,
): AsyncGenerator<BatchResultEvent> {
  const { controller, unlink } = linkSignal(parent);
  const { signal } = controller;
  let after = afterSequence;
  try {
    for (;;) {
      signal.throwIfAborted();
      // Before it is looked, or what comes in between is missed.
      const changed = new AbortController();
      const next = wait ? changes.next(batchId, changed.signal) : undefined;
      const release = () => changed.abort();
      signal.addEventListener('abort', release, { once: true });
      try {
        const batch = await books.get(batchId);
        const page = await books.results(batchId, after, PAGE);
        for (const { sequence, customId, result } of page) {
          after = sequence;
          yield { sequence, customId, result: restoreResult(result) };
        }
        if (page.length > 0) continue;
        // Nobody may take a part of the results for all of them.
        if (batch === undefined || after < lastOf(batch)) throw batchNotFound();
        if (!wait || !UNFINISHED.includes(batch.state)) return;
        await next?.catch(() => signal.throwIfAborted());
      } finally {
        signal.removeEventListener('abort', release);
        release();
      }
    }
  } finally {
    unlink();
  }
}

/** The sequence of its last result, as it was when the batch was read: before the results were. */
function lastOf({ counts }: Batch): number {
  return counts.completed + counts.failed;
}

/** It is kept no longer, or there never was one. */
export function batchNotFound(): ProviderError {
  return new ProviderError('BATCH_NOT_FOUND');
}
