import type { Behaviour } from './upstream/index.ts';

/** Something an upstream does, and what a caller sees of it. */
export interface Fault {
  /** Completes "when the upstream …". */
  readonly what: string;
  readonly upstream: Behaviour;
  /** Configuration on top of the usual. */
  readonly config?: string;
  /** Who ends the exchange with the upstream. Default: the upstream. */
  readonly closedBy?: 'client';
  /** Text that the caller of SendMessage gets. Default: none. */
  readonly text?: string | RegExp;
  /** Absent: the answer is good all the same. */
  readonly error?: ExpectedError;
}

/**
 * What SendMessageSync ends with. So does SendMessage if no output came before; after output it ends
 * with ABORTED and STREAM_INTERRUPTED, and with the same `info`, `retryable` apart.
 */
export interface ExpectedError {
  readonly code: string;
  readonly reason: string;
  /** Nothing came back, so there is no id of the request either. */
  readonly beforeHeaders?: true;
  /** Entries of ErrorInfo.metadata. */
  readonly info?: Readonly<Record<string, string>>;
  /** Fields of the other details, by their full names. */
  readonly details?: Readonly<Record<string, object>>;
}

/** Stands in the upstreams' messages, and must not come out anywhere. */
export const UPSTREAM_TEXT = 'swordfish';
