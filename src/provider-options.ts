import { callerBudgets } from './caller-options.ts';
import { parseCertificates } from './config/ca-file.ts';
import type { Config, ConfiguredTarget } from './config/config.ts';
import { configWarnings } from './config/warnings.ts';
import type { BudgetDefinition } from './money/budget/options.ts';
import type { ResponseCacheOptions } from './money/cache/options.ts';
import type { HedgeOptions } from './policies/hedge/options.ts';
import type { RetryOptions } from './policies/retry/options.ts';
import type { TimeoutOptions } from './policies/timeouts/options.ts';
import type { OpenAIProviderOptions, UpstreamOptions } from './provider/create.ts';
import { isOpenAI } from './request/catalogue/endpoint.ts';
import type { HostedToolOptions, McpServer } from './request/fit/hosted-tool-options.ts';
import { withDefaultProfiles } from './request/profiles/defaults.ts';
import { resolveOptions } from './resolve-options.ts';
import type { SharedStoreOptions } from './shared-store/redis/options.ts';

/** Name of the budget that `costManagement.budgetLimit` stands for; budgets have no capitals. */
const COST_MANAGEMENT_BUDGET = 'costManagement';

/** What the configuration says to the provider. */
export function providerOptions(config: Config, version: string): OpenAIProviderOptions {
  const { catalogue, costManagement, fallback } = config;
  const { maxWaitMs, on, chains } = fallback;
  const sharedStore = sharedStoreOptions(config);
  return {
    ...upstreamOptions(defaultTarget(config), config),
    version,
    warnings: configWarnings(config),
    defaultModel: config.defaultModel,
    ...(config.home === undefined ? {} : { home: config.home }),
    ...(catalogue.file === undefined ? {} : { catalogueFile: catalogue.file }),
    profiles: withDefaultProfiles({ models: config.profiles, tasks: config.tasks }),
    dropUnsupported: config.dropUnsupported,
    hostedTools: hostedToolOptions(config),
    promptCache: config.promptCache,
    upstreamMessages: config.errors.upstreamMessages === 'on',
    traceState: config.sendTraceState,
    targets: targetOptions(config),
    retry: retryOptions(config),
    hedge: hedgeOptions(config),
    fallback: {
      on,
      chains: Object.entries(chains).map(([pattern, routes]) => ({ pattern, routes })),
      maxWaitMs,
    },
    shared: Object.entries(config.routes).map(([pattern, targets]) => ({ pattern, targets })),
    costs: {
      trackingEnabled: costManagement.trackingEnabled,
      unpriced: costManagement.unpriced,
    },
    budgets: {
      budgets: budgetDefinitions(config),
      minOutputTokens: costManagement.minOutputTokens,
      maxWaitMs: costManagement.maxWaitMs,
    },
    cache: cacheOptions(config),
    ledger: {
      ...(config.dataDir === undefined ? {} : { directory: config.dataDir }),
      ...config.ledger,
    },
    ...(sharedStore === undefined ? {} : { sharedStore }),
  };
}

function hostedToolOptions({ hostedTools: { allow, mcpServers } }: Config): HostedToolOptions {
  const servers = Object.entries(mcpServers).map(([name, server]): [string, McpServer] => {
    const { secrets, authorization: _, headers: __, ...open } = server;
    return [name, { ...open, ...secrets }];
  });
  return { allow, mcpServers: Object.fromEntries(servers) };
}

function cacheOptions({ cache }: Config): ResponseCacheOptions {
  const { allowInvalidate: _allowInvalidate, models, ...options } = cache;
  return {
    ...options,
    models: Object.entries(models).map(([pattern, own]) => ({ pattern, ...own })),
  };
}

/** The upstream that the top level describes, in the form of the others. */
function defaultTarget(config: Config): ConfiguredTarget {
  return {
    ...config,
    insecure: config.insecureBaseUrl,
    unknownModels: config.catalogue.unknownModels,
    timeouts: { models: {} },
    circuitBreaker: {},
  };
}

function targetOptions(config: Config): Readonly<Record<string, UpstreamOptions>> {
  return Object.fromEntries(
    Object.entries(config.targets).map(([name, target]) => [name, upstreamOptions(target, config)]),
  );
}

