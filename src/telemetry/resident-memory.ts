let last = 0;

/**
 * Resident memory of this process, in bytes. Linux tells it in a file: where no more can be opened it is what it was
 * before, 0 at first.
 */
export function residentMemory(): number {
  try {
    last = process.memoryUsage.rss();
  } catch {
    // EMFILE or ENFILE, by which neither a measurement nor the process is to end.
  }
  return last;
}
