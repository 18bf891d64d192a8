import { EventEmitter } from 'node:events';
import CircuitBreaker from 'opossum';
import type { Clock } from '../clock.ts';
import { ProviderError } from '../errors.ts';
import type { CircuitState } from '../provider.ts';
import type { BreakerOptions } from './options.ts';

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
 * The circuit of one target: opossum's states and counts, fed with attempts that are over.
 *
 * opossum counts an action from its start on, and whatever it does not hold against the target as a
 * success. Here most ways to end count as neither, and an attempt may run for minutes. So an attempt
 * asks for a pass, and only an outcome that counts is fired, as an action that is over at once.
 * opossum then has nothing running, and the probe's place is kept here: an attempt without such an
 * outcome leaves no trace, and a probe that ends so leaves its place to the next.
 *
 * opossum takes the time until it is half open from the global timers.
 */
export class Circuit {
  readonly #openForMs: number;
  readonly #sliceMs: number;
  readonly #clock: Clock;
  readonly #onTurn: (state: CircuitState) => void;
  readonly #breaker: CircuitBreaker<[ProviderError | undefined], void>;
  /** Moves opossum's window, which would take a timer of its own for each circuit. */
  readonly #window = new EventEmitter();
  #slicedAt: number;
  /** Counts changes of state: what began before the last one tells of the past. */
  #turn = 0;
  #openedAt = 0;
  #probe: Pass | undefined;

  /** `onTurn` is told each new state. */
  constructor(options: BreakerOptions, clock: Clock, onTurn: (state: CircuitState) => void) {
    this.#openForMs = options.openForMs;
    this.#sliceMs = options.windowMs / SLICES;
    this.#clock = clock;
    this.#onTurn = onTurn;
    this.#slicedAt = clock.now();
    this.#breaker = new CircuitBreaker(settle, {
      timeout: false,
      // opossum opens above the threshold, not at it.
      errorThresholdPercentage: options.failureShare * 100 - 1e-9,
      volumeThreshold: options.minimumAttempts,
      resetTimeout: options.openForMs,
      rollingCountBuckets: SLICES,
      rollingPercentilesEnabled: false,
      enableSnapshots: false,
      rotateBucketController: this.#window,
    });
    this.#breaker.on('open', () => this.#turnTo('open'));
    this.#breaker.on('halfOpen', () => this.#turnTo('half_open'));
    this.#breaker.on('close', () => this.#turnTo('closed'));
  }

  get state(): CircuitState {
    if (this.#breaker.closed) return 'closed';
    return this.#breaker.halfOpen ? 'half_open' : 'open';
  }

  /** Lets an attempt through. @throws ProviderError CIRCUIT_OPEN */
  admit(): Pass {
    const now = this.#clock.now();
    const { state } = this;
    const waitMs = this.#waitMs(state, now);
    if (waitMs > 0) throw new ProviderError('CIRCUIT_OPEN', { retryAfterMs: Math.ceil(waitMs) });
    const isProbe = state === 'half_open';
    const pass = { isProbe, dueAt: now + PROBE_MS, turn: this.#turn };
    if (isProbe) this.#probe = pass;
    return pass;
  }

  /** A probe brings output. It has succeeded once it still does so when its time is over. */
  async delivers(probe: Pass): Promise<void> {
    if (this.#clock.now() >= probe.dueAt) await this.#report(probe);
  }

  async succeeded(pass: Pass): Promise<void> {
    await this.#report(pass);
  }

  /** `error` is held against the target. */
  async failed(pass: Pass, error: ProviderError): Promise<void> {
    await this.#report(pass, error);
  }

  /** The attempt is over, whatever became of it. To be called for each pass. */
  ended(pass: Pass): void {
    if (this.#probe === pass) this.#probe = undefined;
  }

  /** Stops the timers. The circuit lets nothing through any more. */
  close(): void {
    this.#breaker.shutdown();
  }

  /** Until an attempt may be let through, in ms, above 0; 0: now. */
  #waitMs(state: CircuitState, now: number): number {
    switch (state) {
      case 'closed':
        return 0;
      case 'half_open':
        return this.#probe === undefined ? 0 : Math.max(0, this.#probe.dueAt - now);
      case 'open':
        // The timer that ends it may be late.
        return Math.max(1, this.#openedAt + this.#openForMs - now);
    }
  }

  async #report(pass: Pass, error?: ProviderError): Promise<void> {
    if (pass.turn !== this.#turn) return;
    this.#moveWindow();
    // It rejects with the error, or because another outcome has just decided.
    await this.#breaker.fire(error).catch(() => {});
  }

  #turnTo(state: CircuitState): void {
    const now = this.#clock.now();
    this.#turn += 1;
    this.#probe = undefined;
    if (state === 'open') this.#openedAt = now;
    // What failed before says nothing of the upstream that has recovered.
    if (state === 'closed') this.#drop(SLICES);
    this.#onTurn(state);
  }

  /** Drops what has left the window since the last outcome. */
  #moveWindow(): void {
    const slices = Math.floor((this.#clock.now() - this.#slicedAt) / this.#sliceMs);
    this.#slicedAt += slices * this.#sliceMs;
    this.#drop(Math.min(slices, SLICES));
  }

  #drop(slices: number): void {
    for (let i = 0; i < slices; i++) this.#window.emit('rotate');
  }
}

/** opossum's action: an outcome that is known. */
async function settle(error: ProviderError | undefined): Promise<void> {
  if (error !== undefined) throw error;
}
