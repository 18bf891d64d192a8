import { Counted } from '../core/counted.ts';
import type { Upstream } from '../core/upstream.ts';
import { CircuitBreakers } from '../policies/breaker/breakers.ts';
import { type BreakerOptions, DEFAULT_BREAKER } from '../policies/breaker/options.ts';
import type { WaitingRoom } from '../policies/breaker/waiting-room.ts';
import { AttemptWindow } from '../policies/health/attempt-window.ts';
import { ComeBack } from '../policies/health/come-back.ts';
import { UpstreamHealth } from '../policies/health/upstream-health.ts';
import type { KeyRing } from '../policies/keys/key-ring.ts';
import { showHolds } from '../policies/rate-limit/hold-gauge.ts';
import { RateLimiters } from '../policies/rate-limit/limiters.ts';
import { DEFAULT_RATE_LIMIT, type RateLimitOptions } from '../policies/rate-limit/options.ts';
import type { NewRateSource } from '../policies/rate-limit/source.ts';
import type { Keeper } from '../policies/recovery/kept-register.ts';
import type { TimeoutOptions } from '../policies/timeouts/options.ts';
import type { Catalogue } from '../request/catalogue/catalogue.ts';
import { isOpenAI, isRegional } from '../request/catalogue/endpoint.ts';
import type { UpstreamRules } from '../request/route/prepare-at.ts';
import type { PromptSizes } from '../request/tokens/prompt-sizes.ts';
import type { Instruments } from '../telemetry/instruments.ts';
import type { ModelLabels } from '../telemetry/model-label.ts';
import { type Connection, type ConnectionDeps, timeoutOptions } from './connection.ts';
import { ModelListing } from './model-listing.ts';
import type { UpstreamOptions } from './options.ts';
import type { UpstreamStatus } from './provider.ts';
import { upstreamStatus } from './upstream-status.ts';

/** An upstream, and what stands between it and the calls. */
export interface UpstreamParts {
  /** `default`, or one of the configuration's `targets`. */
  readonly name: string;
  readonly baseUrl: string;
  readonly connection: Connection;
  readonly upstream: Upstream;
  readonly state: Counted<TargetState>;
  readonly rules: UpstreamRules;
  readonly timeouts: TimeoutOptions;
  readonly keys: KeyRing;
  readonly breakers: CircuitBreakers;
  readonly limiters: RateLimiters;
  readonly limits: RateLimitOptions;
  readonly health: UpstreamHealth;
  /** Its models, as it lists them. */
  readonly listing: ModelListing;
  readonly window: AttemptWindow;
  /** See BatchUpstream. */
  readonly hasBatchApi: boolean | 'unknown';
  /** How it fares. */
  status(): UpstreamStatus;
  /**
   * Part of its share of the calls that it gets now for a model, by its id: 0 to 1. Nothing while its
   * circuit is open, the upstream holds it or all of its keys are set aside.
   */
  partOf(model: string): number;
}

/** What is known of a target and outlives its options, as long as its name and `baseUrl` are the same. */
interface TargetState {
  readonly breakers: CircuitBreakers;
  readonly limiters: RateLimiters;
  readonly health: UpstreamHealth;
  readonly window: AttemptWindow;
  readonly comeBack: ComeBack;
  /** Shows nothing of it any more. */
  hide(): void;
}

export interface UpstreamPartsDeps extends ConnectionDeps {
  /** In [0, 1). */
  readonly random: () => number;
  readonly sizes: PromptSizes;
  readonly instruments: Instruments;
  readonly labels: ModelLabels;
  readonly catalogue: () => Catalogue;
  /** See FallbackOptions. */
  readonly maxWaitMs: number;
  /** Where configured rate limits are drawn from. */
  readonly newSource: NewRateSource;
  /** Where calls wait for a circuit. */
  readonly room: WaitingRoom;
}

