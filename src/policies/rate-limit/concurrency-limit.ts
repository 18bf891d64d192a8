import { MovingAverage } from './moving-average.ts';

/** However badly the upstream does, so many may run: fewer tell nothing of it. */
const MIN_CONCURRENT = 10;

/**
 * What overload, a refused rate and slowness leave of the attempts that ran. RFC 9438, 4.6; a refusal comes as soon as
 * there are too many, so that little is enough. To halve them tells whether slowness comes of them.
 */
const AFTER_OVERLOAD = 0.7;
const AFTER_REFUSAL = 0.85;
const AFTER_SLOWNESS = 0.5;

/**
 * Share of overload among the last outcomes from which it is no accident. Well above what an upstream
 * that fails now and then reaches: accidents do not become fewer by sending less.
 */
const OVERLOAD_SHARE = 0.3;
const OUTCOME_WEIGHT = 0.05;
/**
 * An upstream that refuses so many in a row is not overloaded but down, which is the circuit's affair:
 * sending fewer at once would not help, and would still hold calls back when it is up again.
 */
const OUTAGE = 6;

/**
 * So often the limit is lowered for failures that do not become fewer with it; then they are no overload,
 * and nobody is held back for them until there were fewer than CALM_SHARE.
 */
const LOWERINGS = 1;
const CALM_SHARE = 0.1;

/** Overload that is met within so many ms is one, however quickly it is refused. */
const LEAST_ROUND_TRIP_MS = 1_000;

/**
 * Until the limit is back at where overload was met, in ms; then it grows faster and faster. Longer
 * where it takes longer to learn of overload, or failures that take long would come too late.
 */
const PLATEAU_MS = 3_000;
/** Who says that there are too many says so again, if it is asked too soon. */
const PLATEAU_AFTER_REFUSAL_MS = 20_000;
const PLATEAU_AFTER_SLOWNESS_MS = 10_000;
const ROUND_TRIPS_PER_PLATEAU = 2;

/** Of the first event, lately and usually. */
const RECENT_WEIGHT = 1 / 20;
const USUAL_WEIGHT = 1 / 600;
/** How many run with the first of all says little of how many usually do: it counts as so many of those behind it. */
const FIRST_COUNTS = 40;

/** So many times slower than usual is slow. Prompts and reasoning alone make a few times. */
const TOLERANCE = Math.log(4);

/** Below four times this no first event is slow, whatever is usual. Log of ms. */
const QUICK = Math.log(1_000);

/** Slow attempts of which so many were seen, and what makes less of it than this is usual again. */
const ENOUGH = 20;
const CALM = Math.log(2);
/** How much less than in proportion. */
const QUEUE_TOLERANCE = Math.log(1.25);
/** If half as many at once are not so many times quicker, they are not slow because there are many. */
const IMPROVEMENT = Math.log(1.4);
/** While the limit is lowered for slowness, in proportion to usual times: what is slow is to become usual late. */
const LEARNING_WHEN_LOWERED = 0.1;
/** Above what slowness lowered the limit to, it is gone carefully: where it began, nobody knows. */
const ABOVE_SLOWNESS = 1.25;

/** Failures are no refusal: they lower the limit to this share of the maximum, no further. */
const LEAST_SHARE_WITHOUT_REFUSAL = 0.1;

/** `refused`: the upstream said that there are too many. `overloaded`: it failed as if there were. */
export type AttemptEnd = 'well' | 'refused' | 'overloaded';

/**
 * How many attempts may run at once. Starts at the maximum; falls to a share of what runs when the
 * upstream shows overload, at most once per round trip, as TCP's window does (RFC 5681, 3.1 and 3.2,
 * FlightSize); recovers with the time that has passed since, as CUBIC's does (RFC 9438, 4.2): slowly
 * near where overload was met, quickly beyond. So it grows also while few attempts run, and an old
 * incident does not meet the next burst.
 *
 * Slowness is judged as in Netflix's Gradient2 (https://github.com/Netflix/concurrency-limits), by
 * recent against usual latency of the first event, but over means of logarithms and with a generous
 * tolerance: the latencies of one model differ tenfold by nature.
 */
