import { Doubt } from './doubt.ts';

/** The first wait after a refusal that names none, in ms; it doubles from one to the next. */
const FIRST_MS = 200;
const LONGEST_MS = 10_000;

/** What others are told to wait while one attempt finds out whether a wait is over, in ms. */
const PROBE_MS = 1_000;

/** For so long behind the end of a standstill those who waited for it go together, in ms. */
const HERD_MS = 250;

/**
 * The time after a refusal in which nobody is sent to the upstream. A wait that is longer than is believed is kept as
 * far as attempts confirm it, one at a time: what has lasted for a while is likely to last as long again.
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
  readonly #doubt: Doubt;
  /** When the attempt was sent that finds out, epoch ms; undefined: none runs. */
  #probeAt: number | undefined;

  /** @param maxHoldMs the longest wait that is believed, above 0 */
  constructor(maxHoldMs: number) {
    this.#maxHoldMs = maxHoldMs;
    this.#doubt = new Doubt(maxHoldMs);
  }

  /** Whether what was sent then may have waited for the end of it, together with others. */
  endedJustBefore(sentAt: number): boolean {
    return sentAt - this.#until < HERD_MS;
  }

  /** 0: an attempt may be sent. */
  waitMs(now: number): number {
    if (now < this.#until) return this.#until - now;
    return this.#doubt.isRaised && this.#probeAt !== undefined ? PROBE_MS : 0;
  }

  /** How much longer a wait that is not believed is likely to last, in ms. */
  doubtedMs(now: number): number {
    return this.waitMs(now) === 0 ? 0 : this.#doubt.likelyMs(now);
  }

  /** An attempt is sent, which nothing stood against. */
  sent(now: number): void {
    if (this.#doubt.isRaised) this.#probeAt = now;
  }

  /**
   * @param sentAt when the refused attempt was sent: those sent before the last refusal say nothing new
   * @param retryAfterMs as the upstream asks; absent if it does not
   */
  refused(sentAt: number, retryAfterMs: number | undefined, now: number): void {
    const isNews = sentAt > this.#refusedAt;
    if (isNews) this.#refusedAt = now;
    if (retryAfterMs !== undefined && retryAfterMs > 0) {
      this.#isGuess = false;
      if (retryAfterMs > this.#maxHoldMs) {
        this.#doubt.raise(now);
        if (isNews) this.#extend(now + this.#doubt.probeAfterMs(now));
        return;
      }
      if (isNews) this.#doubt.settle();
      this.#extend(now + retryAfterMs);
    } else if (isNews) {
      this.#doubt.settle();
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
    if (sentAt > this.#refusedAt) this.#doubt.settle();
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
