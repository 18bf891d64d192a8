import { timingSafeEqual } from 'node:crypto';
import type { RegisteredCaller } from './registered-caller.ts';
import type { Token } from './token-list.ts';

/** A token, and whose it is. */
interface Entry extends Token {
  readonly caller: RegisteredCaller;
}

/** Bytes of a digest by which its entry is found. What is found is then compared as a whole. */
const INDEX_BYTES = 8;

/** The tokens that are in force, as their digests. */
export class TokenTable {
  #byCaller: ReadonlyMap<RegisteredCaller, readonly Token[]> = new Map();
  /** Of callers who wait until others give up a token of theirs. */
  readonly #waiting = new Map<RegisteredCaller, readonly Token[]>();
  #index: ReadonlyMap<string, readonly Entry[]> = new Map();

  /**
   * Replaces all tokens of a caller, and of those who waited for him to give up one.
   *
   * @returns whose were replaced
   * @throws Error if another caller has one of them; then the old ones stay until that one has given it up
   */
  replace(caller: RegisteredCaller, tokens: readonly Token[]): readonly RegisteredCaller[] {
    this.#waiting.set(caller, tokens);
    try {
      this.#take(this.#waiting);
    } catch {
      this.#take(new Map([[caller, tokens]]));
      this.#waiting.delete(caller);
      return [caller];
    }
    const replaced = [...this.#waiting.keys()];
    this.#waiting.clear();
    return replaced;
  }

  #take(changed: ReadonlyMap<RegisteredCaller, readonly Token[]>): void {
    const byCaller = new Map([...this.#byCaller, ...changed]);
    this.#index = indexed(byCaller);
    this.#byCaller = byCaller;
  }

  /** Takes as long for every token that is not there, whatever it has in common with one that is. */
  find(digest: Buffer): Entry | undefined {
    const candidates = this.#index.get(indexOf(digest));
    return candidates?.find((entry) => timingSafeEqual(entry.digest, digest));
  }
}

function indexed(byCaller: ReadonlyMap<RegisteredCaller, readonly Token[]>) {
  const index = new Map<string, Entry[]>();
  for (const [caller, tokens] of byCaller) {
    for (const token of tokens) {
      const key = indexOf(token.digest);
      const others = index.get(key) ?? [];
      const same = others.find(({ digest }) => digest.equals(token.digest));
      if (same !== undefined && same.caller !== caller) {
        throw new Error(`the callers ${same.caller.name} and ${caller.name} have the same token`);
      }
      if (same === undefined) index.set(key, [...others, { ...token, caller }]);
    }
  }
  return index;
}

function indexOf(digest: Buffer): string {
  return digest.toString('latin1', 0, INDEX_BYTES);
}
