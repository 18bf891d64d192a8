import type { Call, Emit, Handler } from '../../../src/core/call.ts';
import type { Clock } from '../../../src/core/clock.ts';
import { ProviderError } from '../../../src/core/errors.ts';
import type { Completed } from '../../../src/core/events.ts';
import type { Headroom } from '../../../src/core/rate-headroom.ts';
import { completed, started, usage } from '../../support/events.ts';

export interface SimulatedLimits {
  readonly requestsPerMinute: number;
  readonly tokensPerMinute?: number;
  /** Requests in any second. Default: no limit. */
  readonly perSecond?: number;
}

export interface SimulationOptions {
  /** How it counts a minute. */
  readonly counts: 'sliding' | 'bucket';
  /** Until the headers, in ms. */
  readonly headersMs: number;
  /** Until the answer is complete, in ms. */
  readonly answerMs: number;
  /** Tells its limits in headers. */
  readonly tells: boolean;
  /** Of a refusal. Absent: it does not say. */
  readonly retryAfterMs?: number;
  /** Tokens that a call really uses. */
  readonly tokensOf: (call: Call) => { readonly input: number; readonly output: number };
}

/** What was used of a limit during the last `spanMs`, exactly. */
class Window {
  readonly #spanMs: number;
  readonly #limit: number;
  readonly #uses: { at: number; amount: number }[] = [];
  #first = 0;
  #sum = 0;

  constructor(limit: number, spanMs: number) {
    this.#limit = limit;
    this.#spanMs = spanMs;
  }

  fits(amount: number, now: number): boolean {
    for (;;) {
      const oldest = this.#uses[this.#first];
      if (oldest === undefined || oldest.at > now - this.#spanMs) break;
      this.#sum -= oldest.amount;
      this.#first += 1;
    }
    return this.#sum + amount <= this.#limit;
  }

  use(amount: number, now: number): void {
    this.#sum += amount;
    this.#uses.push({ at: now, amount });
  }

  headroom(now: number): Headroom {
    const remaining = this.fits(0, now) ? this.#limit - this.#sum : 0;
    const last = this.#uses.at(-1)?.at ?? Number.NEGATIVE_INFINITY;
    return { limit: this.#limit, remaining, resetMs: Math.max(0, last + this.#spanMs - now) };
  }
}

/** A bucket that holds a minute's worth and refills evenly, as OpenAI's headers tell of. */
class Bucket {
  readonly #limit: number;
  #level: number;
  #at: number | undefined;

  constructor(limit: number) {
    this.#limit = limit;
    this.#level = limit;
  }

  fits(amount: number, now: number): boolean {
    const elapsed = now - (this.#at ?? now);
    this.#level = Math.min(this.#limit, this.#level + (elapsed * this.#limit) / 60_000);
    this.#at = now;
    return this.#level >= amount;
  }

  use(amount: number): void {
    this.#level = Math.max(0, this.#level - amount);
  }

  headroom(now: number): Headroom {
    this.fits(0, now);
    const resetMs = ((this.#limit - this.#level) / this.#limit) * 60_000;
    return { limit: this.#limit, remaining: Math.floor(this.#level), resetMs };
  }
}

/** An upstream that enforces limits over a sliding minute and a sliding second. */
export class SimulatedUpstream {
  accepted = 0;
  refused = 0;
  refusedOthers = 0;
  /** Ids of the calls in the order in which they came. */
  readonly log: string[] = [];
  /** Epoch ms of the refusals. */
  readonly refusals: number[] = [];
  readonly #clock: Clock;
  readonly #options: SimulationOptions;
  readonly #requests: Window | Bucket;
  readonly #tokens: Window | Bucket;
  readonly #second: Window;

  constructor(clock: Clock, limits: SimulatedLimits, options: SimulationOptions) {
    this.#clock = clock;
    this.#options = options;
    const perMinute = (limit: number) =>
      options.counts === 'bucket' ? new Bucket(limit) : new Window(limit, 60_000);
    this.#requests = perMinute(limits.requestsPerMinute);
    this.#tokens = perMinute(limits.tokensPerMinute ?? Number.MAX_SAFE_INTEGER);
    this.#second = new Window(limits.perSecond ?? Number.MAX_SAFE_INTEGER, 1_000);
  }

  readonly answer: Handler = (call, emit) => this.#answer(call, emit);

  /** Another client of the account makes a request. */
  other(tokens: number): void {
    if (!this.#admits(tokens)) this.refusedOthers += 1;
  }

  async #answer(call: Call, emit: Emit): Promise<Completed> {
    const { headersMs, answerMs, tells, tokensOf } = this.#options;
    call.record.attempts += 1;
    this.log.push(call.id);
    const { input, output } = tokensOf(call);
    const admits = this.#admits(input + output);
    const now = this.#clock.now();
    const headroom = { requests: this.#requests.headroom(now), tokens: this.#tokens.headroom(now) };
    await this.#wait(headersMs);
    if (tells) call.onHeadroom(headroom);
    if (!admits) throw this.#refusal(now);
    this.accepted += 1;
    emit(started());
    await this.#wait(answerMs - headersMs);
    return completed({
      usage: usage({ inputTokens: input, outputTokens: output, totalTokens: input + output }),
    });
  }

  #refusal(now: number): ProviderError {
    const { retryAfterMs } = this.#options;
    this.refused += 1;
    this.refusals.push(now);
    return new ProviderError('RATE_LIMIT_EXCEEDED', {
      upstreamStatus: 429,
      ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    });
  }

  /** A refused request counts as one, as at OpenAI. */
  #admits(tokens: number): boolean {
    const now = this.#clock.now();
    const fits =
      this.#requests.fits(1, now) && this.#tokens.fits(tokens, now) && this.#second.fits(1, now);
    this.#requests.use(1, now);
    this.#second.use(1, now);
    if (fits) this.#tokens.use(tokens, now);
    return fits;
  }

  #wait(ms: number): Promise<void> {
    return new Promise((resolve) => this.#clock.after(ms, resolve));
  }
}
