import { Doubt } from './doubt.ts';

/** The first wait after a refusal that names none, in ms; it doubles from one to the next. */
const FIRST_MS = 200;
const LONGEST_MS = 10_000;

/** What others are told to wait while one attempt finds out whether a wait is over, in ms. */
const PROBE_MS = 1_000;

/** A wait that is no longer is believed, and one up to twice as long as one lasted lately. In ms. */
const BELIEVED_MS = 1_000;

/** One was wrong if something was taken so many ms before its end. */
const WRONG_MS = 250;

/** For so long it is remembered how long one lasted, and that one was wrong. In ms. */
const REMEMBERED_MS = 600_000;

/** For so long behind the end of a standstill those who waited for it go together, in ms. */
const HERD_MS = 250;

/**
 * The time after a refusal in which nobody is sent to the upstream. A wait of more than a second is kept as far as
 * attempts confirm it, one at a time: what has lasted for a while is likely to last as long again. Where an attempt was
 * taken before the end of a wait, as by upstreams that name the same one always, only who was refused keeps waits.
 */
export class Standstill {
  readonly #maxHoldMs: number;
  /** Epoch ms. */
  #until = 0;
  /** When the wait before the last one was over, epoch ms. */
  #before = 0;
  /** Until when the upstream asks for a wait, epoch ms; Infinity: for longer than anybody waits. */
  #askedUntil = 0;
  /** When an attempt was sent and taken that it had asked to wait for longer, epoch ms. */
  #disprovedAt = Number.NEGATIVE_INFINITY;
  /** Waits up to which are believed, in ms, and when attempts confirmed that, epoch ms. */
  #confirmed = { ms: 0, at: Number.NEGATIVE_INFINITY };
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
    const isTried = this.#doubt.isRaised && this.#probeAt !== undefined;
    return isTried && now < this.#askedUntil ? PROBE_MS : 0;
  }

  /** How much longer nobody is sent if the upstream means what it asks for, in ms. */
  askedMs(now: number): number {
    const isLong = this.#askedUntil === Number.POSITIVE_INFINITY;
    return Math.max(this.waitMs(now), isLong ? 0 : this.#askedUntil - now);
  }

  /** How much longer a wait that is not believed is likely to last, in ms. */
  doubtedMs(now: number): number {
    if (this.waitMs(now) === 0) return 0;
    return Math.max(0, Math.min(this.#doubt.likelyMs(now), this.#askedUntil - now));
  }

  /** Whether waits that it asked for were wrong lately. */
  isDistrusted(now: number): boolean {
    return now - this.#disprovedAt < REMEMBERED_MS;
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
    if (retryAfterMs !== undefined && retryAfterMs > 0 && !this.isDistrusted(now)) {
      this.#isGuess = false;
      this.#asked(sentAt, retryAfterMs, isNews, now);
    } else if (isNews) {
      this.#doubt.settle();
      this.#isGuess = true;
      this.#before = Math.min(now, this.#until);
      this.#extend(now + Math.min(FIRST_MS * 2 ** this.#row, LONGEST_MS, this.#maxHoldMs));
      this.#row += 1;
    }
  }

  #asked(sentAt: number, retryAfterMs: number, isNews: boolean, now: number): void {
    if (isNews) this.#confirm(sentAt, now);
    const isLong = retryAfterMs > this.#maxHoldMs;
    const until = isLong ? Number.POSITIVE_INFINITY : now + retryAfterMs;
    this.#askedUntil = isNews ? until : Math.max(this.#askedUntil, until);
    if (!isLong && retryAfterMs <= this.#believedMs(now)) {
      if (isNews) this.#doubt.settle();
      this.#extend(until);
      return;
    }
    this.#doubt.raise(now);
    if (!isNews) return;
    const nextTry = isLong ? now + this.#doubt.probeAfterMs(now) : this.#nextTry(now);
    this.#extend(Math.min(until, nextTry));
  }

  /** What was sent within a wait was refused, or one is over and this is another. */
  #confirm(sentAt: number, now: number): void {
    if (sentAt >= this.#askedUntil) this.#doubt.settle();
    else if (this.#doubt.isRaised) {
      const ms = Math.max(this.#believedMs(now), 2 * this.#doubt.lastedMs(now));
      this.#confirmed = { ms: Math.min(ms, this.#maxHoldMs), at: now };
    }
  }

  #believedMs(now: number): number {
    return now - this.#confirmed.at < REMEMBERED_MS ? this.#confirmed.ms : BELIEVED_MS;
  }

  /** When an attempt sees whether a wait was meant: it is believed for that long. */
  #nextTry(now: number): number {
    const lastedMs = this.#doubt.lastedMs(now);
    return now + Math.max(BELIEVED_MS, this.#believedMs(now) - lastedMs);
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
    if (sentAt <= this.#refusedAt) return;
    if (sentAt < this.#askedUntil - WRONG_MS) this.#disprovedAt = sentAt;
    this.#askedUntil = 0;
    this.#doubt.settle();
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
