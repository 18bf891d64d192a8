import { MovingAverage } from './moving-average.ts';

/** However badly the upstream does, so many may run: fewer tell nothing of it. */
const MIN_CONCURRENT = 10;

/** What overload and slowness leave of the attempts that ran. RFC 9438, 4.6; slowness is weaker evidence. */
const AFTER_OVERLOAD = 0.7;
const AFTER_SLOWNESS = 0.9;

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
 * where it takes longer to learn of overload, or time-outs of a minute would come too late.
 */
const PLATEAU_MS = 3_000;
/** Who says that there are too many says so again, if it is asked too soon. */
const PLATEAU_AFTER_REFUSAL_MS = 20_000;
const ROUND_TRIPS_PER_PLATEAU = 2;

/** Of the first event, lately and usually. */
const RECENT_WEIGHT = 1 / 20;
const USUAL_WEIGHT = 1 / 600;

/** So many times slower than usual is slow. Prompts and reasoning alone make a few times. */
const TOLERANCE = Math.log(4);

/** Below four times this no first event is slow, whatever is usual. Log of ms. */
const QUICK = Math.log(1_000);

/** Slowness and failures are no refusal: they lower the limit to this share of the maximum, no further. */
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
  readonly #recent = new MovingAverage(RECENT_WEIGHT);
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

  /** @param sentAt epoch ms @param running attempts, this one included */
  firstEvent(sentAt: number, running: number, now: number): void {
    const sample = Math.log(Math.max(1, now - sentAt));
    this.#recent.add(sample);
    this.#usual.add(sample);
    if (this.#recent.value - Math.max(QUICK, this.#usual.value) < TOLERANCE) return;
    this.#lower(AFTER_SLOWNESS, this.#leastWithoutRefusal, sentAt, running, now);
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
    if (this.#failures.value < CALM_SHARE) this.#lowerings = 0;
    if (this.#run >= OUTAGE) {
      this.#overload = new MovingAverage(OUTCOME_WEIGHT, 0);
      return;
    }
    if (!overloaded || this.#overload.value < OVERLOAD_SHARE) return;
    if (how === 'refused') {
      this.#lower(AFTER_OVERLOAD, this.#min, sentAt, running, now, PLATEAU_AFTER_REFUSAL_MS);
    } else if (this.#lowerings >= LOWERINGS) {
      this.#from = this.#max;
      this.#to = this.#max;
    } else if (this.#lower(AFTER_OVERLOAD, this.#leastWithoutRefusal, sentAt, running, now)) {
      this.#lowerings += 1;
    }
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
    this.#plateauMs = Math.max(plateauMs, ROUND_TRIPS_PER_PLATEAU * (now - sentAt));
    this.#overload = new MovingAverage(OUTCOME_WEIGHT, 0);
    return true;
  }
}
