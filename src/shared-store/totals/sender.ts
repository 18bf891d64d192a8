import { randomUUID } from 'node:crypto';
import { readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { databasePath } from '../../money/store/directory.ts';

/** Below the ledger's directory. */
const FILE = 'shared-totals.json';

/**
 * Under what the totals of a ledger stand in the shared store. Each ledger has its own, which is kept
 * beside it: what it has of a day can then be compared with what the store has of it.
 */
export interface TotalsSender {
  readonly id: string;
  /** Epoch ms, whole: what ended before it does not stand under this id. */
  readonly since: number;
}

/**
 * The sender of the ledger in a directory; one that is made up where there is none. A ledger that has
 * none yet begins with one: what an older version has told of it is not told again. So does one that was
 * put in the place of another, which could not tell what that one had told.
 */
export function totalsSender(directory: string | undefined, now: number): TotalsSender {
  return readSender(directory) ?? newSender(directory, now);
}

/** Another one for the same ledger, for what ends from now on. */
export function newSender(directory: string | undefined, now: number): TotalsSender {
  const sender = { id: randomUUID(), since: Math.floor(now) };
  if (directory === undefined) return sender;
  const path = join(directory, FILE);
  try {
    const text = JSON.stringify({ ...sender, ledger: fingerprint(directory) });
    writeFileSync(`${path}.new`, `${text}\n`, { mode: 0o600 });
    renameSync(`${path}.new`, path);
  } catch {
    // The next process begins with another one, and each record still counts under one of them.
  }
  return sender;
}

function readSender(directory: string | undefined): TotalsSender | undefined {
  if (directory === undefined) return undefined;
  try {
    const kept: Partial<Record<string, unknown>> = JSON.parse(
      readFileSync(join(directory, FILE), 'utf8'),
    );
    const { id, since, ledger } = kept;
    if (typeof id !== 'string' || typeof since !== 'number') return undefined;
    return ledger === fingerprint(directory) ? { id, since } : undefined;
  } catch {
    return undefined;
  }
}

/** Of the ledger's file: another one has another, whatever it is called. */
function fingerprint(directory: string): string {
  const { ino, birthtimeNs } = statSync(databasePath(directory), { bigint: true });
  return `${ino}:${birthtimeNs}`;
}
