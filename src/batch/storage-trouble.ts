import { ProviderError } from '../core/errors.ts';
import { DatabaseError } from '../money/store/protocol.ts';

const NOT_KEPT = 'This provider cannot keep batches now, for a reason that its log tells.';

/**
 * Does it. Where the disk or the database refuses, which passes, callers hear that they may ask again, and
 * not of a bug.
 */
export async function orStorageTrouble<T>(act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (thrown) {
    const error = ProviderError.from(thrown);
    const { cause } = error.facts;
    if (error.reason !== 'INTERNAL' || !isOfStorage(cause)) throw thrown;
    throw new ProviderError('SERVICE_UNAVAILABLE', { message: NOT_KEPT, cause });
  }
}

/** What the file system refuses names the call it refused. */
function isOfStorage(cause: unknown): boolean {
  return cause instanceof DatabaseError || (cause instanceof Error && 'syscall' in cause);
}
