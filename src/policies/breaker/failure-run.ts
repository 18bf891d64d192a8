/** So many failures in a row are no accident, */
const LONG = 10;
/** if they are so large a share of what was sent since the first of them. */
const SHARE = 0.8;

/**
 * Failures behind one another. Answers take their time, failures none: what was sent before the first failure tells of
 * the past, and neither ends the run nor stands beside it.
 */
export class FailureRun {
  #length = 0;
  /** When the first that failed was sent, epoch ms. */
  #since = 0;

  /** @param sentAt epoch ms */
  failed(sentAt: number): void {
    if (this.#length === 0) this.#since = sentAt;
    this.#length += 1;
  }

  /** @param sentAt epoch ms */
  succeeded(sentAt: number): void {
    if (sentAt >= this.#since) this.#length = 0;
  }

  /**
   * Whether the upstream went down a moment ago, whatever it did before.
   *
   * @param pending attempts of which nothing is known yet
   */
  isOutage(pending: Iterable<{ readonly at: number }>): boolean {
    if (this.#length < LONG) return false;
    let sent = this.#length;
    for (const { at } of pending) if (at >= this.#since) sent += 1;
    return this.#length >= SHARE * sent;
  }
}
