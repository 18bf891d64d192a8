import type { Call } from '../../core/call.ts';
import { type Charge, chargesSince } from '../../core/call-record.ts';
import type { ProviderError } from '../../core/errors.ts';
import type { Completed } from '../../core/events.ts';
import type { RateHeadroom } from '../../core/rate-headroom.ts';
import type { GroupLimits, GroupMarks } from './group-limits.ts';

/** What an attempt was admitted with. */
export interface Admission extends GroupMarks {
  /** Epoch ms. */
  readonly at: number;
  /** Position of the API key. */
  readonly key: number;
  /** Those of the key's quota group. */
  readonly limits: GroupLimits;
  /** Reserved: of the prompt, and of the answer as it is expected. */
  readonly tokens: number;
  /** Attempts that ran at its target when it began, itself included. */
  readonly running: number;
  /** In ms. */
  readonly waitedMs: number;
  /** Absent: for nothing. */
  readonly waitedFor?: WaitedFor;
}

export type WaitedFor = 'rate_limit' | 'concurrency';

/** What became of the attempt. */
export interface AttemptOutcome {
  /** A request was made; the upstream may have counted it. */
  readonly sent: boolean;
  /** Of input and output; 0 if the upstream did no work. */
  readonly tokens: number;
  readonly completed?: Completed;
  readonly error?: ProviderError;
  /** Something of an answer came. */
  readonly hasBegun?: boolean;
}

/** Who gave the permit. */
export interface PermitIssuer {
  reported(admission: Admission, headroom: RateHeadroom): void;
  firstEvent(admission: Admission): void;
  /** Called once. */
  released(admission: Admission, outcome: AttemptOutcome): void;
}

/** The right to make one attempt. Gathers what the limiter learns from it; must be released. */
export class Permit {
  readonly admission: Admission;
  readonly #call: Call;
  readonly #issuer: PermitIssuer;
  readonly #attempts: number;
  readonly #lastCharge: Charge | undefined;
  #isFirst = true;
  #completed: Completed | undefined;
  #error: ProviderError | undefined;

  constructor(call: Call, admission: Admission, issuer: PermitIssuer) {
    this.admission = admission;
    this.#call = call;
    this.#issuer = issuer;
    this.#attempts = call.record.attempts;
    this.#lastCharge = call.record.charges.at(-1);
  }

  /** Position of the API key that the attempt is to be made with. */
  get key(): number {
    return this.admission.key;
  }

  reported(headroom: RateHeadroom): void {
    this.#issuer.reported(this.admission, headroom);
  }

  /** An event of the answer has come; to be told of each, cheap for all but the first. */
  firstEvent(): void {
    if (!this.#isFirst) return;
    this.#isFirst = false;
    this.#issuer.firstEvent(this.admission);
  }

  complete(completed: Completed): void {
    this.firstEvent();
    this.#completed = completed;
  }

  fail(error: ProviderError): void {
    // Ended by the caller, the deadline or the drain: that says nothing of the upstream.
    if (!this.#call.signal.aborted) this.#error = error;
  }

  /** Call it once, however the attempt ended. */
  release(): void {
    this.#issuer.released(this.admission, {
      // A breaker below refuses attempts that are never made.
      hasBegun: !this.#isFirst,
      sent: this.#call.record.attempts > this.#attempts,
      tokens: this.#completed?.usage.totalTokens || this.#charged(),
      ...(this.#completed && { completed: this.#completed }),
      ...(this.#error && { error: this.#error }),
    });
  }

  /** What metering found that the attempt consumed. */
  #charged(): number {
    let tokens = 0;
    for (const charge of chargesSince(this.#call.record, this.#lastCharge)) {
      tokens += charge.usage.totalTokens;
    }
    return tokens;
  }
}
