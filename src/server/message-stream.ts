/** The part of a gRPC stream that a MessageStream uses. */
export interface ByteStream {
  write(bytes: Buffer): boolean;
  once(event: 'drain', listener: () => void): unknown;
  off(event: 'drain', listener: () => void): unknown;
}

/** The messages of one server stream on their way to the caller, with back-pressure. */
export class MessageStream<Message> {
  readonly #call: ByteStream;
  readonly #serialize: (message: Message) => Buffer;
  readonly #signal: AbortSignal;
  #sent = 0;

  constructor(call: ByteStream, serialize: (message: Message) => Buffer, signal: AbortSignal) {
    this.#call = call;
    this.#serialize = serialize;
    this.#signal = signal;
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
   * before: a cancelled stream never drains.
   */
  drained(): Promise<void> {
    const signal = this.#signal;
    return new Promise((resolve, reject) => {
      const onDrain = (): void => {
        signal.removeEventListener('abort', onAbort);
        resolve();
      };
      const onAbort = (): void => {
        this.#call.off('drain', onDrain);
        reject(signal.reason);
      };
      this.#call.once('drain', onDrain);
      signal.addEventListener('abort', onAbort, { once: true });
    });
  }
}