export class ConcurrencyLimit {
  #max: number;
  #min: number;
  #overload = new MovingAverage(OUTCOME_WEIGHT, 0);
  /** Failures since the last success of an attempt that was sent after the first of them. */
  #run = 0;
  /** When that first one was sent, epoch ms. */
  #runSince = 0;
  #recent = new MovingAverage(RECENT_WEIGHT);
  /** How many ran when these were sent, and usually; of logarithms. */
  #recentRunning = new MovingAverage(RECENT_WEIGHT);
  readonly #usualRunning = new MovingAverage(USUAL_WEIGHT);
  /** In it, of those that were no slower than usual: slow ones are not to make usual what makes them slow. */
  #quick = 0;
  /** In `#recent`. */
  #samples = 0;
  /** How slow they were when the limit was lowered for it, log of ms, until it is seen what that brings. */
  #slow: number | undefined;
  /** They are slow whatever runs here. */
  #isSlowAnyway = false;
  readonly #usual = new MovingAverage(USUAL_WEIGHT);
  /** What ran when the limit was lowered, and to what. */
  #from: number;
  #to: number;
  /** Epoch ms. */
  #loweredAt = Number.NEGATIVE_INFINITY;
  #plateauMs = PLATEAU_MS;
  /** Share of failures that may be overload, however the limit was lowered meanwhile. */
  readonly #failures = new MovingAverage(OUTCOME_WEIGHT, 0);
  /** Because of such failures, since there were hardly any. */
  #lowerings = 0;
  /** Epoch ms: before, answers come of what was sent at the lowered limit, and failures that take longer do not. */
  #toldAt = Number.NEGATIVE_INFINITY;

  /** @param max 1 or more */
  constructor(max: number) {
    this.#max = max;
    this.#min = Math.min(MIN_CONCURRENT, max);
    this.#from = max;
    this.#to = max;
  }

  /** Another maximum. A limit that overload has lowered goes on to recover, up to that. */
  resize(max: number): void {
    const isLowered = this.#to < this.#max;
    this.#max = max;
    this.#min = Math.min(MIN_CONCURRENT, max);
    this.#from = isLowered ? Math.min(this.#from, max) : max;
    this.#to = isLowered ? Math.min(this.#to, max) : max;
  }

