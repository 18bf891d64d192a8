import { parseObject } from '../values/json-checks.ts';

/** Is told how far an answer has come, so that it can be gone on with over another connection. */
export interface ResponseProgress {
  /**
   * An event of the answer has come.
   *
   * @param sequence its place in the stream, as the server says it
   * @returns false if it was read before
   */
  reached(sequence: unknown): boolean;
  /** The server reports an error in the place of an event, which need not be the end of the answer. */
  interrupted(): void;
  /** The server names the answer. May be told more than once, and before anything of it is emitted. */
  identified(id: string): void;
  /** The server has said how the answer ended, and that it will not go on. */
  ended(): void;
}

/** The place of an event that is not read; undefined: it tells none. */
export function sequenceIn(data: string): unknown {
  try {
    return parseObject(data).sequence_number;
  } catch {
    return undefined;
  }
}
