import { ProviderError } from './errors.ts';

/** A controller that its parent aborts too. */
export interface LinkedSignal {
  readonly controller: AbortController;
  /** Lets go of the parent; call it when the work is over, or a long-lived parent keeps it alive. */
  unlink(): void;
}

/**
 * Links a new controller below `parent`; its signal's reason is always a ProviderError.
 * `AbortSignal.any` has no unlink: its dependants hang on the parent until they are collected.
 */
export function linkSignal(parent: AbortSignal): LinkedSignal {
  const controller = new AbortController();
  const onAbort = () => controller.abort(endReason(parent));
  if (parent.aborted) {
    onAbort();
    return { controller, unlink: () => undefined };
  }
  parent.addEventListener('abort', onAbort, { once: true });
  return { controller, unlink: () => parent.removeEventListener('abort', onAbort) };
}

/**
 * Why an aborted signal ended the call. A caller in process may abort with anything:
 * `AbortSignal.timeout` with a TimeoutError, which is its deadline; everything else is a cancel.
 */
export function endReason(signal: AbortSignal): ProviderError {
  const reason: unknown = signal.reason;
  if (reason instanceof ProviderError) return reason;
  const isTimeout = (reason as { name?: unknown } | null)?.name === 'TimeoutError';
  return new ProviderError(isTimeout ? 'DEADLINE_EXCEEDED' : 'CANCELLED', { cause: reason });
}
