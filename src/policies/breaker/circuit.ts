import CircuitBreaker from 'opossum';
import { type Clock, MAX_TIMER_MS } from '../../core/clock.ts';
import { ProviderError } from '../../core/errors.ts';
import { FailureRun } from './failure-run.ts';
import { OpenTimes } from './open-times.ts';
import type { BreakerOptions } from './options.ts';
import { RollingWindow, SLICES } from './rolling-window.ts';

/** Whether attempts are made, are refused, or a few are made to see whether they succeed. */
export type CircuitState = 'closed' | 'open' | 'half_open';

/** The right to make one attempt. */
export interface Pass {
  /** Its first output has come, which is its success. */
  hasDelivered: boolean;
  /** When it was given, epoch ms. */
  readonly at: number;
  /** Epoch ms from which on a probe keeps others waiting no longer. */
  readonly dueAt: number;
  /** Which turn of the circuit it belongs to. */
  turn: number;
  /** Given beside an open circuit, whose state it does not change. */
  readonly isBeside?: boolean;
}

/** How long a probe that brings nothing has the half open circuit for itself, in ms. */
export const PROBE_MS = 4_000;

/** While somebody waits, it is tried by so many at a time. */
const MAX_PROBES = 5;

/** So many failures for each answer are of an upstream that is back for moments. */
const MOMENTS = 5;

/**
 * The circuit of one target. opossum keeps its state and counts, which are fed with attempts that are
 * over; when it opens is decided here, on the clock that all else runs on, and for how long in OpenTimes.
 *
 * opossum counts an action from its start on, and whatever it does not hold against the target as a
 * success. Here most ways to end count as neither, and an attempt may run for minutes. So an attempt
 * asks for a pass, and only an outcome that counts is told: an attempt without one leaves no trace,
 * and a probe that ends so leaves its place to the next.
 */
export class Circuit {
  #options: BreakerOptions;
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #onTurn: (state: 'open' | 'closed' | 'free') => void;
  readonly #breaker: CircuitBreaker;
  readonly #window: RollingWindow;
  /** Counts changes of state: what began before the last one tells of the past. */
  #turn = 0;
  readonly #times = new OpenTimes();
  #run = new FailureRun();
  /** Of what was sent while others failed some was answered: it is not down. */
  #answersPart = false;
  /** Attempts of this turn of which nothing is known yet. */
  readonly #pending = new Set<Pass>();
  #probe: Pass | undefined;
  /** Probes of this turn that run, and when the last began, epoch ms. */
  #probing = 0;
  #probedAt = 0;

