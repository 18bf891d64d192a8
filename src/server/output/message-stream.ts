import type { ServerHttp2Stream } from 'node:http2';
import type { Clock } from '../../core/clock.ts';
import { ProviderError } from '../../core/errors.ts';
import type { SendingCall } from './write-together.ts';

/** What takes the messages of a MessageStream. */
export interface ByteStream {
  /** Bytes that were written and that the caller has no room for yet. */
  readonly writableLength: number;
  /** False: the caller is slow; `drain` tells when it has caught up, or `close` that all is over. */
  write(bytes: Buffer): boolean;
  once(event: 'drain' | 'close', listener: () => void): unknown;
  off(event: 'drain' | 'close', listener: () => void): unknown;
}

/** What a handler of a stream is given, as far as it is used here, which is private to grpc-js. */
export interface StreamingCall {
  readonly call?: Pick<SendingCall, 'stream' | 'sendMessage'>;
}

/**
 * The messages of a call on their way to HTTP/2, which knows when the caller is slow. Past the stream of objects that
 * grpc-js puts before it, which takes sixteen messages more, of whatever size, before it says so.
 */
export function byteStreamOf({ call }: StreamingCall): ByteStream {
  if (call === undefined)
    throw new Error('grpc-js does not tell of the inside of a call any more.');
  return new CallBytes(call);
}

class CallBytes implements ByteStream {
  readonly #call: Pick<SendingCall, 'sendMessage'>;
  readonly #stream: ServerHttp2Stream;

  constructor(call: Pick<SendingCall, 'stream' | 'sendMessage'>) {
    this.#call = call;
    this.#stream = call.stream;
  }

  get writableLength(): number {
    return this.#stream.writableLength;
  }

  write(bytes: Buffer): boolean {
    this.#call.sendMessage(bytes, ignore);
    return !this.#stream.writableNeedDrain;
  }

  once(event: 'drain' | 'close', listener: () => void): void {
    this.#stream.once(event, listener);
  }

  off(event: 'drain' | 'close', listener: () => void): void {
    this.#stream.off(event, listener);
  }
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

  /** Bytes that were handed to the transport and that the caller has not taken. */
  get waitingBytes(): number {
    return this.#call.writableLength;
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
   * Resolves when the caller has caught up, or has all of an answer that is over. Rejects with the signal's reason if the call ends
   * before: a cancelled stream never drains. A caller who does not read for too long ends the call.
   */
  drained(): Promise<void> {
    const signal = this.#signal;
    const { clock, ms, abort } = this.#stall;
    return new Promise((resolve, reject) => {
      let waiting = this.waitingBytes;
      const look = (): void => {
        if (this.waitingBytes >= waiting) {
          abort(notRead(ms));
          return;
        }
        waiting = this.waitingBytes;
        timer.refresh();
      };
      const timer = clock.after(ms, look);
      const letGo = (): void => {
        timer.cancel();
        signal.removeEventListener('abort', onAbort);
        this.#call.off('drain', onDrain);
        this.#call.off('close', onDrain);
      };
      const onDrain = (): void => {
        letGo();
        resolve();
      };
      const onAbort = (): void => {
        letGo();
        reject(signal.reason);
      };
      // One that has been ended meanwhile does not drain any more.
      this.#call.once('close', onDrain);
      this.#call.once('drain', onDrain);
      signal.addEventListener('abort', onAbort, { once: true });
    });
  }
}

function ignore(): void {}

function notRead(ms: number): ProviderError {
  return new ProviderError('STREAM_INTERRUPTED', {
    message: `The caller has read nothing for ${ms / 1_000} s.`,
  });
}
