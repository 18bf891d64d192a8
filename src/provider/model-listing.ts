import type { Clock } from '../core/clock.ts';
import { endReason } from '../core/signal.ts';
import type { ListedModel, Upstream } from '../core/upstream.ts';

/** How long a list is served before the upstream is asked again, in ms. */
const FRESH_FOR_MS = 60_000;

/** How long a failure is told again before the upstream is asked again, in ms. */
const FAILED_FOR_MS = 1_000;

interface Answer {
  readonly listed: Promise<readonly ListedModel[]>;
  /** Epoch ms until which it is told again; Infinity while it is not there. */
  until: number;
}

/** What an upstream lists, asked for once however many want to know. */
export class ModelListing {
  readonly #upstream: Pick<Upstream, 'listModels'>;
  readonly #clock: Clock;
  #answer: Answer | undefined;

  constructor(upstream: Pick<Upstream, 'listModels'>, clock: Clock) {
    this.#upstream = upstream;
    this.#clock = clock;
  }

  /**
   * The list, a minute old at most. Rejects with the upstream's ProviderError, a second old at most, and
   * with the end of the call that `signal` tells; the upstream is asked nevertheless, for others.
   */
  get(signal: AbortSignal): Promise<readonly ListedModel[]> {
    if (signal.aborted) return Promise.reject(endReason(signal));
    if (this.#answer === undefined || this.#clock.now() >= this.#answer.until) {
      this.#answer = this.#ask();
    }
    const { listed } = this.#answer;
    return new Promise((resolve, reject) => {
      const onAbort = () => reject(endReason(signal));
      signal.addEventListener('abort', onAbort, { once: true });
      const unlink = () => signal.removeEventListener('abort', onAbort);
      listed.then(resolve, reject).finally(unlink);
    });
  }

  #ask(): Answer {
    // It has a time-out of its own, and ends with the connections when the provider closes.
    const listed = this.#upstream.listModels(new AbortController().signal);
    const answer: Answer = { listed, until: Number.POSITIVE_INFINITY };
    listed.then(
      () => {
        answer.until = this.#clock.now() + FRESH_FOR_MS;
      },
      () => {
        answer.until = this.#clock.now() + FAILED_FOR_MS;
      },
    );
    return answer;
  }
}
