import type { Duplex } from 'node:stream';
import { DAY_MS } from '../core/clock.ts';
import type { Surface } from '../core/model.ts';
import type { BudgetOptions } from '../money/budget/options.ts';
import { DEFAULT_RESPONSE_CACHE, type ResponseCacheOptions } from '../money/cache/options.ts';
import type { LedgerOptions } from '../money/ledger/open-ledger.ts';
import type { TrustedCertificates } from '../openai/http/trust.ts';
import type { BreakerOptions } from '../policies/breaker/options.ts';
import { DEFAULT_HEDGE, type HedgeOptions } from '../policies/hedge/options.ts';
import type { ApiKey } from '../policies/keys/api-key.ts';
import type { RateLimitOptions } from '../policies/rate-limit/options.ts';
import { DEFAULT_RETRY, type RetryOptions } from '../policies/retry/options.ts';
import type { TimeoutOptions } from '../policies/timeouts/options.ts';
import type { ResolveOptions } from '../request/catalogue/resolve.ts';
import { type HostedToolOptions, NO_HOSTED_TOOLS } from '../request/fit/hosted-tool-options.ts';
import { DEFAULT_PROFILES } from '../request/profiles/defaults.ts';
import type { Profiles } from '../request/profiles/profiles.ts';
import {
  DEFAULT_FALLBACK,
  type FallbackOptions,
  type SharedRoute,
} from '../request/route/options.ts';
import type { SharedStoreOptions } from '../shared-store/redis/options.ts';

/** An OpenAI-compatible endpoint, and how it is treated. */
export interface UpstreamOptions {
  /** Never logged, never in an error. Empty: the server wants none. */
  readonly keys: readonly ApiKey[];
  /** With the version's path: `https://api.openai.com/v1`. */
  readonly baseUrl: string;
  /** `OpenAI-Organization` header. Default: none. */
  readonly organization?: string;
  /** `OpenAI-Project` header. Default: none. */
  readonly project?: string;
  /** Azure's `api-version` query parameter. Default: none. */
  readonly apiVersion?: string;
  /** What carries the key: a bearer token, or Azure's header. Default `authorization`. */
  readonly keyHeader?: 'authorization' | 'api-key';
  /** URL of the HTTP proxy on the way to it, credentials allowed. Never logged. Default: none. */
  readonly proxy?: string;
  /** Certificates that are trusted beside the default roots. Default: none. */
  readonly ca?: TrustedCertificates;
  /** Opens what HTTP is spoken over instead of a connection to `baseUrl`. Default: nothing is. */
  readonly pipe?: () => Duplex;
  /** What models of the catalogue are called there, such as Azure's deployments. Default: the same. */
  readonly modelNames?: Readonly<Record<string, string>>;
  /**
   * What becomes of models that are not known, or not served any more. Default: `openAI` if
   * `baseUrl` is OpenAI's own; unknown models are refused there and allowed elsewhere, shut down
   * ones refused, none declared.
   */
  readonly resolve?: Partial<ResolveOptions>;
  /** The API over which every model is asked. Default: the one that suits model and upstream. */
  readonly surface?: Surface;
  /** Whether it has OpenAI's Batch API. Default: for batches that ask for it. */
  readonly batchApi?: boolean;
  /**
   * Whether it may store answers while their call runs, for calls with the recovery `resume`. Without a
   * directory of the ledger, a process that dies leaves them there. Default false.
   */
  readonly allowStored?: boolean;
  /** What is left out is that of DEFAULT_TIMEOUTS. */
  readonly timeouts?: Partial<TimeoutOptions>;
  /** Per model. What is left out is that of DEFAULT_RATE_LIMIT. */
  readonly rateLimit?: Partial<RateLimitOptions>;
  /** Per model. What is left out is that of DEFAULT_BREAKER. */
  readonly breaker?: Partial<BreakerOptions>;
}

/** What attempts cost. */
export interface CostManagementOptions {
  /** Whether usage gets a price and is written to the ledger; budgets need it. Default true. */
  readonly trackingEnabled: boolean;
  /**
   * What becomes of calls to models of which no price is known. Default `auto`: refused where a budget
   * applies, which could not hold, and else marked as unpriced.
   */
  readonly unpriced: 'auto' | 'refuse' | 'mark';
}

