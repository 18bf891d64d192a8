import type { ProviderEvent, ToolCallDelta } from './events.ts';
import { splitDelta } from './split-delta.ts';

/** What fills a queue: an attempt at an upstream. */
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

export interface EventQueueOptions {
  /** Weight, in characters, above which the producer is paused; it resumes below half. Default 256 Ki. */
  readonly highWaterMark?: number;
}

type Result = IteratorResult<ProviderEvent, undefined>;

const DEFAULT_HIGH_WATER_MARK = 256 * 1024;

/** Characters of a delta, merged or not: below what a message may hold on the way to the caller. */
const MAX_DELTA_LENGTH = 64 * 1024;

/** Weight of an event beside its text, in characters, so that many tiny ones count too. */
const EVENT_WEIGHT = 64;

const DONE: Result = Object.freeze({ done: true, value: undefined });

/**
 * The one buffer between the upstream and the caller. Adjacent deltas of a kind are merged while
 * they wait, and a waiting consumer is woken when the callback that pushes has returned: what one
 * socket read brings arrives as one event, and a slow caller gets few large ones.
 */
export class EventQueue implements AsyncIterableIterator<ProviderEvent, undefined, undefined> {
  readonly #producer: EventProducer;
  readonly #highWaterMark: number;
  readonly #events: ProviderEvent[] = [];
  #state: 'idle' | 'open' | 'ended' | 'closed' = 'idle';
  #error: { readonly thrown: unknown } | undefined;
  #waiting: PromiseWithResolvers<Result> | undefined;
  #waking = false;
  #weight = 0;
  #paused = false;

  constructor(producer: EventProducer, options: EventQueueOptions = {}) {
    this.#producer = producer;
    this.#highWaterMark = options.highWaterMark ?? DEFAULT_HIGH_WATER_MARK;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** Adds an event; after the end it is dropped. */
  push(event: ProviderEvent): void {
    if (this.#state !== 'open') return;
    if (lengthOf(event) <= MAX_DELTA_LENGTH) this.#append(event);
    else for (const piece of splitDelta(event, MAX_DELTA_LENGTH)) this.#append(piece);
    if (this.#weight > this.#highWaterMark && !this.#paused) {
      this.#paused = true;
      this.#producer.pause();
    }
    this.#wake();
  }

  #append(event: ProviderEvent): void {
    const last = this.#events.length - 1;
    const tail = this.#events[last];
    const merged = tail === undefined ? undefined : merge(tail, event);
    if (merged === undefined) {
      this.#events.push(event);
      this.#weight += EVENT_WEIGHT;
    } else {
      this.#events[last] = merged;
    }
    this.#weight += lengthOf(event);
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

  /** The call was ended from outside: what is queued is of no use any more, `error` is thrown next. */
  abort(error: unknown): void {
    if (this.#state !== 'open') return;
    this.#events.length = 0;
    this.fail(error);
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
    this.#events.length = 0;
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
      this.#weight -= lengthOf(event) + EVENT_WEIGHT;
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
    if (!this.#paused || this.#weight > this.#highWaterMark / 2) return;
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

/** Both as one, or undefined if they must stay apart. */
function merge(tail: ProviderEvent, event: ProviderEvent): ProviderEvent | undefined {
  if (lengthOf(tail) + lengthOf(event) > MAX_DELTA_LENGTH) return undefined;
  if (event.type === 'textDelta' && tail.type === 'textDelta') {
    const { outputTokensSoFar } = event;
    return { type: 'textDelta', text: tail.text + event.text, outputTokensSoFar };
  }
  if (event.type === 'reasoningDelta' && tail.type === 'reasoningDelta') {
    return { type: 'reasoningDelta', text: tail.text + event.text };
  }
  if (event.type === 'refusalDelta' && tail.type === 'refusalDelta') {
    return { type: 'refusalDelta', text: tail.text + event.text };
  }
  if (event.type === 'toolCallDelta' && tail.type === 'toolCallDelta') {
    return mergeToolCall(tail, event);
  }
  return undefined;
}

function mergeToolCall(tail: ToolCallDelta, event: ToolCallDelta): ToolCallDelta | undefined {
  if (tail.index !== event.index) return undefined;
  return {
    type: 'toolCallDelta',
    index: tail.index,
    id: tail.id || event.id,
    name: tail.name || event.name,
    argumentsFragment: tail.argumentsFragment + event.argumentsFragment,
  };
}

function lengthOf(event: ProviderEvent): number {
  switch (event.type) {
    case 'textDelta':
    case 'reasoningDelta':
    case 'refusalDelta':
      return event.text.length;
    case 'toolCallDelta':
      return event.argumentsFragment.length;
    default:
      return 0;
  }
}
