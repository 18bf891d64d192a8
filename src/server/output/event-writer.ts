import type { Emit } from '../../core/call.ts';
import { ProviderError } from '../../core/errors.ts';
import { EventBuffer } from '../../core/event-buffer.ts';
import { HIGH_WATER_MARK } from '../../core/event-queue.ts';
import type { AnswerEvent, Completed } from '../../core/events.ts';
import { Flow } from '../../core/flow.ts';
import type { SendMessageResponse } from '../../gen/tamma/provider/v1/provider.ts';
import { toWireEvent } from '../convert/event.ts';
import type { MessageStream } from './message-stream.ts';

/**
 * What waits for slow callers, of all answers of this thread together, in bytes or characters, here or in
 * HTTP/2: above it every upstream is held back whose caller is slow.
 */
const MAX_WAITING = 32 * 1024 * 1024;

let waitingOfAll = 0;

/** An answer that was not asked for yet. */
export type PendingAnswer = (emit: Emit, flow: Flow) => Promise<Completed>;

/**
 * Forwards an answer, numbered from 1, and resolves when `completed` was sent as its last message.
 *
 * @param abort ends the call with what made a message impossible to write
 */
export async function writeAnswer(
  answer: PendingAnswer,
  stream: MessageStream<SendMessageResponse>,
  abort: (reason: ProviderError) => void,
): Promise<void> {
  const writer = new AnswerWriter(stream, abort);
  try {
    await writer.end(await answer(writer.emit, writer.flow));
  } finally {
    writer.close();
    writer.forget();
  }
}

/**
 * Events are written in the turn in which they come. While the caller is slow they wait here, adjacent
 * deltas as one; above HIGH_WATER_MARK the upstream is held back. So a short answer is over, and with
 * it all that it holds of limits and budgets, however slowly it is read.
 */
class AnswerWriter {
  readonly flow = new Flow();
  readonly #stream: MessageStream<SendMessageResponse>;
  readonly #abort: (reason: ProviderError) => void;
  readonly #waiting = new EventBuffer<AnswerEvent>();
  /** The part of `waitingOfAll` that is this answer's. */
  #waitingBytes = 0;
  /** Until the caller has caught up; never rejects. Absent: it has. */
  #draining: Promise<void> | undefined;
  #closed = false;

  constructor(stream: MessageStream<SendMessageResponse>, abort: (reason: ProviderError) => void) {
    this.#stream = stream;
    this.#abort = abort;
  }

  readonly emit: Emit = (event) => {
    if (this.#closed) return;
    if (this.#draining === undefined) {
      this.#write(event);
      return;
    }
    this.#waiting.push(event);
    this.#count();
  };

  /** Rejects with the reason of the call's signal if it ends before the caller has caught up. */
  async end(completed: Completed): Promise<void> {
    this.close();
    while (!this.#waiting.isEmpty) await this.#draining;
    this.#stream.write(toWireEvent(completed, this.#stream.sent + 1));
  }

  /** The answer is over: what waits is still written, but an event that comes late is no part of it. */
  close(): void {
    this.#closed = true;
  }

  /** Nothing waits any more. */
  forget(): void {
    this.#note(0);
  }

  #write(event: AnswerEvent): void {
    try {
      const { sent } = this.#stream;
      if (!this.#stream.write(toWireEvent(event, sent + 1))) {
        this.#draining = this.#stream.drained().then(this.#drained, this.#left);
        this.#count();
      }
    } catch (thrown) {
      // Whoever reads the upstream must not be thrown at. If the call has ended, it knows.
      this.#abort(ProviderError.from(thrown));
    }
  }

  readonly #drained = (): void => {
    this.#draining = undefined;
    while (this.#draining === undefined) {
      const event = this.#waiting.shift();
      if (event === undefined) break;
      this.#write(event);
    }
    const caughtUp = this.#draining === undefined;
    if (caughtUp) this.#note(0);
    const fits = waitingOfAll <= MAX_WAITING && this.#waiting.weight <= HIGH_WATER_MARK / 2;
    // May bring the next events before it returns.
    if (caughtUp || fits) this.flow.release();
  };

  /** While the caller is slow. */
  #count(): void {
    const { weight } = this.#waiting;
    this.#note(weight + this.#stream.waitingBytes);
    if (weight > HIGH_WATER_MARK || waitingOfAll > MAX_WAITING) this.flow.hold();
  }

  #note(bytes: number): void {
    waitingOfAll += bytes - this.#waitingBytes;
    this.#waitingBytes = bytes;
  }

  /** The call has ended before: nothing that waits is of use any more. */
  readonly #left = (): void => {
    this.#draining = undefined;
    this.#waiting.clear();
  };
}