/**
 * What stands between an upstream and its calls. What is known of the target of before, if it is the same,
 * goes on to hold, with these options.
 *
 * @param before of the same name
 */
export function createUpstreamParts(
  name: string,
  options: UpstreamOptions,
  connection: Connection,
  deps: UpstreamPartsDeps,
  before?: UpstreamParts,
): UpstreamParts {
  const { clock } = deps;
  const { keys } = connection;
  const { value: upstream } = connection.upstream;
  const limits = rateLimitOptions(options);
  const isSame = before?.baseUrl === options.baseUrl;
  const state = isSame ? before.state : newState(name, options, upstream.endpoint, deps);
  const { breakers, limiters, health, window, comeBack } = state.value;
  if (isSame) {
    breakers.configure(breakerOptions(options));
    const hasOthers = before.connection.identity !== connection.identity;
    limiters.configure(limits, deps.maxWaitMs, hasOthers ? quotaGroups(options) : undefined);
  }
  const isSameConnection = before?.connection.upstream === connection.upstream;
  return {
    name,
    baseUrl: options.baseUrl,
    connection,
    upstream,
    state,
    rules: rulesOf(options),
    timeouts: timeoutOptions(options),
    keys,
    breakers,
    limiters,
    limits,
    health,
    listing: isSameConnection ? before.listing : new ModelListing(upstream, clock),
    hasBatchApi: options.batchApi ?? 'unknown',
    window,
    partOf: (model) =>
      comeBack.part(model, !breakers.admits(model) || limiters.isHeld(model) || keys.isSpent),
    status: () =>
      upstreamStatus({
        target: name,
        clock,
        dated: deps.dated ?? clock,
        catalogue: deps.catalogue,
        breakers,
        limiters,
        health,
        window,
        keys,
        keyCount: options.keys.length,
      }),
  };
}

/** As whoever deletes what it keeps knows it. */
export function keeperOf({ name, connection }: UpstreamParts): Keeper {
  return { name, upstream: connection.upstream };
}

function newState(
  name: string,
  options: UpstreamOptions,
  endpoint: string,
  deps: UpstreamPartsDeps,
): Counted<TargetState> {
  const breakers = new CircuitBreakers(name, breakerOptions(options), deps);
  const limiters = new RateLimiters(name, rateLimitOptions(options), {
    ...deps,
    ...quotaGroups(options),
  });
  const hideHolds = showHolds(name, limiters, deps);
  const state = {
    breakers,
    limiters,
    health: new UpstreamHealth(endpoint, deps.clock, deps.dated),
    window: new AttemptWindow(deps.clock),
    comeBack: new ComeBack(deps.clock),
    hide: () => {
      hideHolds();
      breakers.hide();
    },
  };
  return new Counted(state, () => {
    state.hide();
    limiters.close();
    breakers.close();
  });
}

function quotaGroups({ keys }: UpstreamOptions) {
  return { quotaGroups: keys.map(({ quotaGroup }) => quotaGroup) };
}

function rateLimitOptions({ rateLimit }: UpstreamOptions): RateLimitOptions {
  return { ...DEFAULT_RATE_LIMIT, ...rateLimit };
}

export function breakerOptions({ breaker }: UpstreamOptions): BreakerOptions {
  return { ...DEFAULT_BREAKER, ...breaker };
}

/** OpenAI itself serves what it names and nothing else; other upstreams serve what they like. */
function rulesOf({
  baseUrl,
  resolve,
  surface,
  allowStored = false,
  modelNames = {},
}: UpstreamOptions): UpstreamRules {
  const openAI = resolve?.openAI ?? isOpenAI(baseUrl);
  return {
    resolve: {
      openAI,
      regional: isRegional(baseUrl),
      unknownModels: openAI ? 'refuse' : 'allow',
      shutDownModels: 'refuse',
      declared: [],
      ...resolve,
    },
    modelNames,
    allowStored,
    ...(surface === undefined ? {} : { surface }),
  };
}
