import type { Call, Emit, Handler } from '../../core/call.ts';
import { ProviderError } from '../../core/errors.ts';
import type { AnswerEvent, Completed, Started } from '../../core/events.ts';
import { linkSignal } from '../../core/signal.ts';

/** What became of an attempt. */
export type Ended =
  | { readonly completed: Completed; readonly error?: never }
  | {
      readonly error: ProviderError;
      /** It was told to stop before: by the call, by a winner, or by `stop`. */
      readonly wasStopped: boolean;
    };

/** One of the attempts. */
export interface Runner {
  /** It had output first, or was complete without any. */
  readonly hasWon: boolean;
  /** It ends as soon as it can. */
  stop(): void;
  readonly ended: Promise<Ended>;
}

/**
 * Attempts at one answer that run beside each other. Whoever has output first, or is complete without
 * any, has won: its events are passed on from there, and the others are stopped in the same turn.
 */
export class Race {
  readonly #signal: AbortSignal;
  readonly #emit: Emit;
  readonly #entries = new Set<Entry>();
  #winner: Entry | undefined;

  /** @param signal ends all of them */
  constructor(signal: AbortSignal, emit: Emit) {
    this.#signal = signal;
    this.#emit = emit;
  }

  get isDecided(): boolean {
    return this.#winner !== undefined;
  }

  /**
   * Lets one more run, whose attempt is made with `call` and a signal of its own.
   *
   * @param onWon is called before the first event of a winner is passed on
   */
  enter(next: Handler, call: Call, onWon: () => void): Runner {
    const entry = new Entry(this.#signal, onWon);
    this.#entries.add(entry);
    entry.ended = this.#run(entry, next, { ...call, signal: entry.signal });
    return entry;
  }

  async #run(entry: Entry, next: Handler, call: Call): Promise<Ended> {
    try {
      const completed = await next(call, (event) => this.#pass(entry, event));
      if (this.#winner === undefined) this.#win(entry);
      return { completed };
    } catch (thrown) {
      return { error: ProviderError.from(thrown), wasStopped: entry.signal.aborted };
    } finally {
      this.#entries.delete(entry);
      entry.unlink();
    }
  }

  #pass(entry: Entry, event: AnswerEvent): void {
    if (this.#winner === undefined) {
      if (event.type === 'started') {
        entry.started = event;
        return;
      }
      this.#win(entry);
    }
    if (this.#winner === entry) this.#emit(event);
  }

  #win(entry: Entry): void {
    this.#winner = entry;
    for (const other of this.#entries) {
      if (other !== entry) other.stop();
    }
    entry.won();
    if (entry.started !== undefined) this.#emit(entry.started);
  }
}

class Entry implements Runner {
  readonly #controller: AbortController;
  readonly #onWon: () => void;
  readonly unlink: () => void;
  hasWon = false;
  started: Started | undefined;
  ended!: Promise<Ended>;

  constructor(parent: AbortSignal, onWon: () => void) {
    const { controller, unlink } = linkSignal(parent);
    this.#controller = controller;
    this.unlink = unlink;
    this.#onWon = onWon;
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  stop(): void {
    const message = 'Another attempt of the call was quicker.';
    this.#controller.abort(new ProviderError('CANCELLED', { message }));
  }

  won(): void {
    this.hasWon = true;
    this.#onWon();
  }
}
