/** The first wait after a refusal that names none, in ms; it doubles from one to the next. */
const FIRST_MS = 200;
const LONGEST_MS = 10_000;

/** Longer waits are asked for in error only; then one attempt sees whether that was so. In ms. */
const MOST_BELIEVED_MS = 3_600_000;

/** The time after a refusal in which nobody is sent to the upstream. */
export class Standstill {
  /** Epoch ms. */
  #until = 0;
  #refusedAt = Number.NEGATIVE_INFINITY;
  /** Refusals in a row that named no wait. */
  #row = 0;

  remainingMs(now: number): number {
    return Math.max(0, this.#until - now);
  }

  /**
   * @param sentAt when the refused attempt was sent: those sent before the last refusal say nothing new
   * @param retryAfterMs as the upstream asks; absent if it does not
   */
  refused(sentAt: number, retryAfterMs: number | undefined, now: number): void {
    const isNews = sentAt > this.#refusedAt;
    if (isNews) this.#refusedAt = now;
    if (retryAfterMs !== undefined && retryAfterMs > 0) {
      this.#extend(now + Math.min(retryAfterMs, MOST_BELIEVED_MS));
    } else if (isNews) {
      this.#extend(now + Math.min(FIRST_MS * 2 ** this.#row, LONGEST_MS));
      this.#row += 1;
    }
  }

  succeeded(sentAt: number): void {
    if (sentAt > this.#refusedAt) this.#row = 0;
  }

  #extend(until: number): void {
    this.#until = Math.max(this.#until, until);
  }
}
