import { EventBuffer } from './event-buffer.ts';
import type { ProviderEvent } from './events.ts';

/** What fills a queue: a call. */
export interface EventProducer {
  /** The consumer asked for the first event. Called at most once; until then nothing may happen. */
  start(): void;
  /** Too much is queued: read no further. */
  pause(): void;
  /** Enough was consumed: read on. May push at once. */
  resume(): void;
  /** The consumer left before the end, and nothing will be read any more. */
  cancel(): void;
}

type Result = IteratorResult<ProviderEvent, undefined>;

/** Above it the upstream is paused, in characters; a slow caller's short answer stays below. */
export const HIGH_WATER_MARK = 1024 * 1024;

const DONE: Result = Object.freeze({ done: true, value: undefined });

/**
 * What stands between a call and its consumer in process. Adjacent deltas of a kind are merged while
 * they wait, and a waiting consumer is woken when the callback that pushes has returned: what one
 * socket read brings arrives as one event, and a slow caller gets few large ones.
 */
export class EventQueue implements AsyncIterableIterator<ProviderEvent, undefined, undefined> {
  readonly #producer: EventProducer;
  readonly #highWaterMark: number;
  readonly #events = new EventBuffer();
  #state: 'idle' | 'open' | 'ended' | 'closed' = 'idle';
  #error: { readonly thrown: unknown } | undefined;
  #waiting: PromiseWithResolvers<Result> | undefined;
  #waking = false;
  #paused = false;
  #discarding = false;

  /** @param highWaterMark weight, in characters, above which the producer is paused; it resumes below half */
  constructor(producer: EventProducer, highWaterMark = HIGH_WATER_MARK) {
    this.#producer = producer;
    this.#highWaterMark = highWaterMark;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** Adds an event; after the end it is dropped. */
  push(event: ProviderEvent): void {
    if (this.#state !== 'open' || this.#discarding) return;
    this.#events.push(event);
    if (this.#events.weight > this.#highWaterMark && !this.#paused) {
      this.#paused = true;
      this.#producer.pause();
    }
    this.#wake();
  }

  /** Nothing follows. */
  end(): void {
    if (this.#state !== 'open') return;
    this.#state = 'ended';
    this.#wake();
  }

  /** The answer broke: what is queued is still delivered, then `error` is thrown. */
  fail(error: unknown): void {
    if (this.#state !== 'open') return;
    this.#error = { thrown: error };
    this.end();
  }

  /** The call was ended from outside: drops what is queued, and all that is still pushed. */
  discard(): void {
    // An answer that is complete is delivered.
    if (this.#state !== 'open') return;
    this.#discarding = true;
    this.#events.clear();
  }

  next(): Promise<Result> {
    if (this.#state === 'idle') {
      this.#state = 'open';
      this.#producer.start();
    }
    if (this.#waiting !== undefined) return this.#afterWaiting(this.#waiting.promise);
    try {
      const result = this.#take();
      if (result !== undefined) return Promise.resolve(result);
    } catch (error) {
      return Promise.reject(error);
    }
    this.#waiting = Promise.withResolvers();
    return this.#waiting.promise;
  }

  /** The consumer leaves its loop. */
  return(): Promise<Result> {
    const abandoned = this.#state === 'open';
    this.#state = 'closed';
    this.#events.clear();
    this.#error = undefined;
    this.#wake();
    if (abandoned) this.#producer.cancel();
    return Promise.resolve(DONE);
  }

  /** Calls of next() that overlap are answered in their order, as the iterator protocol asks. */
  #afterWaiting(turn: Promise<Result>): Promise<Result> {
    const next = () => this.next();
    return turn.then(next, next);
  }

  /** The next result; undefined if there is none yet; throws the error when its turn has come. */
  #take(): Result | undefined {
    const event = this.#events.shift();
    if (event !== undefined) {
      this.#resumeIfDrained();
      return { done: false, value: event };
    }
    if (this.#state === 'open') return undefined;
    this.#state = 'closed';
    const error = this.#error;
    if (error === undefined) return DONE;
    this.#error = undefined;
    throw error.thrown;
  }

  #resumeIfDrained(): void {
    if (!this.#paused || this.#events.weight > this.#highWaterMark / 2) return;
    this.#paused = false;
    if (this.#state === 'open') this.#producer.resume();
  }

  /** In a microtask, so that everything the running callback still pushes is merged first. */
  #wake(): void {
    if (this.#waiting === undefined || this.#waking) return;
    this.#waking = true;
    queueMicrotask(this.#deliver);
  }

  readonly #deliver = (): void => {
    this.#waking = false;
    const waiting = this.#waiting;
    this.#waiting = undefined;
    try {
      waiting?.resolve(this.#take() ?? DONE);
    } catch (error) {
      waiting?.reject(error);
    }
  };
}
