import type { ProviderError } from '../../core/errors.ts';
import type { MessageRequest } from '../../core/message.ts';
import type { RateHeadroom } from '../../core/rate-headroom.ts';
import { ConcurrencyLimit } from './concurrency-limit.ts';
import { GroupLimits, type GroupMarks } from './group-limits.ts';
import { MovingAverage } from './moving-average.ts';
import type { RateLimitOptions } from './options.ts';
import { Peak } from './peak.ts';
import type { Admission, Outcome, WaitedFor } from './permit.ts';
import { type Configured, Quota } from './quota.ts';
import { QuotaGroups } from './quota-groups.ts';
import type { LimitedTarget, NewRateSource, RateSubject } from './source.ts';
import type { Ahead } from './wait-queue.ts';

/** Tokens an answer is expected to have before one was seen. */
const USUAL_OUTPUT = 500;
const OUTPUT_WEIGHT = 0.1;

/** How long a complete answer takes, for estimates of waits. */
const DURATION_WEIGHT = 0.1;

/** What a key counts that has room for an attempt, however little is left after it. */
const LEAST_ROOM = 0.01;

/** How often a limit on concurrency that recovers is looked at while nothing ends, in ms. */
const RECOVERY_CHECK_MS = 1_000;

const ONLY_KEY: readonly number[] = [0];

/** What may be sent now. */
export interface RateLeft {
  /** Absent: not limited. */
  readonly requests?: number;
  /** Absent: not limited. */
  readonly tokens?: number;
  /** Until all is there again, if nothing more is sent, in ms. */
  readonly fullMs: number;
}

/** Share of places, and of what the upstream grants, that those have for whom nobody waits. */
const SPARE_SHARE = 0.5;

/**
 * What a target has room for: its concurrency and its configured limits, which are everybody's, and
 * what the upstream grants each quota group of its keys. Knows nothing of who waits.
 */
export class Capacity {
  readonly #newLimit: (subject: RateSubject, limit: number, now: number) => Configured;
  #requests: Configured | undefined;
  #tokens: Configured | undefined;
  #daily: Configured | undefined;
  readonly #dailyQuota = new Quota('requests per day');
  readonly #concurrency: ConcurrencyLimit;
  #maxConcurrent: number;
  #maxHoldMs: number;
  #quotaGroups: QuotaGroups;
  /** By group, made when a group is first asked for. */
  readonly #groups = new Map<number, GroupLimits>();
  readonly #output = new MovingAverage(OUTPUT_WEIGHT, USUAL_OUTPUT);
  readonly #duration = new MovingAverage(DURATION_WEIGHT);
  #running = 0;
  readonly #peak = new Peak();

