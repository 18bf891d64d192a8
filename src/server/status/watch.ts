import type { Caller } from '../../core/caller.ts';
import { type Clock, every, type Timer } from '../../core/clock.ts';
import { ProviderError } from '../../core/errors.ts';
import {
  IAIProviderService,
  type ProviderStatus,
  ProviderStatus_State,
} from '../../gen/tamma/provider/v1/provider.ts';
import type { IAIProvider, IAIUsageProvider } from '../../provider/provider.ts';
import { PROVIDER_OPENAI } from '../../telemetry/attributes.ts';
import { isBound, ownBudgets, seesAllBudgets } from '../callers/own.ts';
import { toWireBudget } from '../convert/budget.ts';
import { toWireCacheStatus, toWireStoreStatus, toWireUpstreamStatus } from '../convert/status.ts';
import { toDuration } from '../convert/time.ts';
import { nearestFirst } from './budget-order.ts';
import { measuredOf, stateOf } from './news.ts';
import { MAX_WATCHES, Places } from './places.ts';
import { problemsOf } from './problems.ts';

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

/** How soon one look may follow another, and how old the state may be that watches are told, in ms. */
const LOOK_AGAIN_MS = 250;

/** Budgets that are told, those nearest to their limits. */
const MAX_BUDGETS = 20;

/** The provider's state, for those who ask and those who watch. */
export class StatusBoard {
  readonly #deps: StatusBoardDeps;
  readonly #startedAt: number;
  /** Each wakes one watch. */
  readonly #watches = new Set<() => void>();
  readonly #places = new Places(MAX_WATCHES);
  /** Looks for changes as long as somebody watches. */
  #timer: Timer | undefined;
  /** Looks when calls have ended. */
  #look: Timer | undefined;
  #lookedAt = Number.NEGATIVE_INFINITY;
  /** What watches were last told of, and how often that has changed. */
  #news = '';
  #figures = '';
  #version = 0;
  /** The state as it was at `#toldAt`, for the watches of each caller that does not see all of it and for those of all others. */
  readonly #messages = new Map<Caller | undefined, Buffer>();
  #toldAt = 0;
  #draining = false;

  constructor(deps: StatusBoardDeps) {
    this.#deps = deps;
    this.#startedAt = deps.clock.now();
  }

  /**
   * As a caller may see it. A bound one is not told what others spend, ask and keep: of the budgets it
   * sees, also among the problems, those of its own user and project, and nothing of the cache. One without the
   * right to usage is told of no others' budgets either.
   */
  current(caller?: Caller): ProviderStatus {
    const { provider, clock, version, configRevision, activeCalls } = this.#deps;
    const bound = isBound(caller);
    const cache = bound ? undefined : provider.cacheStatus();
    const { upstreams, budgets, ledger, sharedStore, load, problems } = this.#seen(caller);
    const drainLeftMs = this.#deps.drainLeftMs();
    return {
      state: this.#draining ? ProviderStatus_State.DRAINING : ProviderStatus_State.SERVING,
      provider: PROVIDER_OPENAI,
      version,
      configRevision,
      uptime: toDuration(clock.now() - this.#startedAt),
      activeCalls: bound ? 0 : activeCalls(),
      upstreams: upstreams.map(toWireUpstreamStatus),
      ready: !this.#draining && upstreams.some(({ ready }) => ready),
      problems,
      load,
      ledger: toWireStoreStatus(ledger),
      sharedStore: sharedStore && toWireStoreStatus(sharedStore),
      cache: cache && toWireCacheStatus(cache),
      budgets: budgets.map(toWireBudget),
      drainRemaining: drainLeftMs === undefined ? undefined : toDuration(drainLeftMs),
    };
  }

  #seen(caller?: Caller) {
    const { provider, configProblems: config, load: readLoad } = this.#deps;
    const upstreams = provider.upstreams();
    const visible = ownBudgets(provider.getBudgets({}), caller);
    const budgets = nearestFirst(visible).slice(0, MAX_BUDGETS);
    const ledger = provider.ledgerStatus();
    const sharedStore = provider.sharedStoreStatus();
    const load = readLoad();
    const draining = this.#draining;
    const sources = { draining, load, upstreams, budgets, ledger, config, sharedStore };
    return { ...sources, problems: problemsOf(sources) };
  }

