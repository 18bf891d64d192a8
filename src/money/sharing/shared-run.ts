import type { Context } from '@opentelemetry/api';
import type { Call, Emit, Handler } from '../../core/call.ts';
import type { CallRecord } from '../../core/call-record.ts';
import type { Clock, Timer } from '../../core/clock.ts';
import { ProviderError } from '../../core/errors.ts';
import { type Completed, isOutput } from '../../core/events.ts';
import { Flow } from '../../core/flow.ts';
import { endReason } from '../../core/signal.ts';
import type { Cost } from '../../core/usage.ts';
import { AnswerRecorder } from '../cache/recorder.ts';
import { NO_USAGE } from '../cache/replay.ts';
import { costToMake, type StoredAnswer } from '../cache/stored-answer.ts';
import { AnswerLog } from './answer-log.ts';
import { Followers } from './followers.ts';
import { Reader } from './reader.ts';
import { adopt, handOver, runRecord } from './run-record.ts';
import { isOthers } from './whose-error.ts';

/** Characters of an answer beyond which nobody can join any more, for its beginning is let go. */
const MAX_LENGTH = 4 * 1024 * 1024;

export interface SharedRunOptions {
  readonly clock: Clock;
  /** How long it goes on that everybody has left, so that whoever lost a connection finds it again. */
  readonly graceMs: number;
  /**
   * Whether all follow it to its end, whoever is slow, and it stays with the one who began it. Else it
   * goes on without those who are behind by 4 Mi characters, and is billed to one who is there.
   */
  readonly isOne: boolean;
}

/**
 * A call that several callers may follow, from its beginning, each at its own pace. It is a call of its
 * own, with the latest of their deadlines: no cancel or deadline of one of them ends it for the others.
 */
export class SharedRun {
  /** Holds the span of the call that began it. */
  readonly context: Context;
  readonly #options: SharedRunOptions;
  readonly #controller = new AbortController();
  readonly #flow = new Flow();
  readonly #followers: Followers;
  readonly #outcome: Promise<Completed>;
  readonly #record: CallRecord;
  readonly #log = new AnswerLog();
  #isWhole = true;
  /** A budget of its payer holds it up or cuts it short, as it need not be for others. */
  #isShort = false;
  #isOver = false;
  #orphaned: Timer | undefined;

