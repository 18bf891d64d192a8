import type { Clock, Timer } from '../../core/clock.ts';
import type { Completed, Timings } from '../../core/events.ts';
import { hungUp } from '../errors/faults.ts';
import type { Exchange } from '../http/exchange.ts';
import { isTooMuch } from '../values/json-checks.ts';
import type { AnswerStream } from './api-surface.ts';
import { RepeatedEvent, type UsualEvents } from './repeated-event.ts';
import { type SseListener, SseParser } from './sse-parser.ts';

export interface StreamOptions {
  /** Silence behind a finish reason that ends a stream whose connection stays open, in ms. */
  readonly afterFinishMs: number;
  /** Largest event, in bytes. */
  readonly maxEventBytes: number;
  /** Of the upstream. Default: nothing is known. */
  readonly usual?: UsualEvents;
}

export interface StreamContext {
  readonly exchange: Exchange;
  /** Whether something has come that was not handed over yet. */
  readonly isUnread: () => boolean;
  /** Takes the end of the answer. Every delta of it was emitted before. */
  readonly onComplete: (completed: Completed) => void;
  readonly clock: Clock;
  /** Epoch ms at which the attempt began. */
  readonly startedAt: number;
}

/**
 * How long the end of the stream is waited for once the usage has come, and the usage once `[DONE]`
 * has, in ms; and how long the body may then take to end for its connection to be kept.
 */
const LAST_WAIT_MS = 1_000;

/** Data that say nothing, by which servers keep the connection alive, or forget a filter of their own. */
const NOTHING: ReadonlySet<string> = new Set(['', '""', 'null', 'undefined', '[]']);
/** A set asks for the hash of a text, and so for all of it. */
const LONGEST_NOTHING = 'undefined'.length;

/**
 * Reads a response that is an event stream, and decides when the answer in it is complete: at
 * `[DONE]`, at the API's own last event, or at the clean end of the body behind a finish reason. What
 * follows a finish reason counts. Only where the connection stays open and silent does time decide.
 * Its methods throw what is wrong with the stream.
 */
export class StreamReader {
  readonly #context: StreamContext;
  readonly #afterFinishMs: number;
  readonly #parser: SseParser;
  readonly #stream: AnswerStream;
  readonly #repeated: RepeatedEvent;
  #firstOutputAt: number | undefined;
  #done = false;
  #ended = false;
  #completed = false;
  /** Something came behind the end: the connection cannot be trusted. */
  #surplus = false;
  /** An event has come since the end of the stream was last waited for. */
  #heard = false;
  #timer: Timer | undefined;
  #waitMs = 0;

  constructor(stream: AnswerStream, context: StreamContext, options: StreamOptions) {
    this.#stream = stream;
    this.#context = context;
    this.#afterFinishMs = options.afterFinishMs;
    this.#repeated = new RepeatedEvent(options.usual);
    this.#parser = new SseParser(options.maxEventBytes, this.#onEvent, this.#onRepeated);
  }

