import { type ProviderStatus, ProviderStatus_State } from '../gen/tamma/provider/v1/provider.ts';
import type { Clock } from '../provider/clock.ts';
import type { IAIProvider } from '../provider/provider.ts';
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

/** The provider's state, for those who ask and those who watch. */
export class StatusBoard {
  readonly #deps: StatusBoardDeps;
  readonly #startedAt: number;
  readonly #watchers = new Set<() => void>();
  #upstreams: string;
  #draining = false;

  constructor(deps: StatusBoardDeps) {
    this.#deps = deps;
    this.#startedAt = deps.clock.now();
    this.#upstreams = this.#upstreamHealth();
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
    };
  }

  /** Looks whether an upstream's health changed, to be called whenever it may have. */
  refresh(): void {
    const upstreams = this.#upstreamHealth();
    if (upstreams === this.#upstreams) return;
    this.#upstreams = upstreams;
    this.#wake();
  }

  /** Says DRAINING from now on; the watches end after having said so. */
  drain(): void {
    this.#draining = true;
    this.#wake();
  }

  /**
   * The state now and after each change; a slow watcher gets the latest one. Ends after the drain
   * has begun, throws the signal's reason when that aborts.
   */
  async *watch(signal: AbortSignal): AsyncGenerator<ProviderStatus, void, undefined> {
    let changed = true;
    let wake = (): void => {};
    const onChange = (): void => {
      changed = true;
      wake();
    };
    this.#watchers.add(onChange);
    signal.addEventListener('abort', onChange, { once: true });
    try {
      for (;;) {
        signal.throwIfAborted();
        if (changed) {
          changed = false;
          const last = this.#draining;
          yield this.current();
          if (last) return;
        } else {
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
        }
      }
    } finally {
      this.#watchers.delete(onChange);
      signal.removeEventListener('abort', onChange);
    }
  }

  #wake(): void {
    for (const onChange of this.#watchers) onChange();
  }

  /** What watchers are told about; the times of successes change with every call and are not. */
  #upstreamHealth(): string {
    const upstreams = this.#deps.provider.upstreams();
    return JSON.stringify(upstreams.map((u) => [u.endpoint, u.healthy, u.lastFailureReason]));
  }
}
