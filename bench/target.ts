import type { Tally } from './tally.ts';

/** What the load is put on. */
export interface Target {
  /** One call from its begin to its end, reported to the tally. Never rejects. */
  call(): Promise<void>;
  close(): void;
}

export interface TargetOptions {
  readonly tally: Tally;
  /** Length of the stub's deltas: a message's text may hold several. */
  readonly deltaBytes: number;
}
