/** The first wait after a refusal that names none, in ms; it doubles from one to the next. */
const FIRST_MS = 200;
const LONGEST_MS = 10_000;

/** What others are told to wait while one attempt finds out whether a wait is over, in ms. */
const PROBE_MS = 1_000;

/**
 * The time after a refusal in which nobody is sent to the upstream. Of a wait that is longer than is
 * believed only so much is kept; then one attempt at a time sees whether it was meant.
 */
export class Standstill {
  readonly #maxHoldMs: number;
  /** Epoch ms. */
  #until = 0;
  /** When the wait before the last one was over, epoch ms. */
  #before = 0;
  /** The last wait was named by nobody. */
  #isGuess = false;
  #refusedAt = Number.NEGATIVE_INFINITY;
  /** Refusals in a row that named no wait. */
  #row = 0;
  /** The upstream asked for more than was kept. */
  #isCut = false;
  /** When the attempt was sent that finds out, epoch ms; undefined: none runs. */
  #probeAt: number | undefined;

  /** @param maxHoldMs the longest wait that is believed, above 0 */
  constructor(maxHoldMs: number) {
    this.#maxHoldMs = maxHoldMs;
  }

  /** 0: an attempt may be sent. */
  waitMs(now: number): number {
    if (now < this.#until) return this.#until - now;
    return this.#isCut && this.#probeAt !== undefined ? PROBE_MS : 0;
  }

  /** An attempt is sent, which nothing stood against. */
  sent(now: number): void {
    if (this.#isCut) this.#probeAt = now;
  }

  /**
   * @param sentAt when the refused attempt was sent: those sent before the last refusal say nothing new
   * @param retryAfterMs as the upstream asks; absent if it does not
   */
  refused(sentAt: number, retryAfterMs: number | undefined, now: number): void {
    const isNews = sentAt > this.#refusedAt;
    if (isNews) this.#refusedAt = now;
    if (retryAfterMs !== undefined && retryAfterMs > 0) {
      if (isNews) this.#isCut = false;
      if (retryAfterMs > this.#maxHoldMs) this.#isCut = true;
      this.#isGuess = false;
      this.#extend(now + Math.min(retryAfterMs, this.#maxHoldMs));
    } else if (isNews) {
      this.#isCut = false;
      this.#isGuess = true;
      this.#before = Math.min(now, this.#until);
      this.#extend(now + Math.min(FIRST_MS * 2 ** this.#row, LONGEST_MS, this.#maxHoldMs));
      this.#row += 1;
    }
  }

  /** The upstream answers: what it asked for before is over. */
  accepted(sentAt: number): void {
    // Refusals come at once, answers later: of those sent together behind a wait it took some, so that
    // was long enough.
    if (this.#isGuess && sentAt >= this.#before) {
      this.#row = 0;
      this.#until = Math.min(this.#until, this.#refusedAt + FIRST_MS);
    }
    if (sentAt < this.#until) return;
    // It lets some through: to wait for longer would only waste what it grants meanwhile.
    this.#row = 0;
    if (sentAt > this.#refusedAt) this.#isCut = false;
  }

  /** An answer is complete. */
  succeeded(sentAt: number): void {
    this.accepted(sentAt);
    if (sentAt > this.#refusedAt) this.#row = 0;
  }

  /** An attempt is over, whatever became of it. */
  left(sentAt: number): void {
    if (sentAt === this.#probeAt) this.#probeAt = undefined;
  }

  #extend(until: number): void {
    this.#until = Math.max(this.#until, until);
  }
}