  /**
   * To be called whenever there may be a change. Costs next to nothing: without watches nothing is looked
   * at, with any number of them four times a second at most.
   */
  refresh(): void {
    if (this.#watches.size === 0) return;
    const { clock } = this.#deps;
    this.#look ??= clock.after(Math.max(0, this.#lookedAt + LOOK_AGAIN_MS - clock.now()), () => {
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
   * @param owner whose share of all watches it is one of
   * @throws ProviderError RATE_LIMIT_EXCEEDED if too many watch already, or this owner does too often
   */
  async *watch(
    signal: AbortSignal,
    caller?: Caller,
    owner: object = signal,
  ): AsyncGenerator<Buffer, void, undefined> {
    let wake = (): void => {};
    const onChange = (): void => wake();
    const leave = this.#places.enter(owner);
    if (leave === undefined) throw tooManyWatches();
    this.#add(onChange);
    signal.addEventListener('abort', onChange, { once: true });
    try {
      let told: number | undefined;
      for (;;) {
        signal.throwIfAborted();
        const last = this.#draining;
        if (last || told !== this.#version) {
          told = this.#version;
          yield this.#currentMessage(seesAllBudgets(caller) ? undefined : caller);
          if (last) return;
        } else {
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
        }
      }
    } finally {
      leave();
      this.#remove(onChange);
      signal.removeEventListener('abort', onChange);
    }
  }

  #add(onChange: () => void): void {
    if (this.#watches.size === 0) {
      this.#lookForNews(true);
      this.#timer = every(this.#deps.clock, LOOK_EVERY_MS, () => this.#lookForNews(true));
    }
    this.#watches.add(onChange);
  }

  #remove(onChange: () => void): void {
    this.#watches.delete(onChange);
    if (this.#watches.size > 0) return;
    this.#timer?.cancel();
    this.#look?.cancel();
    this.#look = undefined;
  }

  /**
   * What watches are told of. What a circuit does they hear soon; figures change with every call, so
   * they are looked at once a second.
   */
  #lookForNews(figures = false): void {
    this.#lookedAt = this.#deps.clock.now();
    const { configRevision, configProblems } = this.#deps;
    const config = [configRevision, ...configProblems].join(' ');
    const news = `${config} ${readNews(() => stateOf(this.#deps.provider))}`;
    const measured = figures ? readNews(() => measuredOf(this.#seen())) : this.#figures;
    if (news === this.#news && measured === this.#figures) return;
    this.#news = news;
    this.#figures = measured;
    this.#version += 1;
    this.#messages.clear();
    this.#wakeAll();
  }

  #wakeAll(): void {
    for (const wake of this.#watches) wake();
  }

  #currentMessage(caller: Caller | undefined): Buffer {
    const now = this.#deps.clock.now();
    if (now - this.#toldAt >= LOOK_AGAIN_MS) this.#messages.clear();
    if (this.#messages.size === 0) this.#toldAt = now;
    const known = this.#messages.get(caller);
    if (known !== undefined) return known;
    const status = this.current(caller);
    const message = IAIProviderService.watchStatus.responseSerialize({ status });
    this.#messages.set(caller, message);
    return message;
  }
}

function tooManyWatches(): ProviderError {
  return new ProviderError('RATE_LIMIT_EXCEEDED', {
    message: `Of the ${MAX_WATCHES} watches of this provider's status none is left for this caller.`,
    quotaSubject: 'watches of the status',
    retryAfterMs: LOOK_EVERY_MS,
  });
}

/** A state that cannot be told is news too: the watches fail with what is thrown when they tell it. */
function readNews(read: () => unknown): string {
  try {
    return JSON.stringify(read());
  } catch {
    return 'unknown';
  }
}