  /** @param onMore is called when there is more than was foreseen */
  constructor(
    target: LimitedTarget,
    options: RateLimitOptions,
    newSource: NewRateSource,
    now: number,
    onMore: () => void,
    groups: QuotaGroups = new QuotaGroups([undefined]),
  ) {
    this.#newLimit = (subject, limit, at) => {
      const source = newSource({ subject, limit }, target, at);
      source.onChange(onMore);
      return { limit, source };
    };
    this.#maxConcurrent = options.maxConcurrent;
    this.#maxHoldMs = options.maxHoldMs;
    this.#quotaGroups = groups;
    this.#concurrency = new ConcurrencyLimit(options.maxConcurrent);
    this.#draw(options, now);
  }

  /** Other limits from now on; what runs, what was taken and what the upstream has told stays. */
  configure(options: RateLimitOptions, groups: QuotaGroups, now: number): void {
    // What is believed of an upstream, and of which key, is learned anew where that has changed.
    const isLearnedAnew = options.maxHoldMs !== this.#maxHoldMs || groups !== this.#quotaGroups;
    if (isLearnedAnew) this.#groups.clear();
    this.#maxConcurrent = options.maxConcurrent;
    this.#maxHoldMs = options.maxHoldMs;
    this.#quotaGroups = groups;
    this.#concurrency.resize(options.maxConcurrent);
    this.#draw(options, now);
    for (const group of this.#groups.values()) group.configure(this.#requests, this.#tokens);
  }

  #draw({ requestsPerMinute, tokensPerMinute, requestsPerDay }: RateLimitOptions, now: number) {
    const drawn = (was: Configured | undefined, subject: RateSubject, limit?: number) => {
      if (limit === undefined || limit === was?.limit) return limit === undefined ? undefined : was;
      if (was === undefined) return this.#newLimit(subject, limit, now);
      was.source.resize(limit, now);
      return { limit, source: was.source };
    };
    this.#requests = drawn(this.#requests, 'requests per minute', requestsPerMinute);
    this.#tokens = drawn(this.#tokens, 'tokens per minute', tokensPerMinute);
    this.#daily = drawn(this.#daily, 'requests per day', requestsPerDay);
    this.#dailyQuota.configure(this.#daily);
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

  /** Whether anything depends on the size of a request that is made with this key. */
  countsTokens(key: number, now: number): boolean {
    const group = this.#group(key);
    return group.limitsTokens || group.largestRequest(now) < Number.POSITIVE_INFINITY;
  }

  /** Tokens that a request with one of these keys can have at most, whenever it is made. */
  largestRequest(keys: readonly number[], now: number): number {
    return Math.max(...keys.map((key) => this.#group(key).largestRequest(now)));
  }

  /** What a request is expected to use, its prompt having `input` tokens. */
  withOutput(input: number, request: MessageRequest): number {
    return input + Math.min(request.maxTokens ?? Number.POSITIVE_INFINITY, this.#expectedOutput);
  }

  hasTokens(amount: number, now: number, key: number): boolean {
    return this.#group(key).hasTokens(amount, now);
  }

  /** Share of what the upstream grants a key that is left, 0 to 1; 1 where nobody knows. */
  headroom(key: number, now: number): number {
    return this.#group(key).headroom(now);
  }

  /** The same for whoever needs so many tokens: 0 if they are not there now, else above. */
  room(key: number, tokens: number, now: number): number {
    const group = this.#group(key);
    if (group.wait(tokens, { requests: 0, tokens: 0 }, 1, now).waitMs > 0) return 0;
    return Math.max(LEAST_ROOM, group.headroom(now));
  }

  /** What is left to the key that has most; undefined where no limit is known. */
  left(now: number): RateLeft | undefined {
    const all = this.#quotaGroups.all.flatMap((key) => this.#group(key).remaining(now) ?? []);
    return all.toSorted((a, b) => (b.requests ?? b.tokens ?? 0) - (a.requests ?? a.tokens ?? 0))[0];
  }

  /** Whether one more may run, with whatever key. */
  hasPlace(now: number): boolean {
    return this.#running < this.#concurrency.at(now) && this.#dailyQuota.waitMs(1, now) === 0;
  }

  /** Whether so much is left with this key that nobody who waits for an answer would miss a place. */
  hasSpare(now: number, key: number): boolean {
    return (
      this.#running < this.#concurrency.at(now) * SPARE_SHARE &&
      this.#group(key).headroom(now) > 1 - SPARE_SHARE
    );
  }

  /** Takes what one attempt with this key needs, all of it or nothing. */
  take(tokens: number, now: number, key = 0): boolean {
    if (this.#running >= this.#concurrency.at(now)) return false;
    if (!this.#dailyQuota.take(1, now)) return false;
    if (!this.#group(key).take(tokens, now)) {
      this.#dailyQuota.undo(1, now);
      return false;
    }
    this.#running += 1;
    this.#peak.add(this.#running, now);
    return true;
  }

  /** Where the counts stand that the upstream's reports are compared with. */
  marks(now: number, key = 0): GroupMarks & Pick<Admission, 'limits'> {
    const limits = this.#group(key);
    return { limits, ...limits.marks(now) };
  }

  /** Why `take` failed with each of these keys, and after how many ms it is to be tried again. */
  obstacle(
    tokens: number,
    now: number,
    keys: readonly number[] = ONLY_KEY,
  ): { waitedFor: WaitedFor; waitMs: number } {
    const { waitMs } = this.#rateWait(tokens, { requests: 0, tokens: 0 }, now, keys);
    if (waitMs > 0) return { waitedFor: 'rate_limit', waitMs };
    const isLowered = this.#concurrency.at(now) < this.#maxConcurrent;
    return {
      waitedFor: 'concurrency',
      waitMs: isLowered ? RECOVERY_CHECK_MS : Number.POSITIVE_INFINITY,
    };
  }

  /** All who wait need so much: sources that order more order it all at once. */
  awaited({ requests, tokens }: Ahead, now: number): void {
    this.#requests?.source.awaited(requests, now);
    this.#tokens?.source.awaited(tokens, now);
    this.#daily?.source.awaited(requests, now);
  }

  /** How long somebody with these keys will wait that has so much ahead, and for what most. An estimate. */
  wait(
    tokens: number,
    ahead: Ahead,
    now: number,
    keys: readonly number[] = ONLY_KEY,
  ): { waitMs: number; subject: string } {
    const rate = this.#rateWait(tokens, ahead, now, keys);
    const limit = this.#concurrency.at(now);
    const tooMany = this.#running + ahead.requests + 1 - limit;
    const waitMs = (Math.max(0, tooMany) / limit) * this.usualMs;
    return waitMs > rate.waitMs ? { waitMs, subject: 'concurrent requests' } : rate;
  }

  /**
   * For how long the upstream lets nothing through, whatever the key: because it asked for a wait, or
   * because a limit that it reported is used up. In ms.
   */
  heldMs(now: number, key?: number): number {
    const keys = key === undefined ? this.#quotaGroups.all : [key];
    return Math.min(...keys.map((one) => this.#group(one).heldMs(this.#expectedOutput, now)));
  }

  reported(admission: Admission, headroom: RateHeadroom, now: number): void {
    if (headroom.account !== undefined) this.#quotaGroups.told(admission.key, headroom.account);
    admission.limits.reported(headroom, admission, now);
  }

  /** The first event of an attempt is its success, as far as overload goes. */
  firstEvent(admission: Admission, now: number): void {
    const ran = this.#ran(now);
    this.#concurrency.firstEvent(admission.at, ran, now);
    this.#concurrency.ended('well', admission.at, ran, now);
    admission.limits.accepted(admission, now);
  }

  /** Takes an attempt's room back, and learns from what became of it. */
  release(admission: Admission, outcome: Outcome, now: number): void {
    this.#learn(admission, outcome, now);
    this.#running -= 1;
    const { at, limits, tokens } = admission;
    limits.left(at);
    // A refused request counts as one, and costs no tokens.
    if (outcome.sent) {
      limits.correct(tokens - outcome.tokens, at);
    } else {
      limits.undo(tokens, at);
      this.#dailyQuota.undo(1, at);
    }
  }

  #learn(admission: Admission, { completed, error }: Outcome, now: number): void {
    const { at, limits } = admission;
    if (completed !== undefined) {
      this.#duration.add(Math.log(Math.max(2, now - at)));
      this.#output.add(completed.usage.outputTokens);
      limits.completed(at);
    }
    if (completed === undefined && error === undefined) return;
    limits.ended(error, admission, now);
    if (error === undefined || !isOverload(error, limits)) return;
    const how = error.reason === 'RATE_LIMIT_EXCEEDED' ? 'refused' : 'overloaded';
    this.#concurrency.ended(how, at, this.#ran(now), now);
  }

  /** The most that ran at once lately. */
  #ran(now: number): number {
    return Math.max(this.#running, this.#peak.at(now));
  }

  get #expectedOutput(): number {
    return Math.ceil(this.#output.value);
  }

  #group(key: number): GroupLimits {
    const group = this.#quotaGroups.of(key);
    let limits = this.#groups.get(group);
    if (limits === undefined) {
      const maxHoldMs = this.#maxHoldMs;
      const requests = new Quota('requests per minute', this.#requests, maxHoldMs);
      const tokens = new Quota('tokens per minute', this.#tokens, maxHoldMs);
      limits = new GroupLimits({ requests, tokens }, maxHoldMs);
      this.#groups.set(group, limits);
    }
    return limits;
  }

  /** The shortest of the groups' waits: an attempt goes with the key that has room first. */
  #rateWait(
    tokens: number,
    ahead: Ahead,
    now: number,
    keys: readonly number[],
  ): { waitMs: number; subject: string } {
    const groups = new Set(keys.map((key) => this.#group(key)));
    let shortest = { waitMs: Number.POSITIVE_INFINITY, subject: 'upstream' };
    for (const group of groups) {
      const wait = group.wait(tokens, ahead, 1 / groups.size, now);
      if (wait.waitMs < shortest.waitMs) shortest = wait;
    }
    const dailyMs = this.#dailyQuota.waitMs(1, now, ahead.requests);
    return dailyMs > shortest.waitMs
      ? { waitMs: dailyMs, subject: this.#dailyQuota.subject }
      : shortest;
  }
}

/** A refused rate is no overload where the rate is limited here: fewer at once would not lower it. */
function isOverload({ reason, facts }: ProviderError, { limitsRequests }: GroupLimits): boolean {
  if (reason === 'RATE_LIMIT_EXCEEDED') return !limitsRequests && facts.neverFits !== true;
  return reason === 'TIMEOUT' || (reason === 'SERVICE_UNAVAILABLE' && facts.upstreamStatus === 503);
}
