import { createHash } from 'node:crypto';

/** A Lua script that the server runs as a whole, with nothing of anybody else's in between. */
export interface LuaScript {
  readonly source: string;
  /** By which the server remembers it. */
  readonly sha1: string;
}

export function defineScript(source: string): LuaScript {
  return { source, sha1: createHash('sha1').update(source).digest('hex') };
}

/** The server's side of the store, as the rest of this folder needs it. */
export interface ScriptRunner {
  /** The server answered when it was last heard of. */
  readonly isUp: boolean;
  /**
   * Runs a script, at once or not at all: nothing is queued while the server is away.
   *
   * @throws StoreAwayError if the server is away, or does not answer in time. It may run the script
   * all the same, and even later.
   * @throws Error what the server says against it
   */
  run(script: LuaScript, keys: readonly string[], args: readonly string[]): Promise<unknown>;
  /** Calls `listener` whenever `isUp` has changed. */
  onChange(listener: () => void): void;
}

/** The shared store cannot be reached. */
export class StoreAwayError extends Error {
  override readonly name = 'StoreAwayError';
}
