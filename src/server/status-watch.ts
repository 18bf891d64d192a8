import type { Caller } from '../core/caller.ts';
import type { Clock, Timer } from '../core/clock.ts';
import { ProviderError } from '../core/errors.ts';
import {
  IAIProviderService,
  type ProviderStatus,
  ProviderStatus_State,
} from '../gen/tamma/provider/v1/provider.ts';
import type { IAIProvider, IAIUsageProvider, UpstreamStatus } from '../provider/provider.ts';
import { PROVIDER_OPENAI } from '../telemetry/attributes.ts';
import { nearestFirst } from './budget-order.ts';
import { isBound, ownBudgets } from './callers/own.ts';
import { toWireBudget } from './convert/budget.ts';
import { toWireCacheStatus } from './convert/cache.ts';
import { toWireStoreStatus } from './convert/store-status.ts';
import { toDuration } from './convert/time.ts';
import { toWireUpstreamStatus } from './convert/upstream-status.ts';
import { problemsOf } from './status-problems.ts';

export interface StatusBoardDeps {
  readonly provider: Pick<
    IAIProvider,
    'upstreams' | 'cacheStatus' | 'ledgerStatus' | 'sharedStoreStatus'
  > &
    Pick<IAIUsageProvider, 'getBudgets'>;
  readonly clock: Clock;
  /** Of this sidecar, semver. */
  readonly version: string;
  /** As in InitializeResponse. */
  readonly configRevision: string;
  /** What is the matter with the configuration, a sentence each. */
  readonly configProblems: readonly string[];
  /** Number of SendMessage and SendMessageSync calls that run. */
  readonly activeCalls: () => number;
  /** Share of what this process may have in use, 0 to 1. */
  readonly load: () => number;
  /** What is left of the drain, in ms. Undefined: it has not begun. */
  readonly drainLeftMs: () => number | undefined;
}

/**
 * How often changes are looked for that no call's end announces, in ms: a circuit may open in the middle
 * of a call, and time alone half-opens it and brings keys back.
 */
const LOOK_EVERY_MS = 1_000;

/** Budgets that are told, those nearest to their limits. */
const MAX_BUDGETS = 20;

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
  #figures = '';
  #version = 0;
  /** The state as it is in this turn, for the watches of each bound caller and for those of all others. */
  readonly #messages = new Map<Caller | undefined, Buffer>();
  #draining = false;

  constructor(deps: StatusBoardDeps) {
    this.#deps = deps;
    this.#startedAt = deps.clock.now();
  }

  /**
   * As a caller may see it. A bound one is not told what others spend, ask and keep: of the budgets it
   * sees, also among the problems, those of its own user and project, and nothing of the cache.
   */
  current(caller?: Caller): ProviderStatus {
    const { provider, clock, version, configRevision, activeCalls } = this.#deps;
    const { configProblems: config } = this.#deps;
    const bound = isBound(caller);
    const cache = bound ? undefined : provider.cacheStatus();
    const upstreams = provider.upstreams();
    const load = this.#deps.load();
    const visible = ownBudgets(provider.getBudgets({}), caller);
    const budgets = nearestFirst(visible).slice(0, MAX_BUDGETS);
    const drainLeftMs = this.#deps.drainLeftMs();
    const ledger = provider.ledgerStatus();
    const sharedStore = provider.sharedStoreStatus();
    const draining = this.#draining;
    return {
      state: this.#draining ? ProviderStatus_State.DRAINING : ProviderStatus_State.SERVING,
      provider: PROVIDER_OPENAI,
      version,
      configRevision,
      uptime: toDuration(clock.now() - this.#startedAt),
      activeCalls: bound ? 0 : activeCalls(),
      upstreams: upstreams.map(toWireUpstreamStatus),
      ready: !this.#draining && upstreams.some(({ ready }) => ready),
      problems: problemsOf({ draining, load, upstreams, budgets, ledger, config, sharedStore }),
      load,
      ledger: toWireStoreStatus(ledger),
      sharedStore: sharedStore && toWireStoreStatus(sharedStore),
      cache: cache && toWireCacheStatus(cache),
      budgets: budgets.map(toWireBudget),
      drainRemaining: drainLeftMs === undefined ? undefined : toDuration(drainLeftMs),
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
    this.#messages.clear();
    this.#wakeAll();
  }

  /**
   * A WatchStatusResponse, serialized: the state now and after each change, as the caller may see it; a
   * slow watcher gets the latest one. Ends after the drain has begun, throws the signal's reason when
   * that aborts.
   *
   * @throws ProviderError RATE_LIMIT_EXCEEDED if too many watch already
   */
  async *watch(signal: AbortSignal, caller?: Caller): AsyncGenerator<Buffer, void, undefined> {
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
          yield this.#currentMessage(isBound(caller) ? caller : undefined);
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
      this.#lookForNews(true);
      const timer = this.#deps.clock.after(LOOK_EVERY_MS, () => {
        timer.refresh();
        this.#lookForNews(true);
      });
      this.#timer = timer;
    }
    this.#watches.add(onChange);
  }

  #remove(onChange: () => void): void {
    this.#watches.delete(onChange);
    if (this.#watches.size === 0) this.#timer?.cancel();
  }

  /**
   * What watches are told of. What a circuit does they hear at once; figures change with every call, so
   * they are looked at once a second.
   */
  #lookForNews(figures = false): void {
    const { configRevision, configProblems } = this.#deps;
    const config = [configRevision, ...configProblems].join(' ');
    const news = `${config} ${this.#readNews(stateOf)}`;
    const measured = figures ? this.#readNews(measuredOf) : this.#figures;
    if (news === this.#news && measured === this.#figures) return;
    this.#news = news;
    this.#figures = measured;
    this.#version += 1;
    this.#messages.clear();
    this.#wakeAll();
  }

  /** A state that cannot be told is news too: the watches fail with what is thrown when they tell it. */
  #readNews(read: (provider: StatusBoardDeps['provider']) => unknown): string {
    try {
      return JSON.stringify(read(this.#deps.provider));
    } catch {
      return 'unknown';
    }
  }

  #wakeAll(): void {
    for (const wake of this.#watches) wake();
  }

  #currentMessage(bound: Caller | undefined): Buffer {
    const known = this.#messages.get(bound);
    if (known !== undefined) return known;
    const status = this.current(bound);
    const message = IAIProviderService.watchStatus.responseSerialize({ status });
    if (this.#messages.size === 0) setImmediate(() => this.#messages.clear());
    this.#messages.set(bound, message);
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

function stateOf(provider: StatusBoardDeps['provider']): unknown {
  const stores = [provider.ledgerStatus().problem, provider.sharedStoreStatus()?.problem];
  return [provider.upstreams().map(newsOf), stores];
}

function measuredOf(provider: StatusBoardDeps['provider']): unknown {
  return provider.upstreams().map(figuresOf);
}

/** A model that is asked for the first time is no news; a circuit that is not closed is. */
function newsOf(upstream: UpstreamStatus): readonly unknown[] {
  const { target, endpoint, healthy, ready, lastFailureReason, keysSetAside, models } = upstream;
  const circuits = models.flatMap(({ model, circuit, notReadyReason }) =>
    circuit === 'closed' && notReadyReason === undefined ? [] : [[model, circuit, notReadyReason]],
  );
  return [target, endpoint, healthy, ready, lastFailureReason, keysSetAside, circuits];
}

/** What the last attempts were like. How many run and wait is told along with it, but is no news. */
function figuresOf({ models }: UpstreamStatus): readonly unknown[] {
  return models.flatMap(({ model, statistics }) => (statistics ? [[model, statistics]] : []));
}
