/**
 * Calls its members in turn, each once per period, with a single timer however many they are. A
 * member keeps its phase even when the process was late: with a timer each, those that were late
 * together would stay in step from then on.
 */
export class Pacer {
  readonly #slots: readonly Set<() => void>[];
  #members = 0;
  /** The millisecond that was served last. */
  #served = 0;
  #timer: NodeJS.Timeout | undefined;

  /** @param periodMs whole milliseconds, at least 1 */
  constructor(periodMs: number) {
    this.#slots = Array.from({ length: periodMs }, () => new Set());
  }

  /** Calls `step` one period from now, and so on until the returned function is called. */
  join(step: () => void): () => void {
    if (this.#timer === undefined) this.#start();
    const slot = this.#slotOf(Math.floor(performance.now()));
    slot?.add(step);
    this.#members += 1;
    return () => {
      if (slot?.delete(step)) this.#members -= 1;
      if (this.#members === 0) this.#stop();
    };
  }

  #start(): void {
    this.#served = Math.floor(performance.now());
    this.#timer = setInterval(() => this.#serve(), 1);
  }

  #stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #serve(): void {
    const now = Math.floor(performance.now());
    while (this.#served < now) {
      this.#served += 1;
      for (const step of this.#slotOf(this.#served) ?? []) step();
    }
  }

  #slotOf(ms: number): Set<() => void> | undefined {
    return this.#slots[ms % this.#slots.length];
  }
}
