import type { Clock } from '../core/clock.ts';
import type { UpstreamBatch } from '../core/upstream-batches.ts';

const ENDED: ReadonlySet<string> = new Set(['completed', 'failed', 'expired', 'cancelled']);

/**
 * Tells of one batch, each time that it is looked at, whether it has ended and names its files of results.
 * It may name them later than it says that it has ended, and without them what it did would be lost. They
 * are waited for where its counts say that they have lines.
 *
 * @param lookForMs how long the upstream may take to name them
 */
export function whenOver(
  clock: Pick<Clock, 'now'>,
  lookForMs: number,
): (batch: UpstreamBatch) => boolean {
  let endedAt: number | undefined;
  return (batch) => {
    if (!ENDED.has(batch.status)) return false;
    endedAt ??= clock.now();
    return namesItsFiles(batch) || clock.now() - endedAt > lookForMs;
  };
}

function namesItsFiles({ counts, outputFileId, errorFileId }: UpstreamBatch): boolean {
  const hasAnswers = counts.completed === 0 || outputFileId !== undefined;
  return hasAnswers && (counts.failed === 0 || errorFileId !== undefined);
}
