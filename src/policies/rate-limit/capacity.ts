import type { ProviderError } from '../../core/errors.ts';
import type { MessageRequest } from '../../core/message.ts';
import type { RateHeadroom } from '../../core/rate-headroom.ts';
import { type Ahead, NOBODY } from './ahead.ts';
import { ConcurrencyLimit } from './concurrency-limit.ts';
import { ConfiguredLimits } from './configured-limits.ts';
import type { GroupLimits, GroupMarks } from './group-limits.ts';
import { KeyLimits, type RateWait } from './key-limits.ts';
import { MovingAverage } from './moving-average.ts';
import type { RateLimitOptions } from './options.ts';
import { Peak } from './peak.ts';
import type { Admission, AttemptOutcome, WaitedFor } from './permit.ts';
import { QuotaGroups } from './quota-groups.ts';
import type { LimitedTarget, NewRateSource } from './source.ts';

/** Tokens an answer is expected to have before one was seen. */
const USUAL_OUTPUT = 500;
const OUTPUT_WEIGHT = 0.1;
/** How long a complete answer takes, for estimates of waits. */
const DURATION_WEIGHT = 0.1;
/** So many mean deviations of the logarithm above the usual are about nine of ten complete. */
const DEVIATIONS = 1.6;

/** How often a limit on concurrency that recovers is looked at while nothing ends, in ms. */
const RECOVERY_CHECK_MS = 1_000;

const ONLY_KEY: readonly number[] = [0];

/** Share of places, and of what the upstream grants, that those have for whom nobody waits. */
const SPARE_SHARE = 0.5;

/**
 * What a target has room for: its concurrency and its configured limits, which are everybody's, and
 * what the upstream grants each quota group of its keys. Knows nothing of who waits.
 */
export class Capacity {
  readonly #configured: ConfiguredLimits;
  /** What the upstream grants each key. */
  readonly keys: KeyLimits;
  readonly #concurrency: ConcurrencyLimit;
  #maxConcurrent: number;
  readonly #output = new MovingAverage(OUTPUT_WEIGHT, USUAL_OUTPUT);
  readonly #duration = new MovingAverage(DURATION_WEIGHT);
  readonly #deviation = new MovingAverage(DURATION_WEIGHT, 0);
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
    this.#configured = new ConfiguredLimits(target, options, newSource, now, onMore);
    this.keys = new KeyLimits(this.#configured, options.maxHoldMs, groups);
    this.#maxConcurrent = options.maxConcurrent;
    this.#concurrency = new ConcurrencyLimit(options.maxConcurrent);
  }

  /** Other limits from now on; what runs, what was taken and what the upstream has told stays. */
  configure(options: RateLimitOptions, groups: QuotaGroups, now: number): void {
    this.#maxConcurrent = options.maxConcurrent;
    this.#concurrency.resize(options.maxConcurrent);
    this.#configured.configure(options, now);
    this.keys.configure(options.maxHoldMs, groups);
  }

  /** A usual time for a whole answer, in ms; 0 before the first. Few long ones do not raise it much. */
  get usualMs(): number {
    return this.#duration.value === 0 ? 0 : Math.exp(this.#duration.value);
  }

