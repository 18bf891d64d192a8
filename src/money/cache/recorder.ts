import type { CallRecord } from '../../core/call-record.ts';
import { EventBuffer } from '../../core/event-buffer.ts';
import {
  type AnswerEvent,
  type Completed,
  isOutput,
  type Output,
  type Started,
} from '../../core/events.ts';
import { costToMake, endOf, type StoredAnswer } from './stored-answer.ts';

/** Keeps what is said of an answer, as long as it is not too much. */
export class AnswerRecorder {
  readonly #limit: number;
  readonly #said = new EventBuffer<Output>();
  #started: Started | undefined;
  #tooLong = false;
  #refused = false;

  /** @param limit characters above which an answer is not kept */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** The model refused to answer. */
  get isRefusal(): boolean {
    return this.#refused;
  }

  /** The model said nothing, as far as it is kept. */
  get isEmpty(): boolean {
    return this.#said.isEmpty;
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

  /** The whole answer, which it gives away. Undefined: it is too long, or never began. */
  take(completed: Completed, record: CallRecord): StoredAnswer | undefined {
    if (this.#started === undefined || this.#tooLong) return undefined;
    const { responseId, model, effectiveSettings, target } = this.#started;
    const cost = costToMake(completed, record);
    return {
      started: { responseId, model, effectiveSettings, target },
      deltas: this.#takeDeltas(),
      end: endOf(completed),
      ...(cost && { cost }),
    };
  }

  #takeDeltas(): readonly Output[] {
    const deltas: Output[] = [];
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
