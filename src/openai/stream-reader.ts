import type { Clock, Timer } from '../core/clock.ts';
import type { Completed, Timings } from '../core/events.ts';
import type { AnswerStream } from './api-surface.ts';
import type { Exchange } from './exchange.ts';
import { hungUp } from './faults.ts';
import { present } from './present.ts';
import { SseParser } from './sse-parser.ts';

export interface StreamOptions {
  /** Silence after the model's end that ends a stream without `[DONE]` and usage, in ms. */
  readonly doneGraceMs: number;
  /** Largest event, in bytes. */
  readonly maxEventBytes: number;
}

export interface StreamContext {
  readonly exchange: Exchange;
  /** Takes the end of the answer. Every delta of it was emitted before. */
  readonly onComplete: (completed: Completed) => void;
  readonly clock: Clock;
  /** Epoch ms at which the attempt began. */
  readonly startedAt: number;
}

/** How long a complete answer's body may take to end, in ms, for its connection to be kept. */
const DRAIN_MS = 1_000;

/**
 * Reads a response that is an event stream, and decides when the answer in it is complete: at
 * `[DONE]`; when nothing more can follow, because some servers then stay silent; at the body's end or
 * after a silence, if the model had finished. Its methods throw what is wrong
 * with the stream.
 */
export class StreamReader {
  readonly #context: StreamContext;
  readonly #doneGraceMs: number;
  readonly #parser: SseParser;
  readonly #stream: AnswerStream;
  #firstOutputAt: number | undefined;
  #done = false;
  #completed = false;
  /** Something came behind `[DONE]`: the connection cannot be trusted. */
  #surplus = false;
  #timer: Timer | undefined;

  constructor(stream: AnswerStream, context: StreamContext, options: StreamOptions) {
    this.#stream = stream;
    this.#context = context;
    this.#doneGraceMs = options.doneGraceMs;
    this.#parser = new SseParser(options.maxEventBytes, (name, data) => this.#onEvent(name, data));
  }

  data(chunk: Buffer): void {
    this.#parser.feed(chunk);
    if (!this.#completed && (this.#done || this.#stream.complete)) {
      this.#complete();
      this.#timer = this.#context.clock.after(DRAIN_MS, () => this.#context.exchange.destroy());
    }
    if (this.#surplus) {
      this.stop();
      this.#context.exchange.destroy();
    }
  }

  /** The body ended. */
  end(): void {
    this.stop();
    if (!this.#completed) this.#complete();
  }

  /** The connection broke: no matter if the model had said all it says. */
  fail(error: unknown): void {
    this.stop();
    if (this.#completed) return;
    if (!this.#stream.finished) throw error;
    this.#complete();
  }

  /** Nothing of this is of use any more. */
  stop(): void {
    this.#timer?.cancel();
  }

  #onEvent(name: string, data: string): void {
    if (this.#done) {
      this.#surplus = true;
      return;
    }
    if (data.startsWith('[DONE]')) {
      this.#done = true;
      return;
    }
    // An empty event is some servers' way to keep the connection alive.
    if (this.#completed || data === '') return;
    this.#stream.read(name, data);
    if (this.#stream.hasOutput) this.#firstOutputAt ??= this.#context.clock.now();
    if (this.#stream.finished) this.#awaitSilence();
  }

  #awaitSilence(): void {
    if (this.#timer === undefined) {
      this.#timer = this.#context.clock.after(this.#doneGraceMs, this.#onSilence);
    } else {
      this.#timer.refresh();
    }
  }

  readonly #onSilence = (): void => {
    const { exchange } = this.#context;
    // Not the upstream is silent then, but the caller slow.
    if (exchange.paused) {
      this.#timer?.refresh();
      return;
    }
    this.#complete();
    exchange.destroy();
  };

  #complete(): void {
    if (!this.#stream.finished) throw hungUp();
    const { clock, exchange, onComplete, startedAt } = this.#context;
    this.stop();
    this.#completed = true;
    onComplete(this.#stream.end(timingsOf(clock, startedAt, this.#firstOutputAt)));
    exchange.release();
    // If a slow caller holds the connection up, nothing more will be queued.
    exchange.resume();
  }
}

/** @param firstOutputAt epoch ms; undefined if there was no output */
export function timingsOf(
  clock: Clock,
  startedAt: number,
  firstOutputAt: number | undefined,
): Timings {
  return {
    queueMs: 0,
    backoffMs: 0,
    totalMs: clock.now() - startedAt,
    ...present({
      timeToFirstTokenMs: firstOutputAt === undefined ? undefined : firstOutputAt - startedAt,
    }),
  };
}
