import { EventEmitter } from 'node:events';
import CircuitBreaker from 'opossum';
import { type Clock, MAX_TIMER_MS } from '../../core/clock.ts';
import { ProviderError } from '../../core/errors.ts';
import type { BreakerOptions } from './options.ts';

export type CircuitState = 'closed' | 'open' | 'half_open';

/** The right to make one attempt. */
export interface Pass {
  /** The circuit is half open, and this attempt decides. */
  readonly isProbe: boolean;
  /** Epoch ms from which on a probe neither keeps others waiting nor needs to be complete. */
  readonly dueAt: number;
  /** Which turn of the circuit it belongs to. */
  readonly turn: number;
}

/**
 * How long a probe has the half open circuit for itself, in ms. With the time that a circuit stays
 * open by default, it closes within 15 s of the upstream's recovery: also if the last probe before
 * it still hangs, and if the first one after it is a long answer.
 */
export const PROBE_MS = 4_000;

/** Of the window; what leaves it at once is a tenth. */
const SLICES = 10;

/**
 * The circuit of one target. opossum keeps its state and counts, which are fed with attempts that are
 * over; when it opens, and for how long, is decided here, on the clock that all else runs on.
 *
 * opossum counts an action from its start on, and whatever it does not hold against the target as a
 * success. Here most ways to end count as neither, and an attempt may run for minutes. So an attempt
 * asks for a pass, and only an outcome that counts is told: an attempt without one leaves no trace,
 * and a probe that ends so leaves its place to the next.
 */
export class Circuit {
  readonly #options: BreakerOptions;
  readonly #sliceMs: number;
  readonly #clock: Clock;
  readonly #onTurn: (state: 'open' | 'closed') => void;
  readonly #breaker: CircuitBreaker;
  /** Moves opossum's window, which would take a timer of its own for each circuit. */
  readonly #window = new EventEmitter();
  #slicedAt: number;
  /** Counts changes of state: what began before the last one tells of the past. */
  #turn = 0;
  /** Epoch ms from which on an open circuit is half open. */
  #halfOpenAt = 0;
  #probe: Pass | undefined;

  /** `onTurn` is told when it opens, also for another time, and when it closes. */
  constructor(options: BreakerOptions, clock: Clock, onTurn: (state: 'open' | 'closed') => void) {
    this.#options = options;
    this.#sliceMs = options.windowMs / SLICES;
    this.#clock = clock;
    this.#onTurn = onTurn;
    this.#slicedAt = clock.now();
    this.#breaker = new CircuitBreaker(async () => {}, {
      timeout: false,
      // Its timer would make it half open, on a clock that is not ours.
      resetTimeout: MAX_TIMER_MS,
      rollingCountBuckets: SLICES,
      rollingPercentilesEnabled: false,
      enableSnapshots: false,
      rotateBucketController: this.#window,
    });
  }

  get state(): CircuitState {
    if (this.#breaker.closed) return 'closed';
    return this.#clock.now() < this.#halfOpenAt ? 'open' : 'half_open';
  }

  /** Lets an attempt through. @throws ProviderError CIRCUIT_OPEN */
  admit(): Pass {
    if (this.#breaker.closed) return { isProbe: false, dueAt: 0, turn: this.#turn };
    const now = this.#clock.now();
    const waitMs = Math.max(this.#halfOpenAt, this.#probe?.dueAt ?? 0) - now;
    if (waitMs > 0) throw new ProviderError('CIRCUIT_OPEN', { retryAfterMs: Math.ceil(waitMs) });
    const probe = { isProbe: true, dueAt: now + PROBE_MS, turn: this.#turn };
    this.#probe = probe;
    return probe;
  }

  /** A probe brings output. It has succeeded once it still does so when its time is over. */
  delivers(probe: Pass): void {
    if (this.#clock.now() >= probe.dueAt) this.succeeded(probe);
  }

  succeeded(pass: Pass): void {
    if (pass.turn !== this.#turn) return;
    if (this.#breaker.closed) {
      this.#moveWindow();
      this.#breaker.emit('success');
    } else {
      this.#close();
    }
  }

  /** What failed is held against the target. */
  failed(pass: Pass): void {
    if (pass.turn !== this.#turn) return;
    if (this.#breaker.closed) {
      this.#moveWindow();
      this.#breaker.emit('failure');
      if (!this.#isTooMuch()) return;
    }
    this.#open();
  }

  /** The attempt is over, whatever became of it. To be called for each pass. */
  ended(pass: Pass): void {
    if (this.#probe === pass) this.#probe = undefined;
  }

  /** Stops the timers. The circuit lets nothing through any more. */
  close(): void {
    this.#breaker.shutdown();
    this.#halfOpenAt = Number.POSITIVE_INFINITY;
  }

  #isTooMuch(): boolean {
    const { failures, successes } = this.#breaker.stats;
    const attempts = failures + successes;
    const { minimumAttempts, failureShare } = this.#options;
    return attempts >= minimumAttempts && failures >= failureShare * attempts;
  }

  #open(): void {
    this.#turn += 1;
    this.#probe = undefined;
    this.#halfOpenAt = this.#clock.now() + this.#options.openForMs;
    this.#breaker.open();
    this.#onTurn('open');
  }

  #close(): void {
    this.#turn += 1;
    this.#probe = undefined;
    this.#breaker.close();
    // What failed before says nothing of the upstream that has recovered.
    this.#drop(SLICES);
    this.#onTurn('closed');
  }

  /** Drops what has left the window since the last outcome. */
  #moveWindow(): void {
    const slices = Math.floor((this.#clock.now() - this.#slicedAt) / this.#sliceMs);
    if (slices === 0) return;
    this.#slicedAt += slices * this.#sliceMs;
    this.#drop(Math.min(slices, SLICES));
  }

  #drop(slices: number): void {
    for (let i = 0; i < slices; i++) this.#window.emit('rotate');
  }
}
