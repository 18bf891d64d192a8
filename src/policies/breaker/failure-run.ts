/** So many failures in a row are no accident, */
const LONG = 10;
/** so many of an upstream that answers a part, */
const LONG_OF_PART = 40;
/** and so many that one is as rare as this where a share fails, as a logarithm, up to so many, */
const RARE = Math.log(1e-5);
const LONGEST = 400;
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

  /**
   * @param sentAt epoch ms
   * @returns whether it ends a run: it was sent since
   */
  succeeded(sentAt: number): boolean {
    if (sentAt < this.#since) return false;
    const wasRun = this.#length > 0;
    this.#length = 0;
    return wasRun;
  }

  get length(): number {
    return this.#length;
  }

  /**
   * Whether the upstream went down a moment ago, whatever it did before.
   *
   * @param pending attempts of which nothing is known yet
   * @param share of the others that failed, 0 to below 1
   * @param ofPart so far it answered a part
   */
  isOutage(pending: Iterable<{ readonly at: number }>, share = 0, ofPart = false): boolean {
    if (this.#length < (ofPart ? LONG_OF_PART : LONG)) return false;
    if (share > 0 && this.#length < Math.min(LONGEST, RARE / Math.log(share))) return false;
    let sent = this.#length;
    for (const { at } of pending) if (at >= this.#since) sent += 1;
    return this.#length >= SHARE * sent;
  }
}
