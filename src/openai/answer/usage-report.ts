import { MAX_COUNT, type Usage } from '../../core/usage.ts';
import type { JsonRecord } from '../values/json-record.ts';

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

  /** No other one came before the last. */
  get isFirst(): boolean {
    return this.isThere && this.#first === this.#last;
  }

  /** Whether it counts anything. */
  add(raw: unknown): boolean {
    if (!countsAnything(raw)) {
      this.#usage ??= this.#read(raw);
      return false;
    }
    this.#first ??= raw;
    this.#last = raw;
    return true;
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

  /**
   * What an answer that came to no end has used so far, as its server said. That is nothing of its output, whose
   * counts are 0 then, where some has followed, or where they are none of the whole: servers say 1 at the
   * begin, or with every chunk.
   *
   * @param output estimate of what has come, in tokens
   * @param isCurrent no output has followed the last report
   * @param isFinal the server said that its answer ended here. Where it did not, it may have worked on after
   *   the last report, so that this is an estimate.
   * @returns undefined if it said nothing
   */
  soFar(output: number, isCurrent: boolean, isFinal: boolean): Usage | undefined {
    const told = this.isThere ? this.total(output > 0) : undefined;
    if (told === undefined) return undefined;
    if (isCurrent && told.outputTokens * DOUBTFUL >= output) {
      return isFinal ? told : { ...told, estimated: true };
    }
    const { audioOutputTokens: _, inputTokens, ...rest } = told;
    const noOutput = { outputTokens: 0, totalTokens: inputTokens, reasoningTokens: 0 };
    return { ...rest, ...noOutput, inputTokens, estimated: true };
  }

  #whole(last: Usage): Usage {
    if (last.inputTokens > 0 || this.#first === this.#last) return last;
    const { inputTokens, cacheReadTokens, cacheWriteTokens } = this.#read(this.#first);
    if (inputTokens === 0) return last;
    const totalTokens = Math.min(inputTokens + last.outputTokens, MAX_COUNT);
    return { ...last, inputTokens, cacheReadTokens, cacheWriteTokens, totalTokens };
  }
}

/** An estimate from the length of a text is so many times too high at most. */
const DOUBTFUL = 4;

/** Levels of a usage: the totals, and the details below each. What stands deeper is no count. */
const LEVELS = 4;

/** Any count but 0, at the levels where servers put them. */
function countsAnything(raw: unknown, levels = LEVELS): boolean {
  if (typeof raw === 'number') return raw !== 0;
  if (typeof raw === 'string') return /^0*[1-9]\d*$/.test(raw);
  if (typeof raw !== 'object' || raw === null || levels === 0) return false;
  for (const name in raw) {
    if (countsAnything((raw as JsonRecord)[name], levels - 1)) return true;
  }
  return false;
}
