const NEVER = new Int32Array(new SharedArrayBuffer(4));

/** Nothing else happens in this thread for so long, as if it computed; the core is left to others. */
export function busy(ms: number): void {
  Atomics.wait(NEVER, 0, 0, ms);
}
