/** How long something took, or for how long it had not come when nobody waited any longer. In ms. */
export interface Sample {
  readonly ms: number;
  /** False: it took longer than that. */
  readonly seen: boolean;
}

/** A step of the curve. */
interface Step {
  readonly ms: number;
  /** Share that takes longer. */
  readonly left: number;
}

/** Shares are products of many factors. */
const EXACT_ENOUGH = 1e-9;

/**
 * Which share takes longer than a time, by Kaplan and Meier's estimate. A wait that was cut short counts
 * for as long as it lasted. Taken for a whole one it would make things look quicker than they are. So it would
 * if it were left out, for it is the slow ones that are cut short.
 */
export class Survival {
  /** How many were seen to their end. */
  readonly seen: number;
  readonly #steps: readonly Step[];
  /** The longest time of which anything is known. */
  readonly #lastMs: number;

  constructor(samples: readonly Sample[]) {
    const sorted = samples.toSorted((a, b) => a.ms - b.ms || Number(b.seen) - Number(a.seen));
    const steps: Step[] = [];
    let left = 1;
    sorted.forEach(({ ms, seen }, index) => {
      if (!seen) return;
      left *= 1 - 1 / (sorted.length - index);
      steps.push({ ms, left });
    });
    this.seen = steps.length;
    this.#steps = steps;
    this.#lastMs = sorted.at(-1)?.ms ?? 0;
  }

  /** After how many ms such a share has come; Infinity if that is not known. */
  quantile(share: number): number {
    const most = 1 - share + EXACT_ENOUGH;
    return this.#steps.find(({ left }) => left <= most)?.ms ?? Number.POSITIVE_INFINITY;
  }

  /**
   * How much longer what takes longer than `ms` takes on average, in ms: at least, for beyond the
   * longest time that is known there may be more.
   */
  remaining(ms: number): number {
    const before = this.#steps.findLast((step) => step.ms <= ms);
    const left = before?.left ?? 1;
    if (left <= EXACT_ENOUGH) return 0;
    let sum = 0;
    let [at, share] = [ms, left];
    for (const step of this.#steps) {
      if (step.ms <= ms) continue;
      sum += (step.ms - at) * share;
      [at, share] = [step.ms, step.left];
    }
    sum += Math.max(0, this.#lastMs - at) * share;
    return sum / left;
  }
}
