import { EventBuffer } from '../../core/event-buffer.ts';
import { type AnswerEvent, type Delta, isOutput, type Started } from '../../core/events.ts';

/** Keeps what is said of an answer, as long as it is not too much. */
export class AnswerRecorder {
  readonly #limit: number;
  readonly #said = new EventBuffer<Delta>();
  #started: Started | undefined;
  #tooLong = false;
  #refused = false;

  /** @param limit characters above which an answer is not kept */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Of the answer that stands; absent before it began. */
  get started(): Started | undefined {
    return this.#started;
  }

  /** All of it was kept, and the model did not refuse. */
  get isWhole(): boolean {
    return this.#started !== undefined && !this.#tooLong && !this.#refused;
  }

  see(event: AnswerEvent): void {
    if (isOutput(event)) {
      this.#refused ||= event.type === 'refusalDelta';
      if (this.#tooLong) return;
      this.#said.push(event);
      if (this.#said.weight > this.#limit) this.#drop(true);
    } else if (event.type === 'started') {
      this.#started = event;
    } else {
      this.#started = undefined;
      this.#refused = false;
      this.#drop(false);
    }
  }

  /** What was kept. Gives it away. */
  takeDeltas(): readonly Delta[] {
    const deltas: Delta[] = [];
    for (let delta = this.#said.shift(); delta !== undefined; delta = this.#said.shift()) {
      deltas.push(delta);
    }
    return deltas;
  }

  #drop(tooLong: boolean): void {
    this.#tooLong = tooLong;
    this.#said.clear();
  }
}
