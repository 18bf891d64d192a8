import type { IncomingHttpHeaders } from 'node:http2';
import { ProviderError } from '../core/errors.ts';

/** The most that gRPC's core library takes, too. */
export const MAX_METADATA_BYTES = 16 * 1024;

/** What HTTP/2 counts for a key beside its name and value, in bytes. */
const KEY_BYTES = 32;

/** @throws ProviderError INVALID_REQUEST if a call brings more metadata than is taken */
export function checkMetadataSize(headers: IncomingHttpHeaders): void {
  let bytes = 0;
  for (const key in headers) {
    const value = headers[key];
    if (typeof value === 'string') bytes += key.length + value.length + KEY_BYTES;
    else for (const one of value ?? []) bytes += key.length + one.length + KEY_BYTES;
  }
  if (bytes <= MAX_METADATA_BYTES) return;
  throw new ProviderError('INVALID_REQUEST', {
    message: `The metadata of the call takes ${bytes} bytes, ${KEY_BYTES} for each key included: at most ${MAX_METADATA_BYTES} are taken.`,
  });
}
