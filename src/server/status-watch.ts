import type { Clock, Timer } from '../core/clock.ts';
import { ProviderError } from '../core/errors.ts';
import {
  IAIProviderService,
  type ProviderStatus,
  ProviderStatus_State,
} from '../gen/tamma/provider/v1/provider.ts';
import type { IAIProvider, UpstreamStatus } from '../provider/provider.ts';
import { PROVIDER_OPENAI } from '../telemetry/attributes.ts';
import { toWireCacheStatus } from './convert/cache.ts';
import { toWireStoreStatus } from './convert/store-status.ts';
import { toDuration } from './convert/time.ts';
import { toWireUpstreamStatus } from './convert/upstream-status.ts';

export interface StatusBoardDeps {
  readonly provider: Pick<IAIProvider, 'upstreams' | 'cacheStatus' | 'ledgerStatus'>;
  readonly clock: Clock;
  /** Of this sidecar, semver. */
  readonly version: string;
  /** As in InitializeResponse. */
  readonly configRevision: string;
  /** Number of SendMessage and SendMessageSync calls that run. */
  readonly activeCalls: () => number;
}

/**
 * How often changes are looked for that no call's end announces, in ms: a circuit may open in the middle
 * of a call, and time alone half-opens it and brings keys back.
 */
const LOOK_EVERY_MS = 1_000;

/** Watches of the status at once; a change is written to each of them in one turn. */
export const MAX_WATCHES = 1_000;

/** The provider's state, for those who ask and those who watch. */
export class StatusBoard {
  readonly #deps: StatusBoardDeps;
  readonly #startedAt: number;
  /** Each wakes one watch. */
  readonly #watches = new Set<() => void>();
  /** Looks for changes as long as somebody watches. */
  #timer: Timer | undefined;
  /** Looks at the end of this turn. */
  #look: NodeJS.Immediate | undefined;
  /** What watches were last told of, and how often that has changed. */
  #news = '';
  #version = 0;
  /** The state as it is in this turn, for all watches. */
  #message: Buffer | undefined;
  #draining = false;

  constructor(deps: StatusBoardDeps) {
    this.#deps = deps;
    this.#startedAt = deps.clock.now();
  }

  current(): ProviderStatus {
    const { provider, clock, version, configRevision, activeCalls } = this.#deps;
    const cache = provider.cacheStatus();
    return {
      state: this.#draining ? ProviderStatus_State.DRAINING : ProviderStatus_State.SERVING,
      provider: PROVIDER_OPENAI,
      version,
      configRevision,
      uptime: toDuration(clock.now() - this.#startedAt),
      activeCalls: activeCalls(),
      upstreams: provider.upstreams().map(toWireUpstreamStatus),
      ready: false,
      problems: [],
      load: 0,
      ledger: toWireStoreStatus(provider.ledgerStatus()),
      sharedStore: undefined,
      cache: cache && toWireCacheStatus(cache),
      budgets: [],
      drainRemaining: undefined,
    };
  }

  /**
   * To be called whenever there may be a change. Costs next to nothing, because the state is looked at
   * once a turn at most, whoever calls and however many watch.
   */
  refresh(): void {
    if (this.#watches.size === 0) return;
    this.#look ??= setImmediate(() => {
      this.#look = undefined;
      this.#lookForNews();
    });
  }

  /** Says DRAINING from now on; the watches end after having said so. */
  drain(): void {
    this.#draining = true;
    this.#message = undefined;
    this.#wakeAll();
  }

  /**
   * A WatchStatusResponse, serialized: the state now and after each change; a slow watcher gets the
   * latest one. Ends after the drain has begun, throws the signal's reason when that aborts.
   *
   * @throws ProviderError RATE_LIMIT_EXCEEDED if too many watch already
   */
  async *watch(signal: AbortSignal): AsyncGenerator<Buffer, void, undefined> {
    let wake = (): void => {};
    const onChange = (): void => wake();
    this.#add(onChange);
    signal.addEventListener('abort', onChange, { once: true });
    try {
      let told: number | undefined;
      for (;;) {
        signal.throwIfAborted();
        const last = this.#draining;
        if (last || told !== this.#version) {
          told = this.#version;
          yield this.#currentMessage();
          if (last) return;
        } else {
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
        }
      }
    } finally {
      this.#remove(onChange);
      signal.removeEventListener('abort', onChange);
    }
  }

  #add(onChange: () => void): void {
    if (this.#watches.size >= MAX_WATCHES) throw tooManyWatches();
    if (this.#watches.size === 0) {
      this.#lookForNews();
      const timer = this.#deps.clock.after(LOOK_EVERY_MS, () => {
        timer.refresh();
        this.#lookForNews();
      });
      this.#timer = timer;
    }
    this.#watches.add(onChange);
  }

  #remove(onChange: () => void): void {
    this.#watches.delete(onChange);
    if (this.#watches.size === 0) this.#timer?.cancel();
  }

  /** What watches are told of. Times and numbers of calls change with every call, and are not. */
  #lookForNews(): void {
    const news = this.#readNews();
    if (news === this.#news) return;
    this.#news = news;
    this.#version += 1;
    this.#message = undefined;
    this.#wakeAll();
  }

  /** A state that cannot be told is news too: the watches fail with what is thrown when they tell it. */
  #readNews(): string {
    try {
      const { provider } = this.#deps;
      return JSON.stringify([provider.upstreams().map(newsOf), provider.ledgerStatus().problem]);
    } catch {
      return 'unknown';
    }
  }

  #wakeAll(): void {
    for (const wake of this.#watches) wake();
  }

  #currentMessage(): Buffer {
    if (this.#message !== undefined) return this.#message;
    const message = IAIProviderService.watchStatus.responseSerialize({ status: this.current() });
    this.#message = message;
    setImmediate(() => {
      this.#message = undefined;
    });
    return message;
  }
}

function tooManyWatches(): ProviderError {
  return new ProviderError('RATE_LIMIT_EXCEEDED', {
    message: `This provider's status is watched by ${MAX_WATCHES} already.`,
    quotaSubject: 'watches of the status',
    retryAfterMs: LOOK_EVERY_MS,
  });
}

/** A model that is asked for the first time is no news; a circuit that is not closed is. */
function newsOf(upstream: UpstreamStatus): readonly unknown[] {
  const { target, endpoint, healthy, lastFailureReason, keysSetAside, models } = upstream;
  const circuits = models.flatMap(({ model, circuit }) =>
    circuit === 'closed' ? [] : [[model, circuit]],
  );
  return [target, endpoint, healthy, lastFailureReason, keysSetAside, circuits];
}
