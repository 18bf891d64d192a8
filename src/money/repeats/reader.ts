import type { Call, Emit } from '../../core/call.ts';
import type { ErrorReason } from '../../core/error-kinds.ts';
import { ProviderError } from '../../core/errors.ts';
import { type AnswerEvent, type Completed, isOutput } from '../../core/events.ts';
import { endReason } from '../../core/signal.ts';

/** One caller that follows a shared run, as its own recovery and its own flow say. */
export class Reader {
  readonly #call: Call;
  readonly #emit: Emit;
  readonly #events: readonly AnswerEvent[];
  readonly #onRead: () => void;
  readonly #broken = Promise.withResolvers<never>();
  /** The next event of the run. */
  #next = 0;
  #hasOutput = false;
  #isWaiting = false;
  /** Its promise is settled: nothing may be emitted any more. */
  #isOver = false;
  /** With `hold_back`: until the run has ended well. */
  #isHeldBack: boolean;
  /** It has output that the run took back, and its recovery is `fail`. */
  #failure: ProviderError | undefined;

  /**
   * @param events of the run so far; it grows
   * @param onRead called when it reads on after it had to wait
   */
  constructor(call: Call, emit: Emit, events: readonly AnswerEvent[], onRead: () => void) {
    this.#call = call;
    this.#emit = emit;
    this.#events = events;
    this.#onRead = onRead;
    // Of an answer that was begun again before it came it need not know.
    this.#next = afterReset(events);
    this.#isHeldBack = call.recovery === 'hold_back';
    this.#broken.promise.catch(() => {});
  }

  /** There are events that it could not take yet. */
  get isBehind(): boolean {
    return this.#next < this.#events.length;
  }

  /** Its caller takes none at the moment. */
  get isWaiting(): boolean {
    return this.#isWaiting;
  }

  /** The events that it has read are gone. */
  rewind(): void {
    this.#next = 0;
  }

  async read(outcome: Promise<Completed>): Promise<Completed> {
    const { signal } = this.#call;
    const onAbort = (): void => this.#broken.reject(endReason(signal));
    if (signal.aborted) onAbort();
    else signal.addEventListener('abort', onAbort, { once: true });
    try {
      this.pump();
      const completed = await Promise.race([outcome, this.#broken.promise]);
      if (this.#isHeldBack) this.#showHeldBack();
      while (this.isBehind) {
        if (this.#failure !== undefined) throw this.#failure;
        await this.#call.flow.released(signal);
        this.pump();
      }
      return completed;
    } catch (thrown) {
      throw this.#asSeen(ProviderError.from(thrown));
    } finally {
      this.#isOver = true;
      signal.removeEventListener('abort', onAbort);
    }
  }

  /** Emits what there is, as far as its reader takes it. */
  pump(): void {
    if (this.#isWaiting || this.#isHeldBack || this.#isOver) return;
    while (this.isBehind && this.#failure === undefined) {
      if (this.#call.flow.held) {
        this.#wait();
        return;
      }
      const event = this.#events[this.#next];
      this.#next += 1;
      if (event !== undefined) this.#take(event);
    }
  }

  #take(event: AnswerEvent): void {
    if (event.type === 'attemptReset') {
      if (this.#hasOutput && this.#call.recovery === 'fail') {
        this.#failure = interrupted(event.reason);
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

  /** The run's failure, by what this caller has seen of the answer. */
  #asSeen(error: ProviderError): ProviderError {
    const { cause } = error.facts;
    if (error.reason !== 'STREAM_INTERRUPTED') {
      return this.#hasOutput && error.kind.upstreamFault ? interrupted(error.reason, error) : error;
    }
    return !this.#hasOutput && cause instanceof ProviderError ? cause : error;
  }

  #wait(): void {
    this.#isWaiting = true;
    this.#call.flow.released(this.#call.signal).then(
      () => {
        this.#isWaiting = false;
        this.pump();
        this.#onRead();
      },
      () => {},
    );
  }

  /** What stands: what follows the last reset. */
  #showHeldBack(): void {
    this.#next = afterReset(this.#events);
    this.#isHeldBack = false;
    this.pump();
  }
}

/** Where the answer begins that stands. */
function afterReset(events: readonly AnswerEvent[]): number {
  return events.findLastIndex(({ type }) => type === 'attemptReset') + 1;
}

function interrupted(reason: ErrorReason, cause?: ProviderError): ProviderError {
  return new ProviderError('STREAM_INTERRUPTED', { cause: cause ?? new ProviderError(reason) });
}
