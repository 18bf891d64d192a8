import type { Clock } from '../../core/clock.ts';
import type { ErrorReason } from '../../core/error-kinds.ts';

/** What the attempts made at an upstream tell of it. */
export interface UpstreamHealthStatus {
  /** Scheme, host and port. */
  readonly endpoint: string;
  readonly healthy: boolean;
  /** Epoch ms. */
  readonly lastSuccessAt?: number;
  /** Epoch ms. */
  readonly lastFailureAt?: number;
  readonly lastFailureReason?: ErrorReason;
}

/** What the attempts made at an upstream tell of it: for status pages, not for decisions. */
export class UpstreamHealth {
  readonly #endpoint: string;
  readonly #clock: Clock;
  #status: UpstreamHealthStatus;

  constructor(endpoint: string, clock: Clock) {
    this.#endpoint = endpoint;
    this.#clock = clock;
    this.#status = { endpoint, healthy: true };
  }

  get status(): UpstreamHealthStatus {
    return this.#status;
  }

  succeeded(): void {
    const { lastFailureAt, lastFailureReason } = this.#status;
    this.#status = {
      endpoint: this.#endpoint,
      healthy: true,
      lastSuccessAt: this.#clock.now(),
      ...(lastFailureAt === undefined ? {} : { lastFailureAt }),
      ...(lastFailureReason === undefined ? {} : { lastFailureReason }),
    };
  }

  failed(reason: ErrorReason): void {
    this.#status = {
      ...this.#status,
      healthy: false,
      lastFailureAt: this.#clock.now(),
      lastFailureReason: reason,
    };
  }
}
