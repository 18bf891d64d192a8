/**
 * Shares the event loop between work that may come in heaps and everything else: in one turn of the loop some
 * of it is done, and the rest in the turns behind.
 */
export class LoopTurns {
  readonly #perTurn: number;
  readonly #restTurns: number;
  #toRest = 0;
  #left: number;
  #waiting: (() => void)[] = [];
  #scheduled = false;

  /**
   * @param perTurn what is done in one turn, in the unit of `take`
   * @param restTurns turns in which nothing is done behind one in which something was. Default: 0
   */
  constructor(perTurn: number, restTurns = 0) {
    this.#perTurn = perTurn;
    this.#restTurns = restTurns;
    this.#left = perTurn;
  }

  /** Whether so much can still be done in this turn; the last of it may be larger than what is left. */
  take(amount: number): boolean {
    if (this.#left <= 0) return false;
    this.#left -= amount;
    // As long as it is that little nobody has to be woken for it.
    if (this.#left < this.#perTurn / 2) this.#schedule();
    return true;
  }

  /** Runs `work`, which is one unit, at once if it can be done in this turn, else in one of the next. */
  run(work: () => void): void {
    if (this.take(1)) work();
    else
      this.wait(() => {
        this.take(1);
        work();
      });
  }

  /** Undefined if so much can be done at once, else resolves when it is its turn. */
  turn(amount: number): Promise<void> | undefined {
    if (this.take(amount)) return undefined;
    return new Promise((resolve) => {
      this.wait(() => {
        this.take(amount);
        resolve();
      });
    });
  }

  /** Runs `work`, which takes what it needs, in one of the next turns, after those who wait already. */
  wait(work: () => void): void {
    this.#waiting.push(work);
    this.#schedule();
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    this.#toRest = this.#restTurns;
    setImmediate(this.#begin);
  }

  readonly #begin = (): void => {
    if (this.#toRest > 0) {
      this.#toRest -= 1;
      setImmediate(this.#begin);
      return;
    }
    this.#scheduled = false;
    this.#left = this.#perTurn;
    const waiting = this.#waiting;
    this.#waiting = [];
    let next = 0;
    for (; next < waiting.length && this.#left > 0; next += 1) waiting[next]?.();
    this.#waiting = waiting.slice(next).concat(this.#waiting);
    if (this.#waiting.length > 0) this.#schedule();
  };
}
