import type { Clock } from '../core/clock.ts';
import { type ProviderStatus, ProviderStatus_State } from '../gen/tamma/provider/v1/provider.ts';
import type { IAIProvider, UpstreamStatus } from '../provider/provider.ts';
import { PROVIDER_OPENAI } from '../telemetry/attributes.ts';
import { toDuration } from './convert/time.ts';
import { toWireUpstreamStatus } from './convert/upstream-status.ts';

export interface StatusBoardDeps {
  readonly provider: Pick<IAIProvider, 'upstreams'>;
  readonly clock: Clock;
  /** Of this sidecar, semver. */
  readonly version: string;
  /** As in InitializeResponse. */
  readonly configRevision: string;
  /** Number of SendMessage and SendMessageSync calls that run. */
  readonly activeCalls: () => number;
}

/**
 * How often a watcher looks for changes that no call's end announces, in ms: a circuit may open in the
 * middle of a call, and time alone half-opens it and brings keys back.
 */
const LOOK_EVERY_MS = 1_000;

/** The provider's state, for those who ask and those who watch. */
export class StatusBoard {
  readonly #deps: StatusBoardDeps;
  readonly #startedAt: number;
  readonly #watchers = new Set<() => void>();
  #draining = false;

  constructor(deps: StatusBoardDeps) {
    this.#deps = deps;
    this.#startedAt = deps.clock.now();
  }

  current(): ProviderStatus {
    const { provider, clock, version, configRevision, activeCalls } = this.#deps;
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
      ledger: undefined,
      sharedStore: undefined,
      cache: undefined,
      budgets: [],
      drainRemaining: undefined,
    };
  }

  /** Lets the watchers look for changes, to be called whenever there may be one. */
  refresh(): void {
    for (const look of this.#watchers) look();
  }

  /** Says DRAINING from now on; the watches end after having said so. */
  drain(): void {
    this.#draining = true;
    this.refresh();
  }

  /**
   * The state now and after each change; a slow watcher gets the latest one. Ends after the drain
   * has begun, throws the signal's reason when that aborts.
   */
  async *watch(signal: AbortSignal): AsyncGenerator<ProviderStatus, void, undefined> {
    let told: string | undefined;
    let wake = (): void => {};
    const look = (): void => wake();
    const timer = this.#deps.clock.after(LOOK_EVERY_MS, () => {
      timer.refresh();
      look();
    });
    this.#watchers.add(look);
    signal.addEventListener('abort', look, { once: true });
    try {
      for (;;) {
        signal.throwIfAborted();
        const last = this.#draining;
        const news = this.#news();
        if (last || news !== told) {
          told = news;
          yield this.current();
          if (last) return;
        } else {
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
        }
      }
    } finally {
      timer.cancel();
      this.#watchers.delete(look);
      signal.removeEventListener('abort', look);
    }
  }

  /** What watchers are told of. Times and numbers of calls change with every call, and are not. */
  #news(): string {
    return JSON.stringify(this.#deps.provider.upstreams().map(newsOf));
  }
}

/** A model that is asked for the first time is no news; a circuit that is not closed is. */
function newsOf(upstream: UpstreamStatus): readonly unknown[] {
  const { target, endpoint, healthy, lastFailureReason, keysSetAside, models } = upstream;
  const circuits = models.flatMap(({ model, circuit }) =>
    circuit === 'closed' ? [] : [[model, circuit]],
  );
  return [target, endpoint, healthy, lastFailureReason, keysSetAside, circuits];
}
