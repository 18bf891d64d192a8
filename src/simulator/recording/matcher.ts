import { createHash } from 'node:crypto';
import type { RecordedRequest } from '../wire/recorded-request.ts';
import type { Entry } from './entry.ts';
import { masked, maskedPath, secretsOf } from './mask.ts';

type Matcher = Entry['request'];

/** What a recording says of a request: no header, and no secret. */
export function matcherOf(request: RecordedRequest): Matcher {
  const { method, path, headers, bytes } = request;
  const secrets = secretsOf(headers);
  const head = { method, path: maskedPath(path, secrets) };
  if (bytes.length === 0) return head;
  const body = masked(bytes, secrets);
  if (request.wellFormed) return { ...head, body: JSON.parse(body.toString()) };
  const plain = withoutBoundary(body, headers['content-type'] ?? '');
  return { ...head, sha256: createHash('sha256').update(plain).digest('hex') };
}

/** Clients draw the boundary of a form anew for each. */
function withoutBoundary(body: Buffer, contentType: string): Buffer {
  const boundary = /boundary="?([^";]+)/.exec(contentType)?.[1];
  if (boundary === undefined) return body;
  return Buffer.from(body.toString('latin1').replaceAll(boundary, 'boundary'), 'latin1');
}

/** Whether a request is all that `wanted` says; it may be more. */
export function meets(given: unknown, wanted: unknown): boolean {
  if (typeof wanted !== 'object' || wanted === null) return given === wanted;
  if (typeof given !== 'object' || given === null) return false;
  if (Array.isArray(wanted) !== Array.isArray(given)) return false;
  if (Array.isArray(wanted) && wanted.length !== (given as unknown[]).length) return false;
  return Object.entries(wanted).every(([key, value]) =>
    meets((given as Record<string, unknown>)[key], value),
  );
}
