import type { Call, Emit } from '../../core/call.ts';
import { ProviderError } from '../../core/errors.ts';
import { type AnswerEvent, type Completed, isOutput } from '../../core/events.ts';
import { interrupted } from '../../core/interrupted.ts';
import { endReason } from '../../core/signal.ts';
import { type AnswerLog, weightOf } from './answer-log.ts';
import { LeftBehind } from './left-behind.ts';

export interface ReaderDeps {
  /** What the shared call has said; it grows. */
  readonly log: AnswerLog;
  /** It reads on after it had to wait, or reads no more. */
  readonly onChange: () => void;
  /** Whether the call failed for a reason of whom it is billed to, which is none of this reader's. */
  readonly isOthers: (error: ProviderError, call: Call) => boolean;
}

/** One caller that follows a shared call, as its own recovery and its own flow say. */
export class Reader {
  readonly call: Call;
  readonly #emit: Emit;
  readonly #deps: ReaderDeps;
  readonly #broken = Promise.withResolvers<never>();
  /** Position of the next event. */
  #next: number;
  /** What stands before it, in characters. */
  #read: number;
  #hasOutput = false;
  #isWaiting = false;
  /** Its promise is settled, or about to be: nothing may be emitted any more. */
  #isOver = false;
  /** With `hold_back`: until the call has ended well. */
  #isHeldBack: boolean;
  /** It has output that the call took back, and its recovery is `fail`. */
  #failure: ProviderError | undefined;

  constructor(call: Call, emit: Emit, deps: ReaderDeps) {
    this.call = call;
    this.#emit = emit;
    this.#deps = deps;
    // Of an answer that was begun again before it came it need not know.
    this.#next = deps.log.start;
    this.#read = deps.log.weightBefore(this.#next);
    this.#isHeldBack = call.recovery === 'hold_back';
    this.#broken.promise.catch(() => {});
  }

  /** It will not follow to the end. */
  get isOver(): boolean {
    return this.#isOver || this.#failure !== undefined;
  }

  /** Position of the next event that it will read. */
  get next(): number {
    return this.#next;
  }

  /** What it has yet to read although its caller could, in characters; 0 if it waits for the end. */
  get lag(): number {
    return this.#isHeldBack ? 0 : this.#deps.log.weight - this.#read;
  }

  get #isBehind(): boolean {
    return this.#next < this.#deps.log.end;
  }

  async read(outcome: Promise<Completed>): Promise<Completed> {
    const { signal, flow } = this.call;
    const onAbort = (): void => this.#end(endReason(signal));
    if (signal.aborted) onAbort();
    else signal.addEventListener('abort', onAbort, { once: true });
    try {
      this.pump();
      const completed = await Promise.race([outcome, this.#broken.promise]);
      if (this.#isHeldBack) this.#showHeldBack();
      while (this.#isBehind) {
        if (this.#failure !== undefined) throw this.#failure;
        await Promise.race([flow.released(signal), this.#broken.promise]);
        this.pump();
      }
      return completed;
    } catch (thrown) {
      throw thrown instanceof LeftBehind ? thrown : this.#asSeen(ProviderError.from(thrown));
    } finally {
      this.#isOver = true;
      signal.removeEventListener('abort', onAbort);
    }
  }

  /** Emits what there is, as far as its caller takes it. */
  pump(): void {
    if (this.#isWaiting || this.#isHeldBack || this.isOver) return;
    while (this.#isBehind && this.#failure === undefined) {
      if (this.call.flow.held) {
        this.#wait();
        return;
      }
      const event = this.#deps.log.at(this.#next);
      if (event === undefined) return;
      this.#next += 1;
      this.#read += weightOf(event);
      this.#take(event);
    }
  }

  /** The call goes on without it. */
  leaveBehind(reason: ProviderError): void {
    this.#end(new LeftBehind(this.#hasOutput, reason));
  }

  #take(event: AnswerEvent): void {
    if (event.type === 'attemptReset') {
      if (this.#hasOutput && this.call.recovery === 'fail') {
        this.#failure = interrupted(new ProviderError(event.reason));
        // It stays behind: what follows is not for it.
        this.#next -= 1;
        this.#broken.reject(this.#failure);
        return;
      }
      // With nothing delivered there is nothing to take back.
      if (!this.#hasOutput) return;
      this.#hasOutput = false;
    } else if (isOutput(event)) {
      this.#hasOutput = true;
    }
    this.#emit(event);
  }

  #end(reason: unknown): void {
    this.#isOver = true;
    this.#broken.reject(reason);
  }

  /** The call's failure, by what this caller has seen of the answer. */
  #asSeen(error: ProviderError): Error {
    if (!this.#hasOutput && !this.call.signal.aborted && this.#deps.isOthers(error, this.call)) {
      return new LeftBehind(false, error);
    }
    if (error.reason !== 'STREAM_INTERRUPTED') {
      return this.#hasOutput && error.kind.upstreamFault ? interrupted(error) : error;
    }
    const { cause } = error.facts;
    return !this.#hasOutput && cause instanceof ProviderError ? cause : error;
  }

  #wait(): void {
    this.#isWaiting = true;
    this.call.flow.released(this.call.signal).then(
      () => {
        this.#isWaiting = false;
        this.pump();
        this.#deps.onChange();
      },
      () => {},
    );
  }

  /** What stands: what follows the last reset. */
  #showHeldBack(): void {
    const { log } = this.#deps;
    this.#next = log.start;
    this.#read = log.weightBefore(this.#next);
    this.#isHeldBack = false;
    this.pump();
  }
}