  /** Whole, at least 1. */
  at(now: number): number {
    if (this.#to === this.#max) return this.#max;
    const time = (now - this.#loweredAt) / this.#plateauMs - 1;
    const limit = this.#from + (this.#from - this.#to) * time ** 3;
    if (limit < this.#max) return Math.floor(Math.max(this.#min, limit));
    this.#to = this.#max;
    return this.#max;
  }

  /** @param sentAt epoch ms @param running attempts when it was sent, itself included */
  firstEvent(sentAt: number, running: number, now: number): void {
    // What was sent before says nothing of what the lowering has brought.
    if (this.#slow !== undefined && sentAt <= this.#loweredAt) return;
    const sample = Math.log(Math.max(1, now - sentAt));
    this.#samples += 1;
    this.#recent.add(sample, Math.max(RECENT_WEIGHT, 1 / this.#samples));
    this.#recentRunning.add(Math.log(running), Math.max(RECENT_WEIGHT, 1 / this.#samples));
    const isLowered = this.at(now) < this.#max;
    const learned = USUAL_WEIGHT * (isLowered ? LEARNING_WHEN_LOWERED : 1);
    const isQuick = !isLowered && sample < this.#usual.value + CALM;
    if (isQuick) this.#quick += 1;
    this.#usual.add(sample, learned);
    const learnedNow = isQuick ? Math.max(learned, 1 / (this.#quick + FIRST_COUNTS)) : learned;
    this.#usualRunning.add(Math.log(running), learnedNow);
    if (this.#samples < ENOUGH) return;
    const recent = this.#recent.value;
    if (this.#slow !== undefined) this.#judge(this.#slow, recent);
    const slowness = recent - Math.max(QUICK, this.#usual.value);
    if (slowness < CALM) this.#isSlowAnyway = false;
    if (slowness < TOLERANCE || this.#isSlowAnyway) return;
    if (!this.#ranMore(recent)) {
      this.#isSlowAnyway = true;
      return;
    }
    const ran = Math.exp(this.#recentRunning.value);
    if (!this.#lower(AFTER_SLOWNESS, this.#min, sentAt, ran, now, PLATEAU_AFTER_SLOWNESS_MS))
      return;
    this.#from = this.#to * ABOVE_SLOWNESS;
    this.#slow = recent;
    this.#recent = new MovingAverage(RECENT_WEIGHT);
    this.#recentRunning = new MovingAverage(RECENT_WEIGHT);
    this.#samples = 0;
  }

  /** Whether so many more ran at once than usual as they are slower: a queue is as long as it takes. */
  #ranMore(recent: number): boolean {
    const more = this.#recentRunning.value - this.#usualRunning.value;
    return more >= recent - this.#usual.value - QUEUE_TOLERANCE;
  }

  /** Whether fewer at once are quicker; else they are slow anyway, and nobody is held back for it. */
  #judge(before: number, now: number): void {
    this.#slow = undefined;
    if (now <= before - IMPROVEMENT) return;
    this.#isSlowAnyway = true;
    this.#restore();
  }

  /**
   * An attempt had its first event, or ended before it. Parameters as in
   * `firstEvent`.
   */
  ended(how: AttemptEnd, sentAt: number, running: number, now: number): void {
    if (sentAt <= this.#loweredAt) return;
    const overloaded = how !== 'well';
    this.#overload.add(overloaded ? 1 : 0);
    this.#countRun(how, sentAt);
    this.#failures.add(how === 'overloaded' ? 1 : 0);
    if (this.#failures.value < CALM_SHARE && now >= this.#toldAt) this.#lowerings = 0;
    if (this.#run >= OUTAGE) {
      this.#overload = new MovingAverage(OUTCOME_WEIGHT, 0);
      return;
    }
    if (!overloaded || this.#overload.value < OVERLOAD_SHARE) return;
    if (how === 'refused') {
      this.#lower(AFTER_REFUSAL, this.#min, sentAt, running, now, PLATEAU_AFTER_REFUSAL_MS);
    } else if (this.#lowerings >= LOWERINGS) {
      this.#restore();
    } else if (this.#lower(AFTER_OVERLOAD, this.#leastWithoutRefusal, sentAt, running, now)) {
      this.#lowerings += 1;
    }
  }

  #restore(): void {
    this.#from = this.#max;
    this.#to = this.#max;
  }

  get #leastWithoutRefusal(): number {
    return Math.max(this.#min, this.#max * LEAST_SHARE_WITHOUT_REFUSAL);
  }

  #countRun(how: AttemptEnd, sentAt: number): void {
    if (how === 'overloaded') {
      if (this.#run === 0) this.#runSince = sentAt;
      this.#run += 1;
    } else if (sentAt >= this.#runSince) {
      this.#run = 0;
    }
  }

  #lower(
    share: number,
    least: number,
    sentAt: number,
    running: number,
    now: number,
    plateauMs = PLATEAU_MS,
  ): boolean {
    if (sentAt <= this.#loweredAt || now - this.#loweredAt < LEAST_ROUND_TRIP_MS) return false;
    const from = Math.min(this.at(now), running);
    const to = Math.max(least, from * share);
    if (to >= this.at(now)) return false;
    this.#from = Math.max(from, to + 1);
    this.#to = to;
    this.#loweredAt = now;
    const toldMs = ROUND_TRIPS_PER_PLATEAU * (now - sentAt);
    this.#toldAt = now + toldMs;
    this.#plateauMs = Math.max(plateauMs, toldMs);
    this.#overload = new MovingAverage(OUTCOME_WEIGHT, 0);
    return true;
  }
}
