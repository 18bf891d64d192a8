import type { Clock } from '../core/clock.ts';
import { ProviderError } from '../core/errors.ts';

/** The part of a gRPC stream that a MessageStream uses. */
export interface ByteStream {
  write(bytes: Buffer): boolean;
  once(event: 'drain', listener: () => void): unknown;
  off(event: 'drain', listener: () => void): unknown;
}

/** What becomes of a caller who does not read. */
export interface Stall {
  readonly clock: Clock;
  /** How long a caller may leave what was sent unread, in ms. */
  readonly ms: number;
  /** Ends the call. */
  readonly abort: (reason: ProviderError) => void;
}

/** The messages of one server stream on their way to the caller, with back-pressure. */
export class MessageStream<Message> {
  readonly #call: ByteStream;
  readonly #serialize: (message: Message) => Buffer;
  readonly #signal: AbortSignal;
  readonly #stall: Stall;
  #sent = 0;

  constructor(
    call: ByteStream,
    serialize: (message: Message) => Buffer,
    signal: AbortSignal,
    stall: Stall,
  ) {
    this.#call = call;
    this.#serialize = serialize;
    this.#signal = signal;
    this.#stall = stall;
  }

  /** Number of messages handed to the transport. */
  get sent(): number {
    return this.#sent;
  }

  /**
   * Sends one message. False: the caller is slow, wait for `drained` before the next.
   * Throws the signal's reason once the call has been ended: nothing is written after that.
   */
  write(message: Message): boolean {
    this.#signal.throwIfAborted();
    const bytes = this.#serialize(message);
    this.#sent += 1;
    return this.#call.write(bytes);
  }

  /**
   * Resolves when the caller has caught up. Rejects with the signal's reason if the call ends
   * before: a cancelled stream never drains. A caller who does not read for too long ends the call.
   */
  drained(): Promise<void> {
    const signal = this.#signal;
    const { clock, ms, abort } = this.#stall;
    return new Promise((resolve, reject) => {
      const timer = clock.after(ms, () => abort(notRead(ms)));
      const onDrain = (): void => {
        timer.cancel();
        signal.removeEventListener('abort', onAbort);
        resolve();
      };
      const onAbort = (): void => {
        timer.cancel();
        this.#call.off('drain', onDrain);
        reject(signal.reason);
      };
      this.#call.once('drain', onDrain);
      signal.addEventListener('abort', onAbort, { once: true });
    });
  }
}

function notRead(ms: number): ProviderError {
  return new ProviderError('STREAM_INTERRUPTED', {
    message: `The caller has read nothing for ${ms / 1_000} s.`,
  });
}