  /** Makes the call, on behalf of the one that began it. */
  constructor(next: Handler, call: Call, options: SharedRunOptions) {
    this.context = call.context;
    this.#options = options;
    const followers = new Followers(call, options.graceMs, () => this.#cutShort());
    this.#followers = followers;
    this.#record = runRecord(call.record, () => followers.payer.record);
    const run: Call = {
      ...call,
      // A break is told as a reset, of which each reader makes what its own recovery says.
      recovery: 'restart',
      signal: this.#controller.signal,
      flow: this.#flow,
      record: this.#record,
      party: followers,
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

  /** Whether there is still all of it to follow, and as much as anybody would get. */
  get canBeJoined(): boolean {
    return this.#isWhole && !this.#isShort && !this.#controller.signal.aborted;
  }

  /** Whether it is billed to this call. */
  isPaidBy(call: Call): boolean {
    return this.#followers.payer === call;
  }

  /** Its answer, once it has ended; undefined if there is not all of it. */
  answer(completed: Completed): StoredAnswer | undefined {
    if (!this.#isWhole) return undefined;
    const recorder = new AnswerRecorder(Number.POSITIVE_INFINITY);
    for (const event of this.#log.events) recorder.see(event);
    return recorder.take(completed, this.#record);
  }

  /** What those are spared who do not pay. */
  costOf(completed: Completed): Cost | undefined {
    return costToMake(completed, this.#record);
  }

  /**
   * Emits it from its beginning, and resolves with its end, as it is for this caller. Rejects with the
   * end of the caller's own call, too, and with LeftBehind where the shared one goes on without it.
   */
  async follow(call: Call, emit: Emit): Promise<Completed> {
    const deps = { log: this.#log, onChange: this.#balance, isOthers: this.#isOthers };
    const reader = new Reader(call, emit, deps);
    this.#followers.add(reader);
    this.#orphaned?.cancel();
    try {
      return this.#endFor(call, await reader.read(this.#outcome));
    } catch (thrown) {
      this.#left(reader);
      // What it consumed is told with the end of its last caller.
      if (this.#controller.signal.aborted) await this.#outcome.catch(() => {});
      throw this.isPaidBy(call) ? thrown : withoutWords(thrown);
    } finally {
      this.#followers.delete(reader);
      if (this.isPaidBy(call)) adopt(call.record, this.#record);
    }
  }

  readonly #isOthers = (error: ProviderError, call: Call): boolean =>
    !this.#options.isOne && isOthers(error, call, this.#followers.payer);

  readonly #emit: Emit = (event) => {
    if (isOutput(event)) this.#record.firstOutputAt ??= this.#options.clock.now();
    this.#log.push(event);
    for (const reader of this.#followers) reader.pump();
    if (this.#log.weight <= MAX_LENGTH) return;
    this.#isWhole = false;
    if (this.#followers.size === 0) this.#controller.abort(new ProviderError('CANCELLED'));
    else this.#balance();
  };

  #endFor(call: Call, completed: Completed): Completed {
    if (this.isPaidBy(call)) return completed;
    const { cost: _, ...same } = completed;
    const saved = this.costOf(completed);
    return { ...same, usage: NO_USAGE, ...(saved && { saved }), shared: true };
  }

  /** Of an answer that is too long, lets go what all have read, and sees to those who are slow. */
  readonly #balance = (): void => {
    if (this.#isWhole || this.#isOver) return;
    const readers = [...this.#followers].filter(({ isOver }) => !isOver);
    this.#log.letGoBefore(Math.min(this.#log.end, ...readers.map(({ next }) => next)));
    const slow = readers.filter(({ lag }) => lag > MAX_LENGTH);
    const waits = this.#options.isOne || !readers.some(({ lag }) => lag === 0);
    if (slow.length > 0 && waits) this.#flow.hold();
    else {
      for (const reader of slow) reader.leaveBehind(new ProviderError('STREAM_INTERRUPTED'));
      this.#flow.release();
    }
  };

  #left(reader: Reader): void {
    this.#followers.delete(reader);
    if (this.#isOver) return;
    if (this.#followers.size === 0) {
      this.#orphan(reader.call);
      return;
    }
    if (!this.#options.isOne && this.isPaidBy(reader.call)) this.#handOver(reader.call);
    this.#balance();
  }

  /** The earliest pays who is still there and can. If none can, each is on its own. */
  #handOver(from: Call): void {
    const refused = new Map<Reader, ProviderError>();
    for (const reader of this.#followers) {
      if (reader.isOver) continue;
      try {
        this.#followers.billTo(reader.call);
        handOver(from.record, this.#record);
        return;
      } catch (thrown) {
        refused.set(reader, ProviderError.from(thrown));
      }
    }
    for (const [reader, error] of refused) reader.leaveBehind(error);
    this.#end(from.signal);
  }

  /** Those whom the budget is not of ask again, together. */
  #cutShort(): void {
    if (this.#options.isOne) return;
    this.#isShort = true;
    const error = new ProviderError('BUDGET_EXCEEDED');
    for (const reader of this.#followers) {
      if (this.#isOthers(error, reader.call)) reader.leaveBehind(error);
    }
  }

  #orphan({ signal }: Call): void {
    const { clock, graceMs } = this.#options;
    // The process stops, or nobody could join: there is nothing to go on for.
    const isStopping = signal.aborted && endReason(signal).reason === 'SHUTTING_DOWN';
    if (graceMs === 0 || isStopping || !this.#isWhole) this.#end(signal);
    else this.#orphaned = clock.after(graceMs, () => this.#end(signal), true);
  }

  /** @param signal of the last who left */
  #end(signal: AbortSignal): void {
    this.#controller.abort(signal.aborted ? endReason(signal) : new ProviderError('CANCELLED'));
  }
}

/** The upstream's words are for the caller whose prompt they may quote, not for who shares its call. */
function withoutWords(thrown: unknown): unknown {
  if (!(thrown instanceof ProviderError) || thrown.facts.upstreamMessage === undefined) {
    return thrown;
  }
  const { upstreamMessage: _, ...told } = thrown.facts;
  return new ProviderError(thrown.reason, told);
}
