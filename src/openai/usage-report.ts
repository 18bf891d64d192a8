import type { Usage } from '../core/usage.ts';
import type { JsonRecord } from './json-record.ts';
import { MAX_COUNT } from './map-usage.ts';

/**
 * The usage of one answer, of which servers report several: with every chunk, as zeros first or last,
 * or not at all. The last that counts anything is the whole, but for an input that only the first had:
 * gateways pass on what Anthropic's streams say at their begin and at their end.
 */
export class ReportedUsage {
  readonly #read: (raw: unknown) => Usage;
  #first: unknown;
  #last: unknown;
  #usage: Usage | undefined;

  constructor(read: (raw: unknown) => Usage) {
    this.#read = read;
  }

  get isThere(): boolean {
    return this.#last !== undefined;
  }

  add(raw: unknown): void {
    if (countsAnything(raw)) {
      this.#first ??= raw;
      this.#last = raw;
    } else {
      this.#usage ??= this.#read(raw);
    }
  }

  /**
   * @param hasOutput an answer with output has used tokens of both kinds, whatever the server says: it is an
   *   estimate where one of them is 0
   * @returns undefined if the server did not report it
   */
  total(hasOutput: boolean): Usage | undefined {
    if (this.#last !== undefined) {
      const usage = this.#whole(this.#read(this.#last));
      const lacks = hasOutput && (usage.inputTokens === 0 || usage.outputTokens === 0);
      return lacks ? { ...usage, estimated: true } : usage;
    }
    return hasOutput ? undefined : this.#usage;
  }

  #whole(last: Usage): Usage {
    if (last.inputTokens > 0 || this.#first === this.#last) return last;
    const { inputTokens, cacheReadTokens, cacheWriteTokens } = this.#read(this.#first);
    if (inputTokens === 0) return last;
    const totalTokens = Math.min(inputTokens + last.outputTokens, MAX_COUNT);
    return { ...last, inputTokens, cacheReadTokens, cacheWriteTokens, totalTokens };
  }
}

/** Levels of a usage: the totals, and the details below each. What stands deeper is no count. */
const LEVELS = 4;

/** Any count but 0, at the levels where servers put them. */
function countsAnything(raw: unknown, levels = LEVELS): boolean {
  if (typeof raw === 'number') return raw !== 0;
  if (typeof raw === 'string') return /^\d*[1-9]\d*$/.test(raw);
  if (typeof raw !== 'object' || raw === null || levels === 0) return false;
  for (const name in raw) {
    if (countsAnything((raw as JsonRecord)[name], levels - 1)) return true;
  }
  return false;
}
