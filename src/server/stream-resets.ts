import type { Server } from '@grpc/grpc-js';

/** How many cancels a connection may bring at once, and for how many a second it may go on. */
const LIMITS = { streamResetBurst: 100_000, streamResetRate: 10_000 };

/**
 * Lets callers cancel as fast as they like. Node's guard against rapid resets (CVE-2023-44487) closes a
 * connection that brings more than 1,000 at once or 33 a second, and with it all other calls of a
 * service whose own callers went away together. What the guard is there to bound is bounded here by the
 * streams of a connection and by the overload guard.
 *
 * grpc-js has no option for it, but hands the object that is changed here on to node:http2.
 *
 * @throws Error if grpc-js has no such object any more
 */
export function allowStreamResets(server: Server): void {
  const options: unknown = Reflect.get(server, 'commonServerOptions');
  if (typeof options !== 'object' || options === null) {
    throw new Error('grpc-js does not hand options on to node:http2 as it used to.');
  }
  Object.assign(options, LIMITS);
}
