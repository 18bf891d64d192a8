/**
 * An answer that the upstream keeps while it is given, so that it can be gone on with when the
 * connection on which it comes breaks.
 */
export interface UpstreamAnswer {
  /** By which the upstream knows it. */
  readonly id: string;
  /** Something of it was output. */
  readonly hasOutput: boolean;
  /** The upstream has told how it ended: there is nothing to go on with. */
  readonly isOver: boolean;
  /** What has come of it, over all connections, in events. */
  readonly events: number;
}

/** Where an answer is kept, for whoever is to delete it. */
export interface AnswerPlace {
  readonly id: string;
  /** Name of the upstream: `default`, or one of the configuration's `targets`. */
  readonly upstream: string;
  /** Scheme, host and port of the upstream. */
  readonly endpoint: string;
  /** Position of the API key by which it was asked for. */
  readonly key: number;
}

/** The answers that an upstream keeps. */
export interface UpstreamAnswers {
  /**
   * Deletes an answer, and stops it before if it may still run. Resolves when it is gone, whoever has
   * deleted it. Rejects with ProviderError, or with the signal's reason.
   *
   * @param key position of the API key by which it was asked for, which is tried first
   */
  remove(
    answer: Pick<AnswerPlace, 'id' | 'key'> & { readonly mayRun: boolean },
    signal: AbortSignal,
  ): Promise<void>;
}
