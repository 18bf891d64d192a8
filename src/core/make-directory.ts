import { existsSync, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';

/**
 * Makes a directory, and those above it, where there is none. One at a time: `recursive` never ends where
 * the kernel says that a directory is missing which is there, as /proc does.
 *
 * @param mode of what is made; default: what the process's mask leaves of 0o777
 * @throws Error of the system, which names the first that cannot be made
 */
export function makeDirectory(path: string, mode?: number): void {
  if (existsSync(path)) return;
  makeDirectory(dirname(path), mode);
  mkdirSync(path, { mode });
}