/** What the provider is made of. Its own `UpstreamOptions` are those of the upstream `default`. */
export interface OpenAIProviderOptions extends UpstreamOptions {
  /** Of this provider, semver. */
  readonly version: string;
  /** What Initialize tells beside what it finds itself, a sentence each. Default: nothing. */
  readonly warnings?: readonly string[];
  /** Model of requests that name none; of a target: `azure/gpt-4o`. */
  readonly defaultModel: string;
  /**
   * One of `targets`, which is asked where nobody names an upstream; the one that these options
   * describe is not there then. Default: that one.
   */
  readonly home?: string;
  /** YAML or JSON whose rows are laid over the built-in catalogue. Default: none. */
  readonly catalogueFile?: string;
  /** Default: the platform's. */
  readonly profiles?: Profiles;
  /** Leave out parameters that a model rejects, with a warning. Default: refuse the call. */
  readonly dropUnsupported?: boolean;
  /** Whether conversations get a prompt cache key of their own. Default `off`. */
  readonly promptCache?: 'off' | 'auto';
  /** What upstreams may run on callers' behalf. Default: nothing. */
  readonly hostedTools?: HostedToolOptions;
  /** Whether callers see the upstreams' own words for a failure. Default true. */
  readonly upstreamMessages?: boolean;
  /** Whether a caller's tracestate is sent to upstreams. Default false. */
  readonly traceState?: boolean;
  /** Further upstreams by name, without a slash in it and none of them `default`. Default: none. */
  readonly targets?: Readonly<Record<string, UpstreamOptions>>;
  /** What is left out is that of DEFAULT_RETRY. */
  readonly retry?: Partial<RetryOptions>;
  /** What is left out is that of DEFAULT_HEDGE: none is made. */
  readonly hedge?: Partial<HedgeOptions>;
  /** What is left out is that of DEFAULT_FALLBACK. */
  readonly fallback?: Partial<FallbackOptions>;
  /** Models whose calls are spread over targets. Default: none are. */
  readonly shared?: readonly SharedRoute[];
  readonly costs?: Partial<CostManagementOptions>;
  /** Default: none; the output limit of a call is lowered to 256 tokens at least. */
  readonly budgets?: Partial<BudgetOptions>;
  /** What is left out is that of DEFAULT_RESPONSE_CACHE: there is none. */
  readonly cache?: Partial<ResponseCacheOptions>;
  /** Default: in memory, single records for 90 days. */
  readonly ledger?: Partial<LedgerOptions>;
  /** A server on which several providers share budgets and rate limits. Default: none is shared. */
  readonly sharedStore?: SharedStoreOptions;
}

const DEFAULT_COSTS: CostManagementOptions = { trackingEnabled: true, unpriced: 'auto' };

const DEFAULT_LEDGER: LedgerOptions = { retentionMs: 90 * DAY_MS };

const DEFAULT_BUDGETS: BudgetOptions = { budgets: [], minOutputTokens: 256 };

/** The options of everything that is there once. */
export interface ProviderSettings {
  readonly profiles: Profiles;
  readonly dropUnsupported: boolean;
  readonly hostedTools: HostedToolOptions;
  readonly promptCache: 'off' | 'auto';
  readonly retry: RetryOptions;
  readonly hedge: HedgeOptions;
  readonly fallback: FallbackOptions;
  readonly shared: readonly SharedRoute[];
  readonly costs: CostManagementOptions;
  readonly budgets: BudgetOptions;
  readonly cache: ResponseCacheOptions;
  readonly ledger: LedgerOptions;
  readonly sharedStore?: SharedStoreOptions;
}

/**
 * The settings, with the defaults of what was left out.
 *
 * @throws TypeError if there are budgets and costs are not tracked: they would never be spent.
 */
export function withDefaults(options: OpenAIProviderOptions): ProviderSettings {
  const costs = { ...DEFAULT_COSTS, ...options.costs };
  const budgets = { ...DEFAULT_BUDGETS, ...options.budgets };
  if (budgets.budgets.length > 0 && !costs.trackingEnabled) {
    throw new TypeError('Budgets need costs.trackingEnabled.');
  }
  return {
    profiles: options.profiles ?? DEFAULT_PROFILES,
    dropUnsupported: options.dropUnsupported ?? false,
    hostedTools: options.hostedTools ?? NO_HOSTED_TOOLS,
    promptCache: options.promptCache ?? 'off',
    retry: { ...DEFAULT_RETRY, ...options.retry },
    hedge: { ...DEFAULT_HEDGE, ...options.hedge },
    fallback: { ...DEFAULT_FALLBACK, ...options.fallback },
    shared: options.shared ?? [],
    costs,
    budgets,
    cache: { ...DEFAULT_RESPONSE_CACHE, ...options.cache },
    ledger: { ...DEFAULT_LEDGER, ...options.ledger },
    ...(options.sharedStore && { sharedStore: options.sharedStore }),
  };
}
