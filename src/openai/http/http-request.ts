import type { Readable } from 'node:stream';

export interface HttpRequest {
  /** Scheme, host and port. */
  readonly origin: string;
  readonly path: string;
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** Names and values in turn, which undici takes without looking for pairs. */
  readonly headers: string[];
  /** A stream is read as the connection takes it. */
  readonly body: string | Readable | null;
}
