import { EVENT_WEIGHT } from '../../core/event-buffer.ts';
import { type AnswerEvent, lengthOf } from '../../core/events.ts';

/** The events of an answer that is followed by several, from the first that one of them has yet to read. */
export class AnswerLog {
  readonly #events: AnswerEvent[] = [];
  /** How many were let go of. */
  #dropped = 0;
  #droppedWeight = 0;
  #weight = 0;

  /** Events so far, those that were let go of included. */
  get end(): number {
    return this.#dropped + this.#events.length;
  }

  /** Of all of them, in characters. */
  get weight(): number {
    return this.#weight;
  }

  /** From the beginning, unless something was let go of. */
  get events(): readonly AnswerEvent[] {
    return this.#events;
  }

  /** Where the answer begins that stands. */
  get start(): number {
    const reset = this.#events.findLastIndex(({ type }) => type === 'attemptReset');
    return this.#dropped + reset + 1;
  }

  push(event: AnswerEvent): void {
    this.#events.push(event);
    this.#weight += weightOf(event);
  }

  at(position: number): AnswerEvent | undefined {
    return this.#events[position - this.#dropped];
  }

  /** Nobody will read what stands before. */
  letGoBefore(position: number): void {
    const count = position - this.#dropped;
    // Moving the rest costs its length: not for a few.
    if (count < this.#events.length / 2) return;
    this.#droppedWeight = this.weightBefore(position);
    this.#events.splice(0, count);
    this.#dropped = position;
  }

  /** Of what stands before, in characters. */
  weightBefore(position: number): number {
    let weight = this.#droppedWeight;
    for (const event of this.#events.slice(0, position - this.#dropped)) weight += weightOf(event);
    return weight;
  }
}

export function weightOf(event: AnswerEvent): number {
  return lengthOf(event) + EVENT_WEIGHT;
}
