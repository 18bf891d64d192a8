import type { Clock } from '../../core/clock.ts';

/** From so many ms on whoever waits for the server notices. In one network it answers within a few. */
const SLOW_MS = 100;

/** What is judged: so many answers at most, none of them older, in ms, and not fewer than the last. */
const MAX_ANSWERS = 32;
const MAX_AGE_MS = 60_000;
const MIN_ANSWERS = 4;

interface Answer {
  readonly at: number;
  readonly ms: number;
}

/** How long the server takes to answer. */
export class Latency {
  readonly #clock: Pick<Clock, 'now'>;
  #answers: Answer[] = [];

  constructor(clock: Pick<Clock, 'now'>) {
    this.#clock = clock;
  }

  /** It took so long. */
  note(ms: number): void {
    this.#answers.push({ at: this.#clock.now(), ms });
    if (this.#answers.length > MAX_ANSWERS) this.#answers.shift();
  }

  /** The median of the last answers, in ms, if it is so long that calls notice. */
  get slowMs(): number | undefined {
    const oldest = this.#clock.now() - MAX_AGE_MS;
    const judged = this.#answers.filter(({ at }) => at >= oldest).map(({ ms }) => ms);
    if (judged.length < MIN_ANSWERS) return undefined;
    const median = judged.sort((a, b) => a - b)[judged.length >> 1] ?? 0;
    return median >= SLOW_MS ? median : undefined;
  }
}
