/** From this size on a buffer of its own costs little beside what it holds, in bytes. */
const LARGE = 4 * 1024;

/**
 * Memory, in bytes, for a message that may have to wait for a slow caller. Node.js cuts buffers below 32 KiB from blocks
 * of 64 KiB, and one that waits keeps the whole block, with what was written beside it.
 *
 * @param waits it is known that it has to wait
 */
export function allocate(bytes: number, waits = false): Buffer {
  return waits || bytes >= LARGE ? Buffer.allocUnsafeSlow(bytes) : Buffer.allocUnsafe(bytes);
}
