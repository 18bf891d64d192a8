import type { ProviderError } from '../../core/errors.ts';
import type { MessageRequest } from '../../core/message.ts';
import type { RateHeadroom } from '../../core/rate-headroom.ts';
import { ConcurrencyLimit } from './concurrency-limit.ts';
import { MovingAverage } from './moving-average.ts';
import type { RateLimitOptions } from './options.ts';
import type { Admission, Outcome, WaitedFor } from './permit.ts';
import { Quota } from './quota.ts';
import { Refusals } from './refusal-share.ts';
import type { LimitedTarget, NewRateSource, RateSubject } from './source.ts';
import { Standstill } from './standstill.ts';
import type { Ahead } from './wait-queue.ts';

/** Tokens an answer is expected to have before one was seen. */
const USUAL_OUTPUT = 500;
const OUTPUT_WEIGHT = 0.1;

/** How long a complete answer takes, for estimates of waits. */
const DURATION_WEIGHT = 0.1;

/** How often a limit on concurrency that recovers is looked at while nothing ends, in ms. */
const RECOVERY_CHECK_MS = 1_000;

/**
 * What a target has room for: its rates, its concurrency, and whether it wants to be left alone for a
 * while. Knows nothing of who waits.
 */
export class Capacity {
  readonly #requests: Quota;
  readonly #tokens: Quota;
  readonly #daily: Quota;
  readonly #concurrency: ConcurrencyLimit;
  readonly #maxConcurrent: number;
  readonly #standstill = new Standstill();
  readonly #output = new MovingAverage(OUTPUT_WEIGHT, USUAL_OUTPUT);
  readonly #duration = new MovingAverage(DURATION_WEIGHT);
  readonly #refusals = new Refusals();
  #running = 0;

  /** @param onMore is called when there is more than was foreseen */
  constructor(
    target: LimitedTarget,
    options: RateLimitOptions,
    newSource: NewRateSource,
    now: number,
    onMore: () => void,
  ) {
    const quota = (subject: RateSubject, limit: number | undefined): Quota => {
      if (limit === undefined) return new Quota(subject);
      const source = newSource({ subject, limit }, target, now);
      source.onChange(onMore);
      return new Quota(subject, { limit, source });
    };
    this.#requests = quota('requests per minute', options.requestsPerMinute);
    this.#tokens = quota('tokens per minute', options.tokensPerMinute);
    this.#daily = quota('requests per day', options.requestsPerDay);
    this.#maxConcurrent = options.maxConcurrent;
    this.#concurrency = new ConcurrencyLimit(options.maxConcurrent);
  }

  /** A usual time for a whole answer, in ms; 0 before the first. Few long ones do not raise it much. */
  get usualMs(): number {
    return this.#duration.value === 0 ? 0 : Math.exp(this.#duration.value);
  }

  get running(): number {
    return this.#running;
  }

  concurrencyAt(now: number): number {
    return this.#concurrency.at(now);
  }

  /** Whether anything depends on the size of a request. */
  get countsTokens(): boolean {
    return this.#tokens.isLimited;
  }

