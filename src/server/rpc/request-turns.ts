import { LoopTurns } from '../../core/loop-turns.ts';

/** A request up to this size is read as soon as it is there, in bytes. */
const SMALL_BYTES = 16 * 1024;

/** Bytes of larger ones that are read in one turn of the event loop; the last of them may be larger than what is left. */
const PER_TURN = 128 * 1024;

/** A small call has its answer within about as many turns: it waits for one turn with large ones, and not for one in each of its own. */
const REST_TURNS = 4;

/** Requests of a connection that wait; the first is the next. */
type Waiting = (() => void)[];

/**
 * Has large requests read a few in every fifth turn of the event loop, those of connections by turns. A connection can bring two
 * megabytes in one go, and to decode and check that many schemas takes a fifth of a second.
 */
export class RequestTurns {
  readonly #turns = new LoopTurns(PER_TURN, REST_TURNS);
  readonly #waiting = new Map<object, Waiting>();

  /**
   * Undefined if it can be read now, else resolves when it can.
   *
   * @param key whatever tells connections apart
   */
  wait(key: object, bytes: number): Promise<void> | undefined {
    if (bytes <= SMALL_BYTES) return undefined;
    if (this.#waiting.size === 0 && this.#turns.take(bytes)) return undefined;
    return new Promise((resolve) => {
      const begin = (): void => {
        this.#turns.take(bytes);
        resolve();
      };
      const others = this.#waiting.get(key);
      if (others === undefined) this.#waiting.set(key, [begin]);
      else others.push(begin);
      this.#turns.wait(this.#next);
    });
  }

  readonly #next = (): void => {
    for (const [key, waiting] of this.#waiting) {
      const begin = waiting.shift();
      // Behind the others, if it has more.
      this.#waiting.delete(key);
      if (waiting.length > 0) this.#waiting.set(key, waiting);
      begin?.();
      return;
    }
  };
}
