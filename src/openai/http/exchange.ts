import type { IncomingHttpHeaders } from 'node:http';
import type { Socket } from 'node:net';
import { type Dispatcher, errors } from 'undici';
import { LoopTurns } from '../../core/loop-turns.ts';

/** What happens to a request, in this order. Exactly one of the last three ends it, if nobody destroys it. */
export interface ResponseListener {
  /** A connection is there and the request is being written. */
  onConnected(): void;
  /** @param headers by lower-case name */
  onHeaders(status: number, headers: IncomingHttpHeaders): void;
  onData(chunk: Buffer): void;
  /** The body is complete; its connection is free for the next request. */
  onEnd(): void;
  /** The connection failed. */
  onError(error: unknown): void;
  /** The signal ended the exchange. */
  onAbort(): void;
}

/** No server has more to say before its answer begins. */
const MAX_INFORMATIONAL = 100;

/**
 * Bytes of answers that are read in one turn of the event loop, all answers of this thread together: some
 * milliseconds of work. Of a socket that always has more to read two megabytes would be read in one go, and of
 * two thousand sockets as many pieces.
 */
const turns = new LoopTurns(256 * 1024);
/** What a piece takes beside its bytes: it may be a single one. */
const PIECE_BYTES = 256;

/** One request and its response, on a connection of their own. A handler for undici's dispatch(). */
export class Exchange implements Dispatcher.DispatchHandler {
  readonly #listener: ResponseListener;
  readonly #signal: AbortSignal;
  #controller: Dispatcher.DispatchController | undefined;
  #connecting: Socket | undefined;
  #over = false;
  /** Whether it hears of the signal. */
  #listens = false;
  #paused = false;
  #opensSocket = false;
  #responded = false;
  #informational = 0;
  /** Read, and to be told when it is its turn. undici does not use their memory again. */
  #held: Buffer[] = [];
  #waitsForTurn = false;
  #onTrouble: ((trouble: Trouble) => void) | undefined;

  constructor(signal: AbortSignal, listener: ResponseListener) {
    this.#signal = signal;
    this.#listener = listener;
  }

  /**
   * Whether to send the request: not if the exchange was ended before it began.
   *
   * @param onTrouble hears of an end before its time, if the connection had served others
   */
  begin(onTrouble: (trouble: Trouble) => void): boolean {
    this.#onTrouble = onTrouble;
    if (this.#signal.aborted && !this.#over) this.#onAbort();
    if (this.#over) return false;
    this.#listens = true;
    this.#signal.addEventListener('abort', this.#onAbort);
    return true;
  }

  /** It goes over a connection that served others before, which the server may just have closed. */
  get reusesConnection(): boolean {
    return !this.#opensSocket;
  }

  get paused(): boolean {
    return this.#paused;
  }

  /** Something has come, and waits until it is its turn. */
  get unread(): boolean {
    return this.#held.length > 0;
  }

  /** Reads no further; the kernel's buffers fill and hold the upstream back. */
  pause(): void {
    this.#paused = true;
    this.#controller?.pause();
  }

  /** Reads on, possibly delivering data before it returns. */
  resume(): void {
    this.#paused = false;
    if (!this.#waitsForTurn) this.#readOn();
  }

  /** The signal concerns the exchange no longer; it still runs to its end. */
  release(): void {
    if (!this.#listens) return;
    this.#listens = false;
    this.#signal.removeEventListener('abort', this.#onAbort);
  }

  /** Breaks the connection, whatever its state. The listener hears no more. */
  destroy(): void {
    if (this.#over) return;
    this.#end();
    this.#controller?.abort(ended());
    this.#connecting?.destroy(ended());
  }

  /** The socket that is opened for this request. */
  connectingOn(socket: Socket): void {
    this.#connecting = socket;
    this.#opensSocket = true;
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#connecting = undefined;
    if (this.#over) {
      controller.abort(ended());
      return;
    }
    this.#controller = controller;
    if (this.#paused) controller.pause();
    this.#listener.onConnected();
  }

  onResponseStart(
    controller: Dispatcher.DispatchController,
    status: number,
    headers: IncomingHttpHeaders,
  ): void {
    const informational = status < 200;
    if (informational) {
      this.#informational += 1;
      if (this.#informational > MAX_INFORMATIONAL) controller.abort(withoutAnswer());
      return;
    }
    this.#responded = true;
    // Pieces of what was read first, which they would keep as a whole as long as the answer comes.
    controller.rawHeaders = null;
    if (!this.#over) this.#listener.onHeaders(status, headers);
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#over) return;
    if (this.#held.length === 0 && turns.take(chunk.length + PIECE_BYTES))
      this.#listener.onData(chunk);
    else this.#hold(chunk);
  }

  onResponseEnd(): void {
    this.#tellHeld();
    if (this.#over) return;
    this.#end();
    this.#listener.onEnd();
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: unknown): void {
    this.#tellHeld();
    if (this.#over) return;
    this.#end();
    // undici forgets a socket that still connects when it is closed.
    this.#connecting?.destroy(ended());
    this.#tellTrouble();
    this.#listener.onError(error);
  }

  #hold(chunk: Buffer): void {
    this.#held.push(chunk);
    if (this.#waitsForTurn) return;
    this.#waitsForTurn = true;
    this.#controller?.pause();
    turns.wait(() => {
      this.#waitsForTurn = false;
      if (!this.#paused) this.#readOn();
    });
  }

  #readOn(): void {
    this.#tellHeld();
    if (!this.#paused && !this.#over) this.#controller?.resume();
  }

  #tellHeld(): void {
    const held = this.#held;
    if (held.length === 0) return;
    this.#held = [];
    for (const chunk of held) {
      if (this.#over) return;
      turns.take(chunk.length + PIECE_BYTES);
      this.#listener.onData(chunk);
    }
  }

  #end(): void {
    this.#over = true;
    this.release();
  }

  #tellTrouble(reason?: unknown): void {
    if (this.#controller === undefined || !this.reusesConnection) return;
    this.#onTrouble?.({ responded: this.#responded, reason });
  }

  readonly #onAbort = (): void => {
    this.destroy();
    this.#tellTrouble(this.#signal.reason);
    this.#listener.onAbort();
  };
}

/** undici waits for a socket's error or success, so a destroyed one must have an error. */
function ended(): Error {
  return new Error('the exchange was ended from this side');
}

function withoutAnswer(): Error {
  return new errors.HeadersOverflowError(
    `${MAX_INFORMATIONAL} informational responses and no answer`,
  );
}

/** How an exchange over a connection that had served others ended. */
export interface Trouble {
  /** Some of a response had come. */
  readonly responded: boolean;
  /** Why it was ended from this side; undefined: the connection broke. */
  readonly reason?: unknown;
}
