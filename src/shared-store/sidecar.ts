import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import type { Clock } from '../core/clock.ts';

/** This process, as the shared store knows it. */
export interface Sidecar {
  /** What its leases stand under. */
  readonly name: string;
  /** It starts again under the same name, and then knows from its ledger what it has spent. */
  readonly recovers: boolean;
  /** Of this process alone. */
  readonly session: string;
  /** Epoch ms: of two that have the same name, the later is taken for the one that lives. */
  readonly startedAt: number;
}

/**
 * @param name unique among those that share the store; absent: the host's
 * @param keepsLedger the ledger survives the process, and no other process uses it
 */
export function thisSidecar(name: string | undefined, keepsLedger: boolean, clock: Clock): Sidecar {
  const session = randomUUID().slice(0, 8);
  const recovers = keepsLedger && name !== undefined;
  const plain = name ?? hostname();
  return {
    // Without a ledger nobody knows what was spent under the name before: this is another one.
    name: recovers ? plain : `${plain}.${session}`,
    recovers,
    session,
    startedAt: Math.floor(clock.now()),
  };
}
