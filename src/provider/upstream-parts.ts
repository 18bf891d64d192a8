import type { Clock } from '../core/clock.ts';
import type { ProviderLog } from '../core/provider-log.ts';
import type { Upstream } from '../core/upstream.ts';
import { createOpenAIUpstream, type UpstreamDeps } from '../openai/upstream.ts';
import { CircuitBreakers } from '../policies/breaker/breakers.ts';
import { type BreakerOptions, DEFAULT_BREAKER } from '../policies/breaker/options.ts';
import type { WaitingRoom } from '../policies/breaker/waiting-room.ts';
import { AttemptWindow } from '../policies/health/attempt-window.ts';
import { UpstreamHealth } from '../policies/health/upstream-health.ts';
import type { ApiKey } from '../policies/keys/api-key.ts';
import { KeyRing } from '../policies/keys/key-ring.ts';
import { showHolds } from '../policies/rate-limit/hold-gauge.ts';
import { RateLimiters } from '../policies/rate-limit/limiters.ts';
import { DEFAULT_RATE_LIMIT, type RateLimitOptions } from '../policies/rate-limit/options.ts';
import type { NewRateSource } from '../policies/rate-limit/source.ts';
import { DEFAULT_TIMEOUTS, type TimeoutOptions } from '../policies/timeouts/options.ts';
import type { Catalogue } from '../request/catalogue/catalogue.ts';
import { isOpenAI } from '../request/catalogue/endpoint.ts';
import type { HostedToolOptions } from '../request/fit/hosted-tool-options.ts';
import type { UpstreamRules } from '../request/route/prepare-at.ts';
import type { PromptSizes } from '../request/tokens/prompt-sizes.ts';
import type { Instruments } from '../telemetry/instruments.ts';
import type { ModelLabels } from '../telemetry/model-label.ts';
import { ModelListing } from './model-listing.ts';
import type { UpstreamOptions } from './options.ts';
import type { UpstreamStatus } from './provider.ts';
import { upstreamStatus } from './upstream-status.ts';

/** An upstream, and what stands between it and the calls. */
export interface UpstreamParts {
  /** `default`, or one of the configuration's `targets`. */
  readonly name: string;
  readonly upstream: Upstream;
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
  /** Breaks its connections. What waits for it fails. */
  close(): Promise<void>;
}

export interface UpstreamPartsDeps {
  readonly clock: Clock;
  /** For what goes by dates. Default: `clock`. */
  readonly dated?: Clock;
  /** In [0, 1). */
  readonly random: () => number;
  readonly sizes: PromptSizes;
  readonly instruments: Instruments;
  readonly labels: ModelLabels;
  readonly log: ProviderLog;
  readonly catalogue: () => Catalogue;
  /** See FallbackOptions. */
  readonly maxWaitMs: number;
  /** Where configured rate limits are drawn from. */
  readonly newSource: NewRateSource;
  /** Whether callers see the upstream's own words for a failure. */
  readonly upstreamMessages: boolean;
  /** Whether a caller's tracestate is sent to the upstream. */
  readonly traceState: boolean;
  /** What callers may have the upstream run. */
  readonly hostedTools: HostedToolOptions;
  /** Where calls wait for a circuit. */
  readonly room: WaitingRoom;
}

/** What is chosen from where a server wants no key. */
const NO_KEY: ApiKey = { secret: '', weight: 1 };

/** @throws TypeError if its `baseUrl` is not a URL */
export function createUpstreamParts(
  name: string,
  options: UpstreamOptions,
  deps: UpstreamPartsDeps,
): UpstreamParts {
  const { clock } = deps;
  const timeouts: TimeoutOptions = { ...DEFAULT_TIMEOUTS, ...options.timeouts };
  const keys = new KeyRing(options.keys.length > 0 ? options.keys : [NO_KEY], clock);
  const onKeyChange = (position: number) => keys.succeeded(position);
  const upstream = createUpstream(options, timeouts, { ...deps, onKeyChange });
  const breakers = new CircuitBreakers(name, breakerOptions(options), deps);
  const quotaGroups = options.keys.map(({ quotaGroup }) => quotaGroup);
  const limits = rateLimitOptions(options);
  const limiters = new RateLimiters(name, limits, { ...deps, quotaGroups });
  const hideHolds = showHolds(name, limiters, deps);
  const health = new UpstreamHealth(upstream.endpoint, clock, deps.dated);
  const window = new AttemptWindow(clock);
  return {
    name,
    upstream,
    rules: rulesOf(options),
    timeouts,
    keys,
    breakers,
    limiters,
    limits,
    health,
    listing: new ModelListing(upstream, clock),
    hasBatchApi: options.batchApi ?? 'unknown',
    window,
    status: () =>
      upstreamStatus({
        target: name,
        clock,
        catalogue: deps.catalogue,
        breakers,
        limiters,
        health,
        window,
        keys,
        keyCount: options.keys.length,
      }),
    close: async () => {
      hideHolds();
      limiters.close();
      await upstream.close();
      breakers.close();
    },
  };
}

function rateLimitOptions({ rateLimit }: UpstreamOptions): RateLimitOptions {
  return { ...DEFAULT_RATE_LIMIT, ...rateLimit };
}

export function breakerOptions({ breaker }: UpstreamOptions): BreakerOptions {
  return { ...DEFAULT_BREAKER, ...breaker };
}

function createUpstream(
  options: UpstreamOptions,
  timeouts: TimeoutOptions,
  {
    upstreamMessages,
    traceState,
    hostedTools,
    ...deps
  }: UpstreamDeps & Pick<UpstreamPartsDeps, 'upstreamMessages' | 'traceState' | 'hostedTools'>,
) {
  const { keys, baseUrl, organization, project, apiVersion, keyHeader, proxy, ca } = options;
  const connects = timeouts.models.map(({ connectMs = 0 }) => connectMs);
  return createOpenAIUpstream(
    {
      apiKeys: keys,
      baseUrl,
      upstreamMessages,
      traceState,
      mcpServers: hostedTools.mcpServers,
      connectTimeoutMs: Math.max(timeouts.connectMs, ...connects),
      afterFinishMs: timeouts.afterFinishMs,
      ...(organization === undefined ? {} : { organization }),
      ...(project === undefined ? {} : { project }),
      ...(apiVersion === undefined ? {} : { apiVersion }),
      ...(keyHeader === undefined ? {} : { keyHeader }),
      ...(proxy === undefined ? {} : { proxy }),
      ...(ca === undefined ? {} : { ca }),
    },
    deps,
  );
}

/** OpenAI itself serves what it names and nothing else; other upstreams serve what they like. */
function rulesOf({ baseUrl, resolve, surface, modelNames = {} }: UpstreamOptions): UpstreamRules {
  const openAI = resolve?.openAI ?? isOpenAI(baseUrl);
  return {
    resolve: {
      openAI,
      unknownModels: openAI ? 'refuse' : 'allow',
      shutDownModels: 'refuse',
      declared: [],
      ...resolve,
    },
    modelNames,
    ...(surface === undefined ? {} : { surface }),
  };
}
