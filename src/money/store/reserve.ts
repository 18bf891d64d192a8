import { closeSync, openSync, rmSync, statSync, writeSync } from 'node:fs';
import { join } from 'node:path';

const CHUNK = Buffer.alloc(2 ** 20, 0x20);

const pathIn = (directory: string): string => join(directory, 'ledger.reserve');

const statsIn = (directory: string) => statSync(pathIn(directory), { throwIfNoEntry: false });

/**
 * Takes room on the disk, to be let go of when there is no other left. Without room there is no reserve, nor where
 * something else stands in its place: a FIFO would be waited for.
 */
export function keepReserve(directory: string, bytes: number): void {
  const path = pathIn(directory);
  const there = statsIn(directory);
  if ((there?.size ?? 0) === bytes || there?.isFile() === false) return;
  try {
    const file = openSync(path, 'w', 0o600);
    try {
      for (let left = bytes; left > 0; )
        left -= writeSync(file, CHUNK, 0, Math.min(left, CHUNK.length));
    } finally {
      closeSync(file);
    }
  } catch {
    releaseReserve(directory);
  }
}

/** Once a database was opened there: before that, none is kept. */
export function hasReserve(directory: string): boolean {
  return statsIn(directory)?.isFile() ?? false;
}

export function releaseReserve(directory: string): void {
  rmSync(pathIn(directory), { force: true });
}
