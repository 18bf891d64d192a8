import type { ServerReadableStream } from '@grpc/grpc-js';
import { LoopTurns } from '../../core/loop-turns.ts';
import { endReason } from '../../core/signal.ts';

/** Messages that wait to be taken, beside the one that is being worked on. */
const READ_AHEAD = 1;

/**
 * Messages that are worked on in one turn of the event loop, of all calls together: what a socket brings in one
 * go may be hundreds, and each takes part of a millisecond.
 */
const messagesOfTurn = new LoopTurns(32);

/**
 * The messages of a call in the order in which they come, read as they are taken: who sends faster is
 * held back. Rejects with the end of the signal, for a stream that is cancelled never ends.
 */
export async function* requestStream<Request>(
  call: ServerReadableStream<Buffer, Buffer>,
  read: (bytes: Buffer) => Request,
  signal: AbortSignal,
): AsyncGenerator<Request> {
  const messages = new Messages(call, signal);
  for (let next = await messages.next(); next !== undefined; next = await messages.next()) {
    yield read(next);
    await new Promise<void>((resolve) => messagesOfTurn.run(resolve));
  }
}

class Messages {
  readonly #call: ServerReadableStream<Buffer, Buffer>;
  readonly #signal: AbortSignal;
  readonly #waiting: Buffer[] = [];
  #ended = false;
  #wake: () => void = () => {};

  constructor(call: ServerReadableStream<Buffer, Buffer>, signal: AbortSignal) {
    this.#call = call;
    this.#signal = signal;
    call.on('data', (bytes: Buffer) => {
      this.#waiting.push(bytes);
      if (this.#waiting.length >= READ_AHEAD) call.pause();
      this.#wake();
    });
    call.once('end', () => {
      this.#ended = true;
      this.#wake();
    });
  }

  async next(): Promise<Buffer | undefined> {
    while (this.#waiting.length === 0) {
      if (this.#signal.aborted) throw endReason(this.#signal);
      if (this.#ended) return undefined;
      this.#call.resume();
      await this.#more();
    }
    return this.#waiting.shift();
  }

  #more(): Promise<void> {
    return new Promise((resolve) => {
      const wake = (): void => {
        this.#signal.removeEventListener('abort', wake);
        resolve();
      };
      this.#wake = wake;
      this.#signal.addEventListener('abort', wake, { once: true });
    });
  }
}
