/** Somebody who waits, and at the same time the link of a queue: joining and leaving allocate nothing. */
export interface Waiting<T> {
  /** Among all who ever waited: the lower came first. */
  readonly order: number;
  before: T | undefined;
  behind: T | undefined;
}

/** Those who wait for one thing, in the order in which they came. */
export class WaitingQueue<T extends Waiting<T>> {
  #first: T | undefined;
  #last: T | undefined;
  #size = 0;

  get first(): T | undefined {
    return this.#first;
  }

  get size(): number {
    return this.#size;
  }

  /** In constant time for the latest and for the earliest of all; others pass those who came later. */
  join(waiter: T): void {
    const before = this.#before(waiter);
    const behind = before === undefined ? this.#first : before.behind;
    waiter.before = before;
    waiter.behind = behind;
    if (before === undefined) this.#first = waiter;
    else before.behind = waiter;
    if (behind === undefined) this.#last = waiter;
    else behind.before = waiter;
    this.#size += 1;
  }

  /**
   * In constant time.
   *
   * @param waiter who is in this queue
   */
  leave(waiter: T): void {
    const { before, behind } = waiter;
    if (before === undefined) this.#first = behind;
    else before.behind = behind;
    if (behind === undefined) this.#last = before;
    else behind.before = before;
    waiter.before = undefined;
    waiter.behind = undefined;
    this.#size -= 1;
  }

  #before({ order }: T): T | undefined {
    if (this.#first === undefined || order < this.#first.order) return undefined;
    let before = this.#last;
    while (before !== undefined && before.order > order) before = before.before;
    return before;
  }
}
