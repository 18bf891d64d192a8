import type { IncomingHttpHeaders } from 'node:http';
import type { Clock } from '../../core/clock.ts';
import { ProviderError } from '../../core/errors.ts';
import { fromHttpResponse, fromTransportError } from '../errors/map-error.ts';
import { ErrorReader } from '../http/error-reader.ts';
import { Exchange, type ResponseListener } from '../http/exchange.ts';
import type { HttpRequest } from '../http/http-request.ts';
import type { Transport } from '../http/transport.ts';

export interface BodyMeans {
  readonly transport: Pick<Transport, 'send'>;
  readonly clock: Clock;
  /** How long the response, and each piece of it, is waited for, in ms. */
  readonly idleMs: number;
}

/** The connection is held back while more than so much waits to be taken, in bytes. */
const MAX_WAITING_BYTES = 256 * 1024;

/**
 * Sends a request and hands its response's body on as it is taken. Rejects with ProviderError, or with
 * the signal's reason; leaving the loop breaks the connection.
 */
export async function* readBody(
  request: HttpRequest,
  means: BodyMeans,
  signal: AbortSignal,
): AsyncGenerator<Buffer> {
  const body = new Body(means, signal);
  try {
    means.transport.send(request, body.exchange);
    for (let chunk = await body.next(); chunk !== undefined; chunk = await body.next()) {
      yield chunk;
    }
  } finally {
    body.stop();
  }
}

class Body implements ResponseListener {
  readonly exchange: Exchange;
  readonly #means: BodyMeans;
  readonly #signal: AbortSignal;
  readonly #chunks: Buffer[] = [];
  #waiting = 0;
  #ended = false;
  #error: ProviderError | undefined;
  #wake: (() => void) | undefined;
  /** Of a response that is none. */
  #failure: ErrorReader | undefined;

  constructor(means: BodyMeans, signal: AbortSignal) {
    this.#means = means;
    this.#signal = signal;
    this.exchange = new Exchange(signal, this);
  }

  /** Undefined: it is complete. */
  async next(): Promise<Buffer | undefined> {
    while (this.#chunks.length === 0) {
      if (this.#error !== undefined) throw this.#error;
      if (this.#ended) return undefined;
      await this.#more();
    }
    const chunk = this.#chunks.shift();
    this.#waiting -= chunk?.length ?? 0;
    if (this.exchange.paused && this.#waiting <= MAX_WAITING_BYTES / 2) this.exchange.resume();
    return chunk;
  }

  stop(): void {
    this.#failure?.stop();
    this.exchange.destroy();
  }

  onConnected(): void {}

  onHeaders(status: number, headers: IncomingHttpHeaders): void {
    if (status < 300) return;
    const { clock } = this.#means;
    this.#failure = new ErrorReader(headers, clock, (text) =>
      this.#end(fromHttpResponse(status, headers, text, '', clock.now())),
    );
  }

  onData(chunk: Buffer): void {
    if (this.#failure !== undefined) {
      this.#failure.data(chunk);
      return;
    }
    this.#chunks.push(chunk);
    this.#waiting += chunk.length;
    if (this.#waiting > MAX_WAITING_BYTES) this.exchange.pause();
    this.#wake?.();
  }

  onEnd(): void {
    if (this.#failure === undefined) this.#end();
    else this.#failure.end();
  }

  onError(error: unknown): void {
    this.#end(fromTransportError(error, ''));
  }

  onAbort(): void {
    this.#end(ProviderError.from(this.#signal.reason));
  }

  #end(error?: ProviderError): void {
    this.#failure?.stop();
    this.#ended = true;
    this.#error ??= error;
    this.#wake?.();
  }

  /** Something has come, or nothing will. */
  #more(): Promise<void> {
    const { clock, idleMs } = this.#means;
    return new Promise((resolve) => {
      const timer = clock.afterSilence(idleMs, () => {
        this.exchange.destroy();
        this.#end(new ProviderError('TIMEOUT', { timeoutPhase: 'idle', message: SILENT }));
      });
      const wake = (): void => {
        timer.cancel();
        this.#wake = undefined;
        resolve();
      };
      this.#wake = wake;
    });
  }
}

const SILENT = 'The upstream fell silent in the middle of a file.';