  /** What a request is expected to use, its prompt having `input` tokens. */
  withOutput(input: number, request: MessageRequest): number {
    return input + Math.min(request.maxTokens ?? Number.POSITIVE_INFINITY, this.#expectedOutput);
  }

  hasTokens(amount: number, now: number): boolean {
    return this.#tokens.waitMs(0, now, amount) === 0;
  }

  /** Takes what one attempt needs, all of it or nothing. */
  take(tokens: number, now: number): boolean {
    if (this.#standstill.remainingMs(now) > 0) return false;
    if (this.#running >= this.#concurrency.at(now)) return false;
    if (!this.#requests.take(1, now)) return false;
    if (!this.#daily.take(1, now)) {
      this.#requests.undo(1, now);
      return false;
    }
    if (!this.#tokens.take(tokens, now)) {
      this.#requests.undo(1, now);
      this.#daily.undo(1, now);
      return false;
    }
    this.#running += 1;
    return true;
  }

  /** Where the counts stand that the upstream's reports are compared with. */
  marks(now: number): Pick<Admission, 'requestMark' | 'tokenMark'> {
    return {
      requestMark: { at: now, taken: this.#requests.taken },
      tokenMark: { at: now, taken: this.#tokens.taken },
    };
  }

  /** Why `take` failed, and after how many ms it is to be tried again, if not before. */
  obstacle(tokens: number, now: number): { waitedFor: WaitedFor; waitMs: number } {
    const { waitMs } = this.#rateWait(tokens, { requests: 0, tokens: 0 }, now);
    if (waitMs > 0) return { waitedFor: 'rate_limit', waitMs };
    const isLowered = this.#concurrency.at(now) < this.#maxConcurrent;
    return {
      waitedFor: 'concurrency',
      waitMs: isLowered ? RECOVERY_CHECK_MS : Number.POSITIVE_INFINITY,
    };
  }

  /** How long somebody will wait that has so much ahead, and for what most. An estimate. */
  wait(tokens: number, ahead: Ahead, now: number): { waitMs: number; subject: string } {
    const rate = this.#rateWait(tokens, ahead, now);
    const limit = this.#concurrency.at(now);
    const tooMany = this.#running + ahead.requests + 1 - limit;
    const waitMs = (Math.max(0, tooMany) / limit) * this.usualMs;
    return waitMs > rate.waitMs ? { waitMs, subject: 'concurrent requests' } : rate;
  }

  reported(admission: Admission, headroom: RateHeadroom, now: number): void {
    const { requests, tokens } = headroom;
    if (requests !== undefined) this.#requests.reported(requests, admission.requestMark, now);
    if (tokens !== undefined) this.#tokens.reported(tokens, admission.tokenMark, now);
  }

  firstEvent(admission: Admission, now: number): void {
    this.#concurrency.firstEvent(admission.at, this.#running, now);
  }

  /** Takes an attempt's room back, and learns from what became of it. */
  release(admission: Admission, outcome: Outcome, now: number): void {
    this.#learn(admission, outcome, now);
    this.#running -= 1;
    const { at } = admission;
    if (outcome.sent) {
      // A refused request counts as one, and costs no tokens.
      this.#tokens.correct(admission.tokens - outcome.tokens, at);
    } else {
      this.#requests.undo(1, at);
      this.#daily.undo(1, at);
      this.#tokens.undo(admission.tokens, at);
    }
  }

  #learn(admission: Admission, { completed, error }: Outcome, now: number): void {
    const { at } = admission;
    if (completed !== undefined) {
      this.#duration.add(Math.log(Math.max(2, now - at)));
      this.#output.add(completed.usage.outputTokens);
      this.#standstill.succeeded(at);
    }
    if (completed === undefined && error === undefined) return;
    const isRefused = error?.reason === 'RATE_LIMIT_EXCEEDED';
    this.#refusals.ended(isRefused, now);
    if (isRefused && !this.#refusals.isStray) {
      this.#standstill.refused(at, error.facts.retryAfterMs, now);
      this.#requests.refused(admission.requestMark, now);
      this.#tokens.refused(admission.tokenMark, now);
    }
    const overloaded = error !== undefined && this.#isOverload(error);
    this.#concurrency.ended(overloaded, at, this.#running, now);
  }

  /** A refused rate is no overload where the rate is limited here: fewer at once would not lower it. */
  #isOverload({ reason, facts }: ProviderError): boolean {
    if (reason === 'RATE_LIMIT_EXCEEDED') return !this.#requests.isLimited;
    return (
      reason === 'TIMEOUT' || (reason === 'SERVICE_UNAVAILABLE' && facts.upstreamStatus === 503)
    );
  }

  get #expectedOutput(): number {
    return Math.ceil(this.#output.value);
  }

  #rateWait(tokens: number, ahead: Ahead, now: number): { waitMs: number; subject: string } {
    let longest = { waitMs: this.#standstill.remainingMs(now), subject: 'upstream' };
    for (const quota of [this.#requests, this.#daily, this.#tokens]) {
      const isTokens = quota === this.#tokens;
      const amount = isTokens ? tokens : 1;
      const waitMs = quota.waitMs(amount, now, isTokens ? ahead.tokens : ahead.requests);
      if (waitMs > longest.waitMs) longest = { waitMs, subject: quota.subject };
    }
    return longest;
  }
}
