import type { ProviderError } from '../../core/errors.ts';
import type { RateHeadroom } from '../../core/rate-headroom.ts';
import { FailingRate } from './failing-rate.ts';
import { MeasuredRate } from './measured-rate.ts';
import type { Configured, Quota } from './quota.ts';
import { RefusalShare } from './refusal-share.ts';
import { RefusedNumbers } from './refused-numbers.ts';
import type { Mark } from './reported-bucket.ts';
import { Standstill } from './standstill.ts';

/** For so long a size that was refused is not tried again; limits are raised now and then. In ms. */
const SIZE_REMEMBERED_MS = 600_000;

/** Where the counts of a group stood when an attempt was admitted. */
export interface GroupMarks {
  readonly requestMark: Mark;
  readonly tokenMark: Mark;
}

export interface GroupQuotas {
  readonly requests: Quota;
  readonly tokens: Quota;
}

/**
 * What an upstream grants one quota group for one model, as far as it has told: its limits, and
 * whether it wants to be left alone for a while. Nothing of it holds for another group.
 */
export class GroupLimits {
  readonly #requests: Quota;
  readonly #tokens: Quota;
  readonly #standstill: Standstill;
  readonly #refusals = new RefusalShare();
  readonly #measured = new MeasuredRate();
  readonly #failing = new FailingRate();
  readonly #numbers = new RefusedNumbers();
  /** The largest request, as a refusal told, in tokens, and until when that is believed. */
  #largest = { tokens: Number.POSITIVE_INFINITY, until: 0 };

  /** @param maxHoldMs the longest wait that is believed before the upstream is asked again */
  constructor({ requests, tokens }: GroupQuotas, maxHoldMs: number) {
    this.#requests = requests;
    this.#tokens = tokens;
    this.#standstill = new Standstill(maxHoldMs);
  }

  /** Other limits are configured; what the upstream has told stays. */
  configure(requests: Configured | undefined, tokens: Configured | undefined): void {
    this.#requests.configure(requests);
    this.#tokens.configure(tokens);
  }

  /** Whether it refuses for how many run at once, as far as is known: the rate has another limit. */
  get refusesForNumber(): boolean {
    return this.#numbers.areTheCause;
  }

  /** Whether failures are known to come of the rate, which is kept to then, or not to. */
  get pacesFailures(): boolean {
    return this.#failing.isKnown;
  }

  get limitsTokens(): boolean {
    return this.#tokens.isLimited;
  }

