/** How often to look whether whoever started this is still there, in ms. */
const PARENT_CHECK_MS = 500;

/**
 * Aborts on Ctrl-C, on SIGTERM, when the terminal closes, and when the parent is gone: npm starts
 * scripts through a shell, and a signal to npm ends that shell alone.
 */
export function untilInterrupted(): AbortSignal {
  const interruption = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => interruption.abort());
  }
  const parent = process.ppid;
  const watch = setInterval(() => {
    if (process.ppid !== parent) interruption.abort();
  }, PARENT_CHECK_MS);
  watch.unref();
  return interruption.signal;
}
