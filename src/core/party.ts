import type { Call, StreamRecovery } from './call.ts';

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
