import { endReason } from './signal.ts';

/** What can be held back: the connection on which a running attempt is answered. */
export interface FlowSource {
  /** Something has come that nobody has looked at, for others have their turn first. */
  readonly unread: boolean;
  /** Read no further. One more chunk may come. */
  pause(): void;
  /** Read on. May deliver before it returns. */
  resume(): void;
}

/** Who has to know that nothing is awaited from the upstream for the time being. */
export interface FlowWatcher {
  held(): void;
  released(): void;
}

/**
 * Back-pressure of one call. Its sink holds it while the caller is slow; whatever attempt runs then
 * reads no further, also one that only begins: what is attached to a held flow is paused at once.
 */
export class Flow {
  #held = false;
  #source: FlowSource | undefined;
  #watcher: FlowWatcher | undefined;
  #waiting: (() => void)[] = [];

  get held(): boolean {
    return this.#held;
  }

  /** Something has come for the running attempt, and waits for its turn. */
  get unread(): boolean {
    return this.#source?.unread ?? false;
  }

  /** The attempt that runs now. A resume no longer goes to the one before. */
  attach(source: FlowSource): void {
    this.#source = source;
    if (this.#held) source.pause();
  }

  /** The attempt is over. */
  detach(source: FlowSource): void {
    if (this.#source === source) this.#source = undefined;
  }

  /** One at a time: the time-outs of the attempt that runs. Undefined: nobody. */
  watch(watcher: FlowWatcher | undefined): void {
    this.#watcher = watcher;
  }

  hold(): void {
    if (this.#held) return;
    this.#held = true;
    this.#source?.pause();
    this.#watcher?.held();
  }

  release(): void {
    if (!this.#held) return;
    this.#held = false;
    for (const wake of this.#waiting.splice(0)) wake();
    this.#watcher?.released();
    this.#source?.resume();
  }

  /** Resolves when the flow is not held; rejects with the end of the call if that comes before. */
  async released(signal: AbortSignal): Promise<void> {
    for (;;) {
      // Each time anew: between a wake and its turn the call may end, and the flow be held again.
      if (signal.aborted) throw endReason(signal);
      if (!this.#held) return;
      await new Promise<void>((resolve, reject) => {
        const onAbort = (): void => reject(endReason(signal));
        signal.addEventListener('abort', onAbort, { once: true });
        this.#waiting.push(() => {
          signal.removeEventListener('abort', onAbort);
          resolve();
        });
      });
    }
  }
}
