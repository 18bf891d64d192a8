import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Variables for a sidecar with every feature that costs a call something, and a ledger that goes with this process. */
export function everythingOn(): Readonly<Record<string, string>> {
  const directory = mkdtempSync(join(tmpdir(), 'bench-ledger-'));
  process.once('exit', () => rmSync(directory, { recursive: true, force: true }));
  return { TAMMA_CONFIG: 'bench/everything-on.yaml', TAMMA_DATA_DIR: directory };
}
