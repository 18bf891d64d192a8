import type { ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';

/**
 * What stands behind `listening on ` in the first such line of a process's output, which flows on. Never
 * settles if there is none: the process then ends, which is for the caller to see.
 */
export async function listeningAddress({ stdout }: Pick<ChildProcess, 'stdout'>): Promise<string> {
  if (stdout === null) throw new Error('the process has no standard output');
  for await (const line of createInterface({ input: stdout })) {
    const [, address] = /^listening on (.+)$/.exec(line) ?? [];
    if (address === undefined) continue;
    stdout.resume();
    return address;
  }
  return new Promise(() => {});
}
