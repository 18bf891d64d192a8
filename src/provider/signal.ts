/** A controller that its parent aborts too, with the parent's reason. */
export interface LinkedSignal {
  readonly controller: AbortController;
  /** Lets go of the parent; call it when the work is over, or a long-lived parent keeps it alive. */
  unlink(): void;
}

/**
 * Links a new controller below `parent`. `AbortSignal.any` would do the same, but has no unlink: its
 * dependants hang on the parent until they are collected.
 */
export function linkSignal(parent: AbortSignal): LinkedSignal {
  const controller = new AbortController();
  if (parent.aborted) {
    controller.abort(parent.reason);
    return { controller, unlink: () => undefined };
  }
  const onAbort = () => controller.abort(parent.reason);
  parent.addEventListener('abort', onAbort, { once: true });
  return { controller, unlink: () => parent.removeEventListener('abort', onAbort) };
}
