import type { Call, StreamRecovery } from './call.ts';

/** Those who follow one call together, as it stands: they come and go while it runs. */
export interface Party {
  /** Epoch ms: the latest of their deadlines. */
  readonly deadline: number;
  /** `fail` where all of them want that: else what is made of a break is left to each. */
  readonly recovery: StreamRecovery;
  /** Who the call is billed to. */
  readonly payer: Call;
  /**
   * Asks `accept` when another one is to pay, who is `payer` by then; it throws if that one cannot.
   * Returns what ends it.
   */
  onPayer(accept: () => void): () => void;
}

/** Epoch ms after which nothing may be started for a call. */
export function deadlineOf({ party, deadline }: Pick<Call, 'party' | 'deadline'>): number {
  return party?.deadline ?? deadline;
}

/** How a break of the answer is handled. */
export function recoveryOf({ party, recovery }: Pick<Call, 'party' | 'recovery'>): StreamRecovery {
  return party?.recovery ?? recovery;
}

/** The call of a caller, who pays for this one. */
export function payerOf(call: Call): Call {
  return call.party === undefined ? call : payerOf(call.party.payer);
}
