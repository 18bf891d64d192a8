import { linkSignal } from '../core/signal.ts';

/** Runs `work` with a signal whose reason is a ProviderError. */
export async function within<T>(
  parent: AbortSignal | undefined,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const { controller, unlink } = linkSignal(parent ?? new AbortController().signal);
  try {
    return await work(controller.signal);
  } finally {
    unlink();
  }
}
