import type { Clock } from '../../core/clock.ts';
import type { ErrorReason } from '../../core/error-kinds.ts';
import type { ProviderError } from '../../core/errors.ts';
import { WINDOW_MS } from './attempt-window.ts';

/** What the attempts made at an upstream tell of it. */
export interface UpstreamHealthStatus {
  /** Scheme, host and port. */
  readonly endpoint: string;
  /** At most half of what was asked in the window failed by its fault. True where nothing was. */
  readonly healthy: boolean;
  /** Epoch ms. */
  readonly lastSuccessAt?: number;
  /** Epoch ms. */
  readonly lastFailureAt?: number;
  readonly lastFailureReason?: ErrorReason;
  /** The same in more words, none of which are the upstream's but its code. */
  readonly lastFailure?: string;
}

const SLICE_MS = 10_000;
const SLICES = WINDOW_MS / SLICE_MS;

interface Slice {
  /** Number of the slice, counted from the epoch. */
  readonly at: number;
  successes: number;
  failures: number;
}

/** What attempts and lists of models tell of an upstream: for status pages, not for decisions. */
export class UpstreamHealth {
  readonly #endpoint: string;
  readonly #clock: Clock;
  readonly #dated: Clock;
  /** The oldest first. */
  readonly #slices: Slice[] = [];
  #lastSuccessAt: number | undefined;
  #lastFailure: { readonly at: number; readonly error: ProviderError } | undefined;

  /** @param dated by which it is told when something was; the window goes by `clock` */
  constructor(endpoint: string, clock: Clock, dated: Clock = clock) {
    this.#endpoint = endpoint;
    this.#clock = clock;
    this.#dated = dated;
  }

  get status(): UpstreamHealthStatus {
    this.#forget();
    const sum = (read: (slice: Slice) => number) =>
      this.#slices.reduce((total, slice) => total + read(slice), 0);
    const failures = sum((slice) => slice.failures);
    const last = this.#lastFailure;
    return {
      endpoint: this.#endpoint,
      healthy: failures <= sum((slice) => slice.successes),
      ...(this.#lastSuccessAt !== undefined && { lastSuccessAt: this.#lastSuccessAt }),
      ...(last !== undefined && {
        lastFailureAt: last.at,
        lastFailureReason: last.error.reason,
        lastFailure: inWords(last.error),
      }),
    };
  }

  succeeded(): void {
    this.#lastSuccessAt = this.#dated.now();
    this.#slice().successes += 1;
  }

  failed(error: ProviderError): void {
    this.#lastFailure = { at: this.#dated.now(), error };
    this.#slice().failures += 1;
  }

  #slice(): Slice {
    const at = Math.floor(this.#clock.now() / SLICE_MS);
    const last = this.#slices.at(-1);
    if (last?.at === at) return last;
    this.#forget();
    const slice = { at, successes: 0, failures: 0 };
    this.#slices.push(slice);
    return slice;
  }

  #forget(): void {
    const oldest = Math.floor(this.#clock.now() / SLICE_MS) - SLICES;
    while ((this.#slices[0]?.at ?? Number.POSITIVE_INFINITY) < oldest) this.#slices.shift();
  }
}

/** What is said of these is said here: host, certificate, connection, what took too long. */
const OWN_WORDS: ReadonlySet<ErrorReason> = new Set(['NETWORK_ERROR', 'TIMEOUT']);

function inWords({ reason, message, facts }: ProviderError): string {
  if (OWN_WORDS.has(reason)) return `${reason}: ${message}`;
  const code = facts.upstreamError?.code;
  return code === undefined ? `${reason}.` : `${reason} (${code}).`;
}
