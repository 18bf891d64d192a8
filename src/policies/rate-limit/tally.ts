/** What was sent is counted by slices of so many ms, over so many in which anything was, beside the last. */
export const SLICE_MS = 250;
const SLICES = 15;

interface Slice {
  /** Its beginning, epoch ms. */
  readonly at: number;
  sent: number;
  failed: number;
}

export interface Count {
  readonly sent: number;
  readonly failed: number;
  /** From the first that was sent, in ms. */
  readonly tookMs: number;
}

/** How many were sent lately, when, and how many of them were refused or failed. */
export class Tally {
  readonly #slices: Slice[] = [];
  readonly #kept: number;

  /** @param lateMs so late it is told what failed. Default: as soon as it was sent */
  constructor(lateMs = 0) {
    this.#kept = SLICES + 1 + lateMs / SLICE_MS;
  }

  sent(now: number): void {
    const at = sliceAt(now);
    const last = this.#slices.at(-1);
    if (last?.at === at) {
      last.sent += 1;
      return;
    }
    this.#slices.push({ at, sent: 1, failed: 0 });
    if (this.#slices.length > this.#kept) this.#slices.shift();
  }

  /** What was counted as sent then never was. */
  undo(sentAt: number): void {
    const slice = this.#sliceOf(sentAt);
    if (slice !== undefined) slice.sent -= 1;
  }

  /** @returns whether it is known that it was sent */
  failed(sentAt: number): boolean {
    const slice = this.#sliceOf(sentAt);
    if (slice === undefined) return false;
    slice.failed += 1;
    return true;
  }

  /** Of whole slices. @param from epoch ms @param until epoch ms; what was sent then does not count */
  count(from: number, until: number): Count {
    let first = until;
    let sent = 0;
    let failed = 0;
    for (const slice of this.#within(from, until)) {
      first = Math.min(first, slice.at);
      sent += slice.sent;
      failed += slice.failed;
    }
    return { sent, failed, tookMs: until - first };
  }

  /** How many times as uneven failures are spread over the slices as by chance. Parameters as in `count`. */
  unevenness(from: number, until: number): number {
    const { sent, failed } = this.count(from, until);
    const share = failed / sent;
    let spread = 0;
    let slices = 0;
    for (const slice of this.#within(from, until)) {
      if (slice.sent <= 0) continue;
      spread += (slice.failed - share * slice.sent) ** 2 / (slice.sent * share * (1 - share));
      slices += 1;
    }
    return spread / slices;
  }

  #within(from: number, until: number): Slice[] {
    return this.#slices.filter(({ at }) => at >= from && at < until).slice(-SLICES);
  }

  #sliceOf(sentAt: number): Slice | undefined {
    return this.#slices.find(({ at }) => at === sliceAt(sentAt));
  }
}

export const sliceAt = (ms: number): number => Math.floor(ms / SLICE_MS) * SLICE_MS;
