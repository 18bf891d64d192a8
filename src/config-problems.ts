import { ConfigError, type ConfigProblem } from './config/problems.ts';
import { LedgerError } from './money/store/ledger-error.ts';
import { CatalogueError } from './request/catalogue/rows.ts';
import { CallersError } from './server/callers/authenticator.ts';

/** Which keys brought it about that a configuration could not be put in force, and why. */
export function problemsIn(thrown: unknown): readonly ConfigProblem[] {
  if (thrown instanceof ConfigError) return thrown.problems;
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  const messages = thrown instanceof CatalogueError ? thrown.sentences : [message];
  return messages.map((one) => ({ path: keyOf(thrown), message: one, source: 'configuration' }));
}

function keyOf(thrown: unknown): string {
  if (thrown instanceof CatalogueError) return 'catalogue.file';
  if (thrown instanceof CallersError) return 'callers';
  return thrown instanceof LedgerError ? 'budgets' : 'configuration';
}

/** Why there can be no sidecar with a configuration, behind the key that brought it about. */
export function startProblem(thrown: unknown): string {
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  if (thrown instanceof LedgerError) return `dataDir: ${message}`;
  const key = keyOf(thrown);
  return key === 'configuration' ? message : `${key}: ${message}`;
}
