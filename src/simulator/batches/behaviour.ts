import type { ErrorFields } from '../wire/wire.ts';
import type { BatchRequestLine, LineOutcome } from './batch-results.ts';

/** What goes wrong with one request to the Files or Batch API. */
export type BatchFault =
  /** The connection is reset before anything was done. */
  | 'refuse'
  /** It is done, and the connection is reset before it is said. */
  | 'forget'
  | ({ readonly status: number } & Partial<ErrorFields>)
  /** A proxy's page. */
  | { readonly status: number; readonly text: string };

export interface BatchBehaviour {
  /** What becomes of a request. Default: a greeting. */
  readonly outcome: (line: BatchRequestLine) => LineOutcome;
  /** How long a file is looked at, in ms. Default 0. */
  readonly validateMs: number;
  /** How long a batch takes behind that, in ms. Default 0. */
  readonly workMs: number;
  /** How long a batch takes to stop, in ms. Default 0. */
  readonly cancelMs: number;
  /** What was uploaded or created is listed after so many ms. Default 0. */
  readonly visibleAfterMs: number;
  /** A batch that is over tells its files so many ms after it. Default 0. */
  readonly filesAfterMs: number;
  /** The most tokens, by four characters, that the batches of a model may hold. Default: any. */
  readonly enqueuedTokens: number;
  /** The share of a batch's requests after which it expires. Default 1: it does not. */
  readonly expireAfter: number;
  /** Between pieces of a file of results, in ms. Default 0. */
  readonly paceMs: number;
  readonly maxRequests: number;
  /** Lines for which a whole file is refused. Default: those that are wrong. */
  readonly refuseLine: (line: BatchRequestLine) => boolean;
  /** @param authorization the header, with the key */
  readonly fault: (method: string, path: string, authorization: string) => BatchFault | undefined;
}

export const DEFAULT_BEHAVIOUR: BatchBehaviour = {
  outcome: () => ({ answer: {} }),
  validateMs: 0,
  workMs: 0,
  cancelMs: 0,
  visibleAfterMs: 0,
  filesAfterMs: 0,
  enqueuedTokens: Number.POSITIVE_INFINITY,
  expireAfter: 1,
  paceMs: 0,
  maxRequests: 50_000,
  refuseLine: () => false,
  fault: () => undefined,
};
