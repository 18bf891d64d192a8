import type { Behaviour } from './upstream/index.ts';

/** Something an upstream does, and what a caller sees of it. */
export interface Fault {
  /** Completes "when the upstream …". */
  readonly what: string;
  readonly upstream: Behaviour;
  /** Requests that meet it; those after them are answered well. Default: all. */
  readonly times?: number;
  /** The same target is asked again after it; once only, where its answer cannot be read. */
  readonly retried?: true | 'once';
  /** What the upstream asks to wait before that, in ms. The call then runs on an injected clock. */
  readonly waitMs?: number;
  /** A time-out ends it that good answers have to keep to, too: nothing for a busy machine. */
  readonly inRealTime?: true;
  /** Configuration on top of the usual. */
  readonly config?: string;
  /** Who ends the exchange with the upstream. Default: the upstream. */
  readonly closedBy?: 'client' | 'anybody';
  /** Text of one attempt that the caller of SendMessage gets before its break or end. Default: none. */
  readonly text?: string | RegExp;
  /** Absent: the answer is good all the same. */
  readonly error?: ExpectedError;
}

/**
 * What a call ends with whose last attempt met the fault. Where a caller of SendMessage has output it
 * is ABORTED and STREAM_INTERRUPTED instead, with the same `info`, `retryable` apart.
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

/** Stands in the upstreams' messages: for the caller's eyes alone. */
export const UPSTREAM_TEXT = 'swordfish';
