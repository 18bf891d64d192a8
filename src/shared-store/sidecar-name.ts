import { randomUUID } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';

const FILE = 'sidecar-name';

/**
 * The name under which this sidecar's leases stand, so that it finds them when it starts again: the
 * configured one, else one that is made up once and kept beside the ledger. Without a ledger on disk
 * it is new each time.
 */
export function sidecarName(configured: string | undefined, directory: string | undefined): string {
  if (configured !== undefined) return configured;
  const made = `${hostname()}-${randomUUID().slice(0, 8)}`;
  if (directory === undefined) return made;
  const path = join(directory, FILE);
  if (existsSync(path)) return readFileSync(path, 'utf8').trim() || made;
  writeFileSync(path, `${made}\n`, { mode: 0o600 });
  return made;
}