  data(chunk: Buffer): void {
    this.#parser.feed(chunk);
    if (this.#heard) this.#awaitSilence();
    if (!this.#completed && this.#isOver) {
      this.#complete();
      // Nearly always the same read brings the end of the body, and nothing has to be waited for.
      queueMicrotask(this.#awaitEnd);
    }
    if (this.#surplus && this.#completed) {
      this.#ended = true;
      this.#timer?.cancel();
      this.#context.exchange.destroy();
    }
  }

  /** The body ended. */
  end(): void {
    this.#timer?.cancel();
    this.#ended = true;
    if (this.#completed) return;
    this.#parser.end();
    this.#complete();
  }

  /** The connection broke: no matter if the model had said all it says. */
  fail(error: unknown): void {
    this.#timer?.cancel();
    this.#ended = true;
    if (this.#completed) return;
    // Who gives a reason with every piece may have been in the middle of the answer.
    if (!this.#stream.finished || (this.#stream.wentOn && !this.#done)) throw error;
    this.#complete();
  }

  get weight(): number {
    return this.#parser.kept + this.#stream.weight;
  }

  /** Nothing of this is of use any more. */
  stop(): void {
    this.#timer?.cancel();
    this.#parser.clear();
  }

  /** Nothing more is waited for. */
  get #isOver(): boolean {
    if (this.#stream.complete) return true;
    return this.#done && (this.#stream.hasUsage || !this.#stream.finished);
  }

  readonly #onRepeated = (bytes: Buffer, start: number): number => {
    if (this.#completed || this.#done) return -1;
    const end = this.#repeated.find(bytes, start);
    if (end === -1) return -1;
    this.#stream.readAgain(this.#repeated.text, this.#repeated.sequence);
    this.#heard = true;
    return end;
  };

  readonly #onEvent: SseListener = (name, data, read, start, end) => {
    if (this.#completed) {
      this.#surplus ||= data !== '';
      return;
    }
    if (data.length <= LONGEST_NOTHING && NOTHING.has(data)) return;
    if (isDone(data)) {
      this.#done = true;
      this.#stream.saidDone();
    } else if (this.#done) {
      // Usage may still follow what nobody asked for, but not for ever.
      if (!this.#stream.readLate(data)) this.#surplus = true;
      return;
    } else if (this.#ended && !isJson(data)) {
      // The body ended inside an event.
      return;
    } else {
      this.#read(name, data, read, start, end);
    }
    this.#heard = true;
  };

  #read(...[name, data, read, start, end]: Parameters<SseListener>): void {
    this.#stream.read(name, data);
    if (this.#stream.hasOutput) this.#firstOutputAt ??= this.#context.clock.now();
    const only = this.#repeated.passed() && read ? this.#stream.onlyText() : undefined;
    if (read && only) this.#repeated.learn(read.subarray(start, end), only);
  }

  /** Once for all that one read has brought. */
  #awaitSilence(): void {
    this.#heard = false;
    if (!this.#stream.finished || this.#completed || this.#isOver) return;
    const last = this.#done || this.#stream.hasUsage;
    this.#wait(last ? Math.min(LAST_WAIT_MS, this.#afterFinishMs) : this.#afterFinishMs);
  }

  #wait(ms: number, then: () => void = this.#onSilence): void {
    if (this.#timer !== undefined && ms === this.#waitMs && then === this.#onSilence) {
      this.#timer.refresh();
      return;
    }
    this.#timer?.cancel();
    this.#waitMs = ms;
    this.#timer = this.#context.clock.afterSilence(ms, then);
  }

  /** The answer is complete, and its body has not ended. */
  readonly #awaitEnd = (): void => {
    if (!this.#ended) this.#wait(LAST_WAIT_MS, () => this.#context.exchange.destroy());
  };

  readonly #onSilence = (): void => {
    const { exchange, isUnread } = this.#context;
    // Not the upstream is silent then, but the caller slow or this process busy.
    if (exchange.paused || isUnread()) {
      this.#timer?.refresh();
      return;
    }
    this.#complete();
    exchange.destroy();
  };

  #complete(): void {
    if (!this.#stream.finished) throw hungUp();
    const { clock, exchange, onComplete, startedAt } = this.#context;
    this.#timer?.cancel();
    this.#completed = true;
    onComplete(this.#stream.end(timingsOf(clock, startedAt, this.#firstOutputAt)));
    exchange.release();
    // If a slow caller holds the connection up, nothing more will be queued.
    exchange.resume();
  }
}

function isDone(data: string): boolean {
  return data.charCodeAt(0) <= 0x5b && data.trim() === '[DONE]';
}

/** What is too much of it is told as such. */
function isJson(data: string): boolean {
  if (isTooMuch(data)) return true;
  try {
    JSON.parse(data);
    return true;
  } catch {
    return isDone(data);
  }
}

/** @param firstOutputAt epoch ms; undefined if there was no output */
export function timingsOf(
  clock: Clock,
  startedAt: number,
  firstOutputAt: number | undefined,
): Timings {
  const timings = { queueMs: 0, backoffMs: 0, totalMs: clock.now() - startedAt };
  if (firstOutputAt === undefined) return timings;
  return { ...timings, timeToFirstTokenMs: firstOutputAt - startedAt };
}
