import type { IncomingHttpHeaders } from 'node:http2';
import { ProviderError } from '../../core/errors.ts';

/** The most that gRPC's core library takes, too. */
export const MAX_METADATA_BYTES = 16 * 1024;

/** What HTTP/2 counts for a key beside its name and value, in bytes. */
const KEY_BYTES = 32;

/** A deadline as gRPC writes it. Of 1.5S or -1S grpc-js would take what looks like one. */
const TIMEOUT = /^\d{1,8}[HMSmun]$/;

/** @throws ProviderError INVALID_REQUEST if a call brings metadata that is wrong, or too much of it */
export function checkMetadata(headers: IncomingHttpHeaders): void {
  checkSize(headers);
  const timeout = headers['grpc-timeout'];
  if (timeout === undefined || TIMEOUT.test(String(timeout))) return;
  throw new ProviderError('INVALID_REQUEST', {
    message:
      'The metadata grpc-timeout must be one to eight digits and a unit: H, M, S, m, u or n.',
  });
}

/** @throws ProviderError INVALID_REQUEST if a call brings more metadata than is taken */
function checkSize(headers: IncomingHttpHeaders): void {
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