  /**
   * @param random in [0, 1)
   * @param onTurn is told when it opens, also for another time, when it closes, and when a probe ended
   *   without saying anything
   */
  constructor(
    options: BreakerOptions,
    clock: Clock,
    random: () => number,
    onTurn: (state: 'open' | 'closed' | 'free') => void,
  ) {
    this.#options = options;
    this.#random = random;
    this.#clock = clock;
    this.#onTurn = onTurn;
    this.#window = new RollingWindow(clock);
    this.#breaker = new CircuitBreaker(async () => {}, {
      timeout: false,
      // Its timer would make it half open, on a clock that is not ours.
      resetTimeout: MAX_TIMER_MS,
      rollingCountBuckets: SLICES,
      rollingPercentilesEnabled: false,
      enableSnapshots: false,
      rotateBucketController: this.#window.rotations,
    });
  }

  /** By which it opens and closes from now on. It stays as it stands, and so does what was counted. */
  configure(options: BreakerOptions): void {
    this.#options = options;
  }

  get state(): CircuitState {
    if (this.#breaker.closed) return 'closed';
    return this.#clock.now() < this.#times.halfOpenAt ? 'open' : 'half_open';
  }

  /** Epoch ms from which on the next attempt is let through while the circuit is not closed. */
  get nextProbeAt(): number {
    return Math.max(this.#times.halfOpenAt, this.#probe?.dueAt ?? 0);
  }

  /** When its state last changed, in epoch ms. Undefined: it never did. */
  get changedAt(): number | undefined {
    return this.state === 'half_open' ? this.#times.halfOpenAt : this.#times.turnedAt;
  }

  /** Epoch ms from which on somebody who waits for it may try it before its time. */
  get lastResortAt(): number {
    if (this.#probing >= MAX_PROBES) return this.nextProbeAt;
    return Math.min(this.nextProbeAt, this.#times.lastResortAt(this.#probedAt));
  }

  /** Has the next attempt let through before its time. */
  halfOpen(): void {
    this.#times.hasten(this.#clock.now());
    this.#probe = undefined;
  }

  /** How long it is open this time, in ms. */
  get openForMs(): number {
    return this.#times.openForMs(this.#options);
  }

  /**
   * Whether an attempt would be refused now. An upstream that answers a part is asked by who has nowhere else to go:
   * nothing would be gained by asking nobody.
   */
  refuses(goesElsewhere = true): boolean {
    return this.state === 'open' && (goesElsewhere || !this.#answersPart);
  }

  /**
   * Lets an attempt through.
   *
   * @param goesElsewhere it has somewhere else to go
   * @throws ProviderError CIRCUIT_OPEN
   */
  admit(goesElsewhere = true): Pass {
    const turn = this.#turn;
    const now = this.#clock.now();
    const { closed } = this.#breaker;
    const waitMs = closed ? 0 : this.nextProbeAt - now;
    if (closed || (waitMs > 0 && !goesElsewhere && this.#answersPart)) {
      const pass = { at: now, hasDelivered: false, dueAt: 0, turn, isBeside: !closed };
      this.#pending.add(pass);
      return pass;
    }
    if (waitMs > 0) throw new ProviderError('CIRCUIT_OPEN', { retryAfterMs: Math.ceil(waitMs) });
    const dueAt = now + PROBE_MS;
    const probe = { at: now, hasDelivered: false, dueAt, turn };
    this.#probe = probe;
    this.#probing += 1;
    this.#probedAt = now;
    return probe;
  }

  /** The first output has come: the attempt has succeeded, as far as the target's health goes. */
  delivers(pass: Pass): void {
    if (pass.hasDelivered) return;
    pass.hasDelivered = true;
    this.#succeed(pass);
  }

  /** The attempt is complete. */
  succeeded(pass: Pass): void {
    if (!pass.hasDelivered) this.#succeed(pass);
  }

  #succeed(pass: Pass): void {
    // A probe beside which others failed closes nothing any more, but tells as much.
    const isBeside = pass.dueAt === 0 || pass.turn !== this.#turn;
    const isNews = this.#run.succeeded(pass.at) && isBeside;
    if (isNews && !this.#breaker.closed) this.#answersPart = true;
    if (pass.turn !== this.#turn) return;
    this.#pending.delete(pass);
    if (this.#breaker.closed || pass.isBeside) {
      this.#window.move(this.#options.windowMs);
      this.#breaker.emit('success');
      if (this.#answersPart) this.#answersPart = !this.#isWell;
    } else {
      this.#close();
      // What still becomes of it is told of the closed circuit.
      pass.turn = this.#turn;
    }
  }

  /** What failed is held against the target. */
  failed(pass: Pass): void {
    if (pass.turn !== this.#turn) return;
    this.#pending.delete(pass);
    // Answers that break off together tell that one of many servers has gone, not of what is sent now.
    if (!pass.hasDelivered) this.#run.failed(pass.at);
    if (this.#breaker.closed || pass.isBeside) {
      this.#window.move(this.#options.windowMs);
      this.#breaker.emit('failure');
    }
    if (pass.isBeside) {
      if (this.#isOutage(true)) this.#answersPart = false;
      return;
    }
    if (this.#breaker.closed) {
      if (!this.#isTooMuch()) return;
      const isInPart = this.#isBackForMoments || this.#run.length < this.#breaker.stats.failures;
      this.#answersPart = isInPart && !this.#isOutage(this.#answersPart);
    }
    this.#open();
  }

  /** The attempt is over, whatever became of it. To be called for each pass. */
  ended(pass: Pass): void {
    if (pass.turn !== this.#turn) return;
    this.#pending.delete(pass);
    if (this.#breaker.closed || pass.isBeside) return;
    this.#probing -= 1;
    if (this.#probe === pass) this.#probe = undefined;
    this.#onTurn('free');
  }

  /** Stops the timers. The circuit lets nothing through any more. */
  close(): void {
    this.#breaker.shutdown();
    this.#times.stayOpen();
  }

  /** Whether it went down a moment ago. */
  #isOutage(ofPart: boolean): boolean {
    return this.#run.isOutage(this.#pending, this.#shareBeside, ofPart);
  }

  /** Share of failures beside those in the row, below 1; of an upstream that hardly answers, of all of them. */
  get #shareBeside(): number {
    const { failures, successes } = this.#breaker.stats;
    // The probe that closed it was answered, and is not counted.
    if (this.#isBackForMoments) return failures / (failures + successes + 1);
    const others = failures - this.#run.length;
    return others <= 0 ? 0 : others / (others + successes + 1);
  }

  /** It closed lately, and of what was sent since hardly anything was answered. */
  get #isBackForMoments(): boolean {
    if (this.#times.isDown) return false;
    const { failures, successes } = this.#breaker.stats;
    const sinceMs = this.#clock.now() - (this.#times.turnedAt ?? Number.NEGATIVE_INFINITY);
    return sinceMs < this.#options.windowMs && failures > MOMENTS * (successes + 1);
  }

  /** Half as many fail as are too many. */
  get #isWell(): boolean {
    const { failures, successes } = this.#breaker.stats;
    return failures < (this.#options.failureShare / 2) * (failures + successes);
  }

  /**
   * Failures come at once, successes with the first output: those that still run may be either, so
   * they stand beside the failures as what they mostly are.
   */
  #isTooMuch(): boolean {
    const { failures, successes } = this.#breaker.stats;
    const { minimumAttempts, failureShare } = this.#options;
    const attempts = failures + successes + this.#pending.size;
    if (attempts < minimumAttempts) return false;
    if (failures >= failureShare * attempts) return true;
    return failureShare < 1 && this.#isOutage(this.#answersPart);
  }

  #open(): void {
    this.#beginTurn();
    this.#times.opened(this.#clock.now(), this.#random(), this.#options);
    this.#breaker.open();
    this.#onTurn('open');
  }

  #close(): void {
    this.#beginTurn();
    this.#times.closed(this.#clock.now());
    this.#breaker.close();
    // What failed before says nothing of the upstream that has recovered.
    if (!this.#answersPart) this.#window.clear();
    this.#onTurn('closed');
  }

  /** What runs was admitted in another turn, and decides nothing in this one. */
  #beginTurn(): void {
    this.#turn += 1;
    this.#pending.clear();
    this.#probe = undefined;
    this.#probing = 0;
  }
}
