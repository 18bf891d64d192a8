import type { Server } from '@grpc/grpc-js';
import { MAX_METADATA_BYTES } from './arrivals/metadata.ts';

/** How many cancels a connection may bring at once, and for how many a second it may go on. */
const RESETS = { streamResetBurst: 100_000, streamResetRate: 10_000 };

/**
 * Calls that are reset at once because there are too many, one after the other, before their connection is closed with all others: Node.js
 * has it at 100, and still counts calls that the caller has given up, so that a service whose deadlines pass together got there.
 */
const MAX_REJECTED = 100_000;

/**
 * Metadata up to this size is read, to say that it is too much; in bytes, with 32 for each key. Not much more than is taken: what
 * was read of refused calls stays in memory until Node.js collects all of its garbage, which a storm of them does not make it do.
 */
const MAX_READ_METADATA_BYTES = MAX_METADATA_BYTES + 4 * 1024;

/**
 * Lets callers cancel as fast as they like. Node's guard against rapid resets (CVE-2023-44487) closes a
 * connection that brings more than 1,000 at once or 33 a second, and with it all other calls of a
 * service whose own callers went away together. What the guard is there to bound is bounded here by
 * `RapidResets` and `ArrivalQueue`.
 *
 * And bounds the metadata that is read: with more a call is reset (ENHANCE_YOUR_CALM) before anything is made of it.
 *
 * grpc-js has no options for these, but hands the object that is changed here on to node:http2.
 *
 * @throws Error if grpc-js has no such object any more
 */
export function setHttp2Options(server: Server): void {
  const options: unknown = Reflect.get(server, 'commonServerOptions');
  if (typeof options !== 'object' || options === null) {
    throw new Error('grpc-js does not hand options on to node:http2 as it used to.');
  }
  const settings: unknown = Reflect.get(options, 'settings');
  Object.assign(options, RESETS, {
    maxSessionRejectedStreams: MAX_REJECTED,
    settings: Object.assign({}, settings, { maxHeaderListSize: MAX_READ_METADATA_BYTES }),
  });
}
