import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Goes with this process. */
let ledgers: string | undefined;

/** Variables for a sidecar with every feature that costs a call something, and a ledger of its own that goes with this process. */
export function everythingOn(): Readonly<Record<string, string>> {
  ledgers ??= temporaryDirectory();
  return {
    TAMMA_CONFIG: 'bench/everything-on.yaml',
    TAMMA_DATA_DIR: mkdtempSync(join(ledgers, 'ledger-')),
  };
}

function temporaryDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'bench-ledger-'));
  process.once('exit', () => rmSync(directory, { recursive: true, force: true }));
  return directory;
}
