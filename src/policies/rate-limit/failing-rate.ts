import { LoweredRate } from './lowered-rate.ts';
import { type Count, sliceAt } from './tally.ts';
import { CERTAIN, evidenceOf, TRIED_MS } from './trial.ts';

/** So many of so many, and so large a share, are no accident; of an upstream that answers so many it is no outage. */
const FEW = 4;
const SENT = 20;
const SHARE = 0.2;
const ANSWERED = 4;
/** A rate is measured over so many ms at least, another one from so many that were answered. */
const MEASURED_MS = 1_000;
const ENOUGH = 8;
/** What failed later than so many ms is of no use: who fails so late is not asked again and again anyway. */
const LATEST_MS = 5_000;
/** With each failure so much is left of how late those before it came. */
const FADED = 0.95;
/** Failures that are farther apart are none of the same trouble, in ms. */
const CALM_MS = 3_000;
/** So many times as uneven as by chance are failures of an upstream that is up and down by turns. */
const BY_TURNS = 2.5;

/** Share of the measured rate that is used, and the least, per ms. */
const USED_SHARE = 0.97;
const LEAST = 5 / 1_000;
/** Share of the rate at which failures began again that does without, however few are answered beyond it. */
const BELOW = 0.85;

/** From so many ms behind a lowering on failures tell what it has brought: what the upstream counts over a second is forgotten. */
const SETTLED_MS = 1_000;
/** By so much the failing share changes at least where it is for another reason. */
const CHANGED = 0.1;

/**
 * Whether requests fail because of how many are sent. That is tried: as many are sent as were answered. Where as large a
 * share fails as before, it is for another reason, and nobody is held back. Else that is what the upstream takes, and
 * more and more are sent from there, until it fails the next.
 */
export class FailingRate {
  readonly #lowered = new LoweredRate(LATEST_MS);
  /** What it was measured from. */
  #before: Count = { sent: 0, failed: 0, tookMs: 0 };
  /** That the rate does not matter, from the trials before this one; a logarithm. */
  #evidence = 0;
  /** When the first of the failures was sent of which none was followed by a calm time, epoch ms. */
  #troubleAt = 0;
  /** What was sent longer ago than so many ms has failed by now, if it does. */
  #lateMs = 0;
  #lastAt = Number.NEGATIVE_INFINITY;
  /** As many fail whatever is sent. */
  #isAnyway = false;

  /** Another attempt adds nothing to the trouble: it waits for its turn, or has nothing to do with it. */
  get isKnown(): boolean {
    return this.#isAnyway || this.#lowered.isSet;
  }

  /** Until one more may be sent if so many go before, in ms. */
  waitMs(now: number, ahead = 0): number {
    return this.#lowered.waitMs(now, ahead);
  }

  take(now: number): boolean {
    return this.#lowered.take(now);
  }

  /** What was taken at `takenAt` was never sent. */
  undo(takenAt: number): void {
    this.#lowered.undo(takenAt);
  }

  /** What was sent at `sentAt` failed before anything of an answer came. */
  failed(sentAt: number, now: number): void {
    const tookMs = now - sentAt;
    if (tookMs > LATEST_MS || !this.#lowered.tally.failed(sentAt)) return;
    this.#lateMs = Math.max(tookMs, this.#lateMs * FADED);
    if (sentAt - this.#lastAt > CALM_MS) {
      this.#troubleAt = sentAt;
      this.#isAnyway = false;
    }
    this.#lastAt = Math.max(this.#lastAt, sentAt);
    // Failures that are still to come would be taken for answers.
    const knownAt = now - this.#lateMs;
    const until = sliceAt(knownAt);
    if (this.#isAnyway) {
      if (this.#isAnother(until)) this.#isAnyway = false;
    } else if (this.#lowered.isSet && this.#evidenceUntil(until) > CERTAIN) {
      this.#giveUp(until);
    } else if (knownAt > this.#lowered.measuredAt + SETTLED_MS + TRIED_MS) {
      this.#measure(until, now);
    }
  }

  #measure(until: number, now: number): void {
    const isFirst = !this.#lowered.isSet;
    const from = Math.max(sliceAt(this.#troubleAt), this.#lowered.measuredAt);
    const count = this.#lowered.tally.count(from, until);
    const { sent, failed, tookMs } = count;
    const answered = sent - failed;
    if (failed < FEW || failed < SHARE * sent || tookMs < MEASURED_MS) return;
    if (isFirst ? sent < SENT || answered < ANSWERED : answered < ENOUGH) return;
    if (isFirst && this.#lowered.tally.unevenness(from, until) > BY_TURNS) return;
    // What failed at once tells that less is taken than was measured, and not where it began.
    const isGrown = !isFirst && this.#troubleAt > this.#lowered.measuredAt + SETTLED_MS + TRIED_MS;
    const began = isGrown ? BELOW * this.#lowered.at(this.#troubleAt) : 0;
    this.#evidence = isFirst ? 0 : Math.max(0, this.#evidenceUntil(until));
    this.#before = count;
    this.#lowered.set(Math.max(LEAST, (USED_SHARE * answered) / tookMs, began), now);
  }

  #giveUp(until: number): void {
    const { sent, failed } = this.#tried(until);
    const { tookMs } = this.#before;
    this.#before = { sent: this.#before.sent + sent, failed: this.#before.failed + failed, tookMs };
    this.#lowered.lift();
    this.#isAnyway = true;
  }

  /** How much likelier what is seen is if the rate does not matter than if it does; a logarithm. */
  #evidenceUntil(until: number): number {
    const { sent, failed } = this.#before;
    return this.#evidence + evidenceOf(this.#tried(until), failed / sent);
  }

  /** What was sent at the lowered rate. */
  #tried(until: number): Count {
    const from = this.#lowered.measuredAt + SETTLED_MS;
    return this.#lowered.tally.count(from, Math.min(until, from + TRIED_MS));
  }

  /** Whether clearly more or fewer fail than when the rate was found not to matter. */
  #isAnother(until: number): boolean {
    const { sent, failed } = this.#lowered.tally.count(0, until);
    if (sent < SENT) return false;
    const share = this.#before.failed / this.#before.sent;
    const chance = 3 * Math.sqrt(share * (1 - share) * (1 / sent + 1 / this.#before.sent));
    const more = failed / sent - share;
    return more > Math.max(CHANGED, chance) || more < -Math.max((3 / 4) * share, chance);
  }
}
