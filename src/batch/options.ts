/** How batches are worked off. Times in ms. */
export interface BatchOptions {
  /** How long a batch is kept once it has ended. */
  readonly retentionMs: number;
  /** Most requests of a batch. */
  readonly maxItems: number;
  /** Most requests of one file at the upstream, and most bytes of it. */
  readonly maxRequestsPerFile: number;
  readonly maxBytesPerFile: number;
  /** How long the upstream is left alone at first, and at most, before it is asked how far it is. */
  readonly pollIntervalMs: number;
  readonly maxPollIntervalMs: number;
  /** How long what may have happened at the upstream is looked for before it is done again. */
  readonly lookForMs: number;
  /** Most requests that are worked off at once as single calls, over all batches. */
  readonly maxLocalCalls: number;
}
