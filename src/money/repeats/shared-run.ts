import type { Context } from '@opentelemetry/api';
import type { Call, CallRecord, Emit, Handler } from '../../core/call.ts';
import type { Clock, Timer } from '../../core/clock.ts';
import { ProviderError } from '../../core/errors.ts';
import { type AnswerEvent, type Completed, type Cost, lengthOf } from '../../core/events.ts';
import { Flow } from '../../core/flow.ts';
import { endReason } from '../../core/signal.ts';
import { AnswerRecorder } from '../cache/recorder.ts';
import { costToMake, type StoredAnswer } from '../cache/stored-answer.ts';
import { Reader } from './reader.ts';

/** How long a call goes on that everybody has left, so that whoever lost a connection finds it again. */
const ORPHANED_MS = 30_000;

/** Characters of an answer beyond which nobody can join any more, for its beginning is let go. */
const MAX_LENGTH = 4 * 1024 * 1024;

/** What an event weighs beside its text, in characters. */
const EVENT_WEIGHT = 64;

/**
 * A call that several callers may follow, from its beginning, each at its own pace. It is a call of its
 * own: no cancel or deadline of one of them ends it for the others, and no slow reader holds it, unless
 * the answer is longer than what is kept.
 */
export class SharedRun {
  /** What of the request must be the same for those who join. */
  readonly fingerprint: string;
  /** Holds the span of the call that began it. */
  readonly context: Context;
  readonly #clock: Clock;
  readonly #controller = new AbortController();
  readonly #flow = new Flow();
  readonly #readers = new Set<Reader>();
  readonly #outcome: Promise<Completed>;
  readonly #record: CallRecord;
  readonly #events: AnswerEvent[] = [];
  #weight = 0;
  #isWhole = true;
  #isOver = false;
  #orphaned: Timer | undefined;

  /** Makes the call, on behalf of the one that began it. */
  constructor(next: Handler, call: Call, fingerprint: string, clock: Clock) {
    this.fingerprint = fingerprint;
    this.context = call.context;
    this.#clock = clock;
    this.#record = call.record;
    const run: Call = {
      ...call,
      // A break is told as a reset, of which each reader makes what its own recovery says.
      recovery: 'restart',
      signal: this.#controller.signal,
      flow: this.#flow,
      deadline: call.deadline + ORPHANED_MS,
    };
    this.#outcome = next(run, this.#emit).finally(() => {
      this.#isOver = true;
      this.#orphaned?.cancel();
    });
    // It may fail while nobody follows.
    this.#outcome.catch(() => {});
  }

  /** How it ends, whoever follows. */
  get outcome(): Promise<Completed> {
    return this.#outcome;
  }

  /** Whether there is still all of it to follow. */
  get canBeJoined(): boolean {
    return this.#isWhole && !this.#controller.signal.aborted;
  }

  /** Its answer, once it has ended; undefined if there is not all of it. */
  answer(completed: Completed): StoredAnswer | undefined {
    if (!this.#isWhole) return undefined;
    const recorder = new AnswerRecorder(Number.POSITIVE_INFINITY);
    for (const event of this.#events) recorder.see(event);
    return recorder.take(completed, this.#record);
  }

  /** What those are spared who did not begin it. */
  costOf(completed: Completed): Cost | undefined {
    return costToMake(completed, this.#record);
  }

  /** Emits it from its beginning, and resolves with its end. Rejects with the end of this call, too. */
  async follow(call: Call, emit: Emit): Promise<Completed> {
    const reader = new Reader(call, emit, this.#events, this.#balance);
    this.#readers.add(reader);
    this.#orphaned?.cancel();
    try {
      return await reader.read(this.#outcome);
    } finally {
      this.#readers.delete(reader);
      this.#left(call.signal);
    }
  }

  readonly #emit: Emit = (event) => {
    this.#events.push(event);
    this.#weight += lengthOf(event) + EVENT_WEIGHT;
    for (const reader of this.#readers) reader.pump();
    if (this.#weight <= MAX_LENGTH) return;
    this.#isWhole = false;
    if (this.#readers.size === 0) this.#controller.abort(new ProviderError('CANCELLED'));
    else this.#balance();
  };

  /** Of an answer that is too long, lets go what all have read, and waits for those who are slow. */
  readonly #balance = (): void => {
    if (this.#isWhole) return;
    const readers = [...this.#readers];
    if (!readers.some((reader) => reader.isBehind)) {
      this.#events.length = 0;
      this.#weight = 0;
      for (const reader of readers) reader.rewind();
    }
    if (readers.some((reader) => reader.isWaiting)) this.#flow.hold();
    else this.#flow.release();
  };

  #left(signal: AbortSignal): void {
    if (this.#isOver) return;
    if (this.#readers.size > 0) {
      this.#balance();
      return;
    }
    const end = (): void =>
      this.#controller.abort(signal.aborted ? endReason(signal) : new ProviderError('CANCELLED'));
    // The process stops, or nobody could join: there is nothing to go on for.
    const isStopping = signal.aborted && endReason(signal).reason === 'SHUTTING_DOWN';
    if (isStopping || !this.#isWhole) end();
    else this.#orphaned = this.#clock.after(ORPHANED_MS, end, true);
  }
}
