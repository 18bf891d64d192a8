import { randomUUID } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import type { Clock } from '../../core/clock.ts';

/** Below the ledger's directory. */
const NAME_FILE = 'sidecar-name';

/** This process, as the shared store knows it. */
export interface SidecarIdentity {
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
export function thisSidecar(
  name: string | undefined,
  keepsLedger: boolean,
  clock: Clock,
): SidecarIdentity {
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

/**
 * The name under which this sidecar's leases stand, so that it finds them when it starts again: the
 * configured one, else one that is made up once and kept beside the ledger. Without a ledger on disk
 * it is new each time.
 */
export function sidecarName(configured: string | undefined, directory: string | undefined): string {
  if (configured !== undefined) return configured;
  const made = `${hostname()}-${randomUUID().slice(0, 8)}`;
  if (directory === undefined) return made;
  const path = join(directory, NAME_FILE);
  if (existsSync(path)) return readFileSync(path, 'utf8').trim() || made;
  writeFileSync(path, `${made}\n`, { mode: 0o600 });
  return made;
}