function upstreamOptions(target: ConfiguredTarget, config: Config): UpstreamOptions {
  const { api, apiVersion, baseUrl, keyHeader, organization, project, proxyUrl, ca } = target;
  const isKey = isAzure(baseUrl) && target.bearerTokenFile === undefined;
  const suitedHeader = isKey ? 'api-key' : 'authorization';
  return {
    keys: target.keys.map(({ secret, weight, quotaGroup, file }) => ({
      secret,
      weight,
      ...(file === undefined ? {} : { file }),
      ...(quotaGroup === undefined ? {} : { quotaGroup }),
    })),
    baseUrl,
    ...(organization === undefined ? {} : { organization }),
    ...(project === undefined ? {} : { project }),
    ...(apiVersion === undefined ? {} : { apiVersion }),
    ...(proxyUrl === undefined ? {} : { proxy: proxyUrl }),
    ...(ca === undefined ? {} : { ca: { ...ca, parse: parseCertificates } }),
    keyHeader: keyHeader === 'auto' ? suitedHeader : keyHeader,
    modelNames: target.models,
    resolve: resolveOptions(target, config),
    ...(api === 'auto' ? {} : { surface: api }),
    ...batchApiOption(target),
    allowStored: target.allowStored,
    timeouts: timeoutOptions(target, config),
    rateLimit: target.rateLimiting,
    breaker: { ...config.circuitBreaker, ...target.circuitBreaker },
  };
}

/** Nothing where it is not known: at Azure, only deployments of their own kind take batches. */
function batchApiOption({ batchApi, baseUrl }: ConfiguredTarget): { readonly batchApi?: boolean } {
  // Azure's files and batches do not stand below a deployment.
  if (/\/deployments\//.test(new URL(baseUrl).pathname)) return { batchApi: false };
  if (batchApi !== 'auto') return { batchApi: batchApi === 'on' };
  return isOpenAI(baseUrl) ? { batchApi: true } : {};
}

/** Azure OpenAI and Azure AI Foundry take their own keys in a header of their own. */
function isAzure(baseUrl: string): boolean {
  const host = new URL(baseUrl).hostname.replace(/\.$/, '');
  return /\.(openai\.azure|services\.ai\.azure|cognitiveservices\.azure)\.com$/.test(host);
}

/** The target's own, and for what it does not say those of the top level. */
function timeoutOptions({ timeouts }: ConfiguredTarget, config: Config): TimeoutOptions {
  const models = [...Object.entries(timeouts.models), ...Object.entries(config.timeouts.models)];
  return {
    ...config.timeouts,
    ...timeouts,
    models: models.map(([pattern, times]) => ({ pattern, ...times })),
  };
}

function retryOptions({ retryPolicy: { budget, ...same } }: Config): RetryOptions {
  return { ...same, budgetRatio: budget.ratio, budgetMinimum: budget.minimum };
}

function hedgeOptions({ hedge: { models, ...same } }: Config): HedgeOptions {
  return { ...same, models: Object.entries(models).map(([pattern, own]) => ({ pattern, ...own })) };
}

export function budgetDefinitions(config: Config): readonly BudgetDefinition[] {
  const { costManagement, budgets } = config;
  const { budgetLimit, budgetPeriod, alertThreshold } = costManagement;
  const defaults = { match: '*', alertThresholds: alertThreshold };
  const listed = [...budgets, ...callerBudgets(config)].map((budget) => ({
    ...defaults,
    ...budget,
  }));
  if (budgetLimit === undefined) return listed;
  return [
    {
      ...defaults,
      name: COST_MANAGEMENT_BUDGET,
      scope: 'all',
      limit: budgetLimit,
      period: budgetPeriod,
    },
    ...listed,
  ];
}

function sharedStoreOptions({ redis, redisUrl }: Config): SharedStoreOptions | undefined {
  if (redisUrl === undefined) return undefined;
  return {
    url: redisUrl,
    keyPrefix: redis.keyPrefix,
    leaseMs: redis.leaseDurationMs,
    timeoutMs: redis.timeoutMs,
    onOutage: redis.onOutage,
    ...(redis.name === undefined ? {} : { name: redis.name }),
  };
}