  /** Tokens that one request can have at most, whenever it is made; Infinity if nobody knows. */
  largestRequest(now: number): number {
    const { tokens, until } = this.#largest;
    return Math.min(this.#tokens.limit, now < until ? tokens : Number.POSITIVE_INFINITY);
  }

  /** Share of its limits that is left, 0 to 1; 1 where they are not known. */
  headroom(now: number): number {
    if (this.#standstill.askedMs(now) > 0) return 0;
    return Math.min(this.#requests.headroom(now), this.#tokens.headroom(now));
  }

  /** Undefined: none of its limits is known. */
  remaining(now: number): { requests?: number; tokens?: number; fullMs: number } | undefined {
    if (!this.#requests.isLimited && !this.#tokens.isLimited) return undefined;
    const held = this.#standstill.askedMs(now);
    const none = held > 0;
    return {
      ...(this.#requests.isLimited && { requests: none ? 0 : this.#requests.left(now) }),
      ...(this.#tokens.isLimited && { tokens: none ? 0 : this.#tokens.left(now) }),
      fullMs: Math.max(held, this.#requests.fullMs(now), this.#tokens.fullMs(now)),
    };
  }

  hasTokens(amount: number, now: number): boolean {
    return this.#tokens.waitMs(0, now, amount) === 0;
  }

  /** Takes what one attempt needs, all of it or nothing. */
  take(tokens: number, now: number): boolean {
    if (this.#standstill.waitMs(now) > 0) return false;
    if (!this.#requests.take(1, now)) return false;
    if (!this.#tokens.take(tokens, now)) {
      this.#requests.undo(1, now);
      return false;
    }
    if (!this.#takeMeasured(now)) {
      this.#requests.undo(1, now);
      this.#tokens.undo(tokens, now);
      return false;
    }
    this.#standstill.sent(now);
    return true;
  }

  #takeMeasured(now: number): boolean {
    if (!this.#measured.take(now)) return false;
    if (this.#failing.take(now)) return true;
    this.#measured.undo(now);
    return false;
  }

  marks(now: number): GroupMarks {
    return {
      requestMark: { at: now, taken: this.#requests.taken },
      tokenMark: { at: now, taken: this.#tokens.taken },
    };
  }

  /**
   * How long somebody will wait that has so much ahead, and for what most. An estimate.
   *
   * @param share of what is ahead that this group will be sent
   */
  wait(
    tokens: number,
    ahead: { readonly requests: number; readonly tokens: number },
    share: number,
    now: number,
  ): { waitMs: number; subject: string } {
    let longest = { waitMs: this.#standstill.waitMs(now), subject: 'upstream' };
    const needs = [
      [this.#requests, 1, ahead.requests],
      [this.#tokens, tokens, ahead.tokens],
    ] as const;
    for (const [quota, amount, before] of needs) {
      const waitMs = quota.waitMs(amount, now, before, share * before);
      if (waitMs > longest.waitMs) longest = { waitMs, subject: quota.subject };
    }
    const measures = [
      [this.#measured, this.#requests.subject],
      [this.#failing, 'upstream'],
    ] as const;
    for (const [rate, subject] of measures) {
      const waitMs = rate.waitMs(now, share * ahead.requests);
      if (waitMs > longest.waitMs) longest = { waitMs, subject };
    }
    return longest;
  }

  /**
   * For how long nothing will be sent because the upstream asked for it or says that its limit is used
   * up, in ms.
   *
   * @param tokens of a usual attempt
   */
  heldMs(tokens: number, now: number): number {
    return Math.max(
      this.#standstill.askedMs(now),
      this.#requests.heldMs(1, now),
      this.#tokens.heldMs(tokens, now),
    );
  }

  /** How much longer nothing will be sent if the upstream means the wait that it asks for, in ms. */
  askedMs(now: number): number {
    return this.#standstill.askedMs(now);
  }

  /** Whether waits that it asked for were wrong lately. */
  isDistrusted(now: number): boolean {
    return this.#standstill.isDistrusted(now);
  }

  /** How long a wait that the upstream asked for or reports, and that nobody believes, is likely to last, in ms. */
  doubtedMs(now: number): number {
    return Math.max(
      this.#standstill.doubtedMs(now),
      this.#requests.doubtedMs(now),
      this.#tokens.doubtedMs(now),
    );
  }

  reported({ requests, tokens }: RateHeadroom, sent: GroupMarks, now: number): void {
    if (requests !== undefined) this.#requests.reported(requests, sent.requestMark, now);
    if (tokens !== undefined) this.#tokens.reported(tokens, sent.tokenMark, now);
  }

  /** The upstream answers an attempt. */
  accepted(sent: GroupMarks & { readonly running: number }, now: number): void {
    const { at } = sent.requestMark;
    if (!this.#standstill.endedJustBefore(at)) this.#numbers.accepted(sent.running, at);
    this.#standstill.accepted(at);
    this.#measured.accepted(at);
    this.#requests.accepted(at, now);
    this.#tokens.accepted(at, now);
  }

  completed(sentAt: number): void {
    this.#standstill.succeeded(sentAt);
  }

  /** An attempt ended that says something of the upstream. @param hasBegun something of an answer came */
  ended(
    error: ProviderError | undefined,
    sent: GroupMarks & { readonly running: number },
    now: number,
    hasBegun = false,
  ): void {
    const { neverFits = false, tokenLimit, retryAfterMs } = error?.facts ?? {};
    const isRefused = error?.reason === 'RATE_LIMIT_EXCEEDED';
    if (isRefused && neverFits) {
      // It says nothing of what others may send.
      if (tokenLimit === undefined) return;
      this.#largest = { tokens: tokenLimit, until: now + SIZE_REMEMBERED_MS };
      return;
    }
    this.#refusals.ended(isRefused, now);
    this.#requests.ended(isRefused, now);
    this.#tokens.ended(isRefused, now);
    if (error !== undefined && !hasBegun && isFailure(error)) {
      this.#failing.failed(sent.requestMark.at, now);
    }
    if (isRefused && this.#requests.isPlentiful(now) && this.#tokens.isPlentiful(now)) {
      const { at } = sent.requestMark;
      if (!this.#standstill.endedJustBefore(at)) this.#numbers.refused(sent.running, at);
      if (!this.#numbers.areTheCause) this.#measured.refused(at, now);
    }
    if (!isRefused || this.#refusals.isStray || this.#measured.refusesAnyway) return;
    this.#standstill.refused(sent.requestMark.at, retryAfterMs, now);
    this.#requests.refused(sent.requestMark, now);
    this.#tokens.refused(sent.tokenMark, now);
  }

  /** Every attempt, whatever became of it. */
  left(sentAt: number): void {
    this.#standstill.left(sentAt);
  }

  /** An attempt was made that needed so many tokens less than it took. */
  correct(unused: number, takenAt: number): void {
    this.#tokens.correct(unused, takenAt);
  }

  /** An attempt that was admitted was never made. */
  undo(tokens: number, takenAt: number): void {
    this.#requests.undo(1, takenAt);
    this.#tokens.undo(tokens, takenAt);
    this.#measured.undo(takenAt);
    this.#failing.undo(takenAt);
  }
}

/** Whether the upstream failed a request as it may fail others. */
function isFailure({ reason, facts }: ProviderError): boolean {
  if (reason !== 'SERVICE_UNAVAILABLE' && reason !== 'NETWORK_ERROR') return false;
  return !facts.staleConnection && !facts.unreadable && !facts.concernsRequest;
}