  /** Most answers are complete in so many ms. */
  get mostlyMs(): number {
    return this.usualMs * Math.exp(DEVIATIONS * this.#deviation.value);
  }

  get running(): number {
    return this.#running;
  }

  concurrencyAt(now: number): number {
    return this.#concurrency.at(now);
  }

  /** What a request is expected to use, its prompt having `input` tokens. */
  withOutput(input: number, request: MessageRequest): number {
    return input + Math.min(request.maxTokens ?? Number.POSITIVE_INFINITY, this.#expectedOutput);
  }

  /** Whether one more may run, with whatever key. */
  hasPlace(now: number): boolean {
    return this.#running < this.#concurrency.at(now) && this.#configured.daily.waitMs(1, now) === 0;
  }

  /** Whether places are what attempts wait for: there is one at most. */
  isNarrow(now: number): boolean {
    return this.#running + 1 >= this.#concurrency.at(now);
  }

  /** Whether so much is left with this key that nobody who waits for an answer would miss a place. */
  hasSpare(now: number, key: number): boolean {
    return (
      this.#running < this.#concurrency.at(now) * SPARE_SHARE &&
      this.keys.of(key).headroom(now) > 1 - SPARE_SHARE
    );
  }

  /** Takes what one attempt with this key needs, all of it or nothing. */
  take(tokens: number, now: number, key = 0): boolean {
    if (this.#running >= this.#concurrency.at(now)) return false;
    if (!this.#configured.daily.take(1, now)) return false;
    if (!this.keys.of(key).take(tokens, now)) {
      this.#configured.daily.undo(1, now);
      return false;
    }
    this.#running += 1;
    this.#peak.add(this.#running, now);
    return true;
  }

  /** Where the counts stand that the upstream's reports are compared with. */
  marks(now: number, key = 0): GroupMarks & Pick<Admission, 'limits'> {
    const limits = this.keys.of(key);
    return { ...limits.marks(now), limits };
  }

  /** Why `take` failed with each of these keys, and after how many ms it is to be tried again. */
  obstacle(
    tokens: number,
    now: number,
    keys: readonly number[] = ONLY_KEY,
  ): { waitedFor: WaitedFor; waitMs: number } {
    const { waitMs } = this.#rateWait(tokens, NOBODY, now, keys);
    if (waitMs > 0) return { waitedFor: 'rate_limit', waitMs };
    const isLowered = this.#concurrency.at(now) < this.#maxConcurrent;
    return {
      waitedFor: 'concurrency',
      waitMs: isLowered ? RECOVERY_CHECK_MS : Number.POSITIVE_INFINITY,
    };
  }

  /** All who wait need so much. */
  awaited(ahead: Ahead, now: number): void {
    this.#configured.awaited(ahead, now);
  }

  /** How long somebody with these keys will wait that has so much ahead, and for what most. An estimate. */
  wait(tokens: number, ahead: Ahead, now: number, keys: readonly number[] = ONLY_KEY): RateWait {
    const rate = this.#rateWait(tokens, ahead, now, keys);
    const groups = keys.map((key) => this.keys.of(key));
    const doubtedMs = Math.min(...groups.map((group) => group.doubtedMs(now)));
    const askedMs = Math.min(...groups.map((group) => group.askedMs(now)));
    if (askedMs > Math.max(rate.waitMs, doubtedMs)) {
      return { waitMs: Math.max(rate.waitMs, doubtedMs), subject: 'upstream', askedMs };
    }
    if (doubtedMs > rate.waitMs) return { waitMs: doubtedMs, subject: 'upstream' };
    const limit = this.#concurrency.at(now);
    const tooMany = this.#running + ahead.requests + 1 - limit;
    // While more run than a limit that was lowered, so many end in that time.
    const waitMs = (Math.max(0, tooMany) / Math.max(limit, this.#running)) * this.usualMs;
    return waitMs > rate.waitMs ? { waitMs, subject: 'concurrent requests' } : rate;
  }

  /**
   * For how long the upstream lets nothing through, whatever the key: because it asked for a wait, or
   * because a limit that it reported is used up. In ms.
   */
  heldMs(now: number, key?: number): number {
    return this.keys.heldMs(this.#expectedOutput, now, key);
  }

  reported(admission: Admission, headroom: RateHeadroom, now: number): void {
    if (headroom.account !== undefined) this.keys.told(admission.key, headroom.account);
    admission.limits.reported(headroom, admission, now);
  }

  /** The first event of an attempt is its success, as far as overload goes. */
  firstEvent(admission: Admission, now: number): void {
    this.#concurrency.firstEvent(admission.at, admission.running, now);
    this.#concurrency.ended('well', admission.at, this.#ran(now), now);
    admission.limits.accepted(admission, now);
  }

  /** Takes an attempt's room back, and learns from what became of it. */
  release(admission: Admission, outcome: AttemptOutcome, now: number): void {
    this.#learn(admission, outcome, now);
    this.#running -= 1;
    const { at, limits, tokens } = admission;
    limits.left(at);
    // A refused request counts as one, and costs no tokens.
    if (outcome.sent) {
      limits.correct(tokens - outcome.tokens, at);
    } else {
      limits.undo(tokens, at);
      this.#configured.daily.undo(1, at);
    }
  }

  #learn(admission: Admission, { completed, error, hasBegun }: AttemptOutcome, now: number): void {
    const { at, limits } = admission;
    if (completed !== undefined) {
      const took = Math.log(Math.max(2, now - at));
      this.#duration.add(took);
      this.#deviation.add(Math.abs(took - this.#duration.value));
      this.#output.add(completed.usage.outputTokens);
      limits.completed(at);
    }
    if (completed === undefined && error === undefined) return;
    limits.ended(error, admission, now, hasBegun);
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

  #rateWait(tokens: number, ahead: Ahead, now: number, keys: readonly number[]): RateWait {
    const ofKeys = this.keys.wait(tokens, ahead, now, keys);
    const dailyMs = this.#configured.daily.waitMs(1, now, ahead.requests);
    return dailyMs > ofKeys.waitMs
      ? { waitMs: dailyMs, subject: this.#configured.daily.subject }
      : ofKeys;
  }
}

/**
 * A refused rate is no overload where the rate is limited here: fewer at once would not lower it. Nor is a time-out: who
 * is answered late tells of overload before, and what hangs would take the places of a lowered limit.
 */
function isOverload({ reason, facts }: ProviderError, limits: GroupLimits): boolean {
  if (reason === 'RATE_LIMIT_EXCEEDED') {
    return facts.neverFits !== true && limits.refusesForNumber;
  }
  return reason === 'SERVICE_UNAVAILABLE' && facts.upstreamStatus === 503;
}
