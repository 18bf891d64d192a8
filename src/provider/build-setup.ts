import { isDeepStrictEqual } from 'node:util';
import { Counted } from '../core/counted.ts';
import { DEFAULT_UPSTREAM } from '../core/route.ts';
import { DEFAULT_MAX_WAIT_MS } from '../money/budget/options.ts';
import { KeptAnswers } from '../money/cache/kept-answers.ts';
import { ResponseCache } from '../money/cache/response-cache.ts';
import { isUsed } from '../money/cache/rules.ts';
import { HedgeShare } from '../policies/hedge/hedge-share.ts';
import { RetryBudget } from '../policies/retry/budget.ts';
import type { Catalogue } from '../request/catalogue/catalogue.ts';
import { CatalogueStore } from '../request/catalogue/store.ts';
import { Router } from '../request/route/router.ts';
import type { RouterDeps } from '../request/route/router-options.ts';
import type { BatchMeans } from './batch-means.ts';
import { type Connection, connectTo } from './connection.ts';
import { heldBatches } from './held-batches.ts';
import type { Lasting } from './lasting.ts';
import { ModelList } from './model-list.ts';
import { startAtZero } from './observe/zeros.ts';
import {
  type OpenAIProviderOptions,
  type ProviderSettings,
  type UpstreamOptions,
  withDefaults,
} from './options.ts';
import { createPipeline, type PipelineOptions, serverAddress } from './pipeline.ts';
import { Setup, type SetupCalls, type SetupParts } from './setup.ts';
import { breakerOptions, createUpstreamParts, type UpstreamParts } from './upstream-parts.ts';

/** What of a setup may fail to be made. Nothing of it is in use yet. */
export interface PreparedSetup {
  readonly options: OpenAIProviderOptions;
  readonly settings: ProviderSettings;
  readonly home: string;
  readonly store: Counted<CatalogueStore>;
  /** By name of the upstream, the default one first. */
  readonly targets: ReadonlyMap<string, { readonly own: UpstreamOptions; readonly to: Connection }>;
}

/**
 * Makes what may fail.
 *
 * @param before what it follows
 * @throws TypeError if a `baseUrl` is not a URL, if a key is empty or no header could carry it, if there are budgets and
 * costs are not tracked, or if the cache has nowhere to be.
 * @throws CatalogueError if there is a catalogue file and it is invalid.
 */
export function prepareSetup(
  options: OpenAIProviderOptions,
  lasting: Lasting,
  before?: SetupParts,
): PreparedSetup {
  const settings = withDefaults(options);
  const { cache, ledger } = settings;
  if (cache.storage === 'sqlite' && ledger.directory === undefined)
    throw new TypeError('cache.storage sqlite needs a directory of the ledger');
  if (cache.storage === 'redis' && settings.sharedStore === undefined)
    throw new TypeError('cache.storage redis needs a shared store');
  const { targets = {}, home = DEFAULT_UPSTREAM, catalogueFile: file } = options;
  const all = home === DEFAULT_UPSTREAM ? { [home]: options, ...targets } : targets;
  const homes = all[home];
  if (homes === undefined) throw new TypeError(`home must be one of targets, and ${home} is none`);
  const deps = { ...lasting, ...connectionOptions(options, settings) };
  const connected = Object.entries({ [home]: homes, ...all }).map(([name, own]) => {
    const known = sameTarget(before, name, own);
    return [name, { own, to: connectTo(own, deps, known?.connection) }] as const;
  });
  const isSameFile = before !== undefined && before.options.catalogueFile === file;
  return {
    options,
    settings,
    home,
    store: isSameFile ? before.store : openStore(file, lasting),
    targets: new Map(connected),
  };
}

/** Makes the rest, which cannot fail, and has what is known of before hold as it is configured now. */
export function buildSetup(prepared: PreparedSetup, lasting: Lasting, before?: SetupParts): Setup {
  const { options, settings, home, store, targets } = prepared;
  const { clock, dated, instruments } = lasting;
  const books = lasting.books();
  const catalogue = (): Catalogue => store.value.current;
  lasting.labels.know(modelNames(options, catalogue()));
  const deps = { ...lasting, ...books, catalogue, maxWaitMs: settings.fallback.maxWaitMs };
  const upstreamDeps = { ...deps, ...connectionOptions(options, settings) };
  const upstreams = [...targets].map(([name, { own, to }]) =>
    createUpstreamParts(name, own, to, upstreamDeps, sameTarget(before, name, own)),
  );
  const [main] = upstreams;
  if (main === undefined) throw new TypeError(`there is no upstream ${home}`);
  const router = createRouter(options, settings, home, upstreams, deps);
  const cache = createCache(settings, upstreams, deps, before);
  const isSameBudget = isDeepStrictEqual(before?.settings.retry, settings.retry);
  const retryBudget =
    before !== undefined && isSameBudget
      ? before.retryBudget
      : new RetryBudget(settings.retry, clock);
  const isSameShare = before?.settings.hedge.maxShare === settings.hedge.maxShare;
  const hedgeShare =
    before !== undefined && isSameShare
      ? before.hedgeShare
      : new HedgeShare(settings.hedge.maxShare);
  const calls: SetupCalls = { enter: () => () => {} };
  const enter = () => calls.enter();
  const pipeline = createPipeline(pipelineOptions(settings, options), {
    ...deps,
    upstreams,
    router,
    retryBudget,
    hedgeShare,
    enter,
    ...(cache && { cache: cache.responses }),
  });
  const listDeps = {
    catalogue,
    hostedTools: settings.hostedTools,
    ...(options.surface && { surface: options.surface }),
    clock: dated,
    listing: main.listing,
    batches: books.ledger.batches !== undefined && main.hasBatchApi === true,
  };
  const isSameMain = before?.main.name === main.name && before.main.baseUrl === main.baseUrl;
  const listed = isSameMain ? before.models.listed : undefined;
  store.value.start();
  startAtZero(instruments, {
    targets: upstreams.map(({ name, upstream }) => ({
      name,
      server: serverAddress(upstream.endpoint),
    })),
    model: options.defaultModel,
    budgets: settings.budgets.budgets,
  });
  return new Setup(
    {
      options,
      settings,
      store,
      upstreams,
      main,
      router,
      pipeline,
      retryBudget,
      hedgeShare,
      models: new ModelList(main.rules.resolve, listDeps, listed),
      batches: { catalogue, ...lentToBatches(settings, upstreams, enter) },
      ...(cache && { cache }),
    },
    calls,
  );
}

/** The target of before, if this one is it. */
function sameTarget(before: SetupParts | undefined, name: string, { baseUrl }: UpstreamOptions) {
  const known = before?.upstreams.find((parts) => parts.name === name);
  return known?.baseUrl === baseUrl ? known : undefined;
}

function connectionOptions(
  { upstreamMessages = true, traceState = false }: OpenAIProviderOptions,
  { hostedTools }: ProviderSettings,
) {
  return { upstreamMessages, traceState, hostedTools };
}

function openStore(file: string | undefined, { log }: Lasting): Counted<CatalogueStore> {
  const store = new CatalogueStore(file === undefined ? {} : { file }, { log });
  return new Counted(store, () => store.close());
}

type CacheDeps = ConstructorParameters<typeof ResponseCache>[1];

/** Answers outlive options, but not where they are kept. */
function createCache(
  { cache: options }: ProviderSettings,
  upstreams: readonly UpstreamParts[],
  deps: Omit<CacheDeps, 'endpointOf'>,
  before: SetupParts | undefined,
): SetupParts['cache'] {
  if (!isUsed(options)) return undefined;
  const known = before?.cache?.kept;
  const kept = known?.storage === options.storage ? known : new KeptAnswers(options, deps);
  kept.store.resize(options);
  const endpoints = new Map(upstreams.map(({ name, baseUrl }) => [name, baseUrl]));
  const endpointOf = (upstream: string): string => endpoints.get(upstream) ?? '';
  return { responses: new ResponseCache(options, { ...deps, endpointOf }, kept), kept };
}

function createRouter(
  { defaultModel }: OpenAIProviderOptions,
  { costs, ...settings }: ProviderSettings,
  home: string,
  upstreams: readonly UpstreamParts[],
  deps: Omit<RouterDeps, 'partOf'>,
): Router {
  const rules = new Map(upstreams.map((parts) => [parts.name, parts.rules]));
  const refuseUnpriced = costs.unpriced === 'refuse';
  const byName = new Map(upstreams.map((parts) => [parts.name, parts]));
  return new Router(
    { ...settings, defaultModel, home, refuseUnpriced, upstreams: rules },
    { ...deps, partOf: (upstream, model) => byName.get(upstream)?.partOf(model) ?? 0 },
  );
}

function pipelineOptions(
  { retry, hedge, fallback, costs, budgets }: ProviderSettings,
  options: OpenAIProviderOptions,
): PipelineOptions {
  return {
    retry,
    hedge,
    circuitWaitMs: breakerOptions(options).maxWaitMs,
    maxWaitMs: fallback.maxWaitMs,
    trackingEnabled: costs.trackingEnabled,
    minOutputTokens: budgets.minOutputTokens,
    budgetWaitMs: budgets.maxWaitMs ?? DEFAULT_MAX_WAIT_MS,
    unpriced: costs.unpriced === 'mark' ? 'mark' : 'refuse',
  };
}

function lentToBatches(
  { costs, budgets }: ProviderSettings,
  all: readonly UpstreamParts[],
  enter: () => () => void,
): Pick<BatchMeans, 'upstreams' | 'costs'> {
  const upstreams = all.map(({ name, upstream, hasBatchApi }) => {
    return [name, { batches: heldBatches(upstream.batches, enter), hasBatchApi }] as const;
  });
  return {
    upstreams: new Map(upstreams),
    costs: {
      trackingEnabled: costs.trackingEnabled,
      unpriced: costs.unpriced === 'mark' ? 'mark' : 'refuse',
      minOutputTokens: budgets.minOutputTokens,
    },
  };
}

/** Those that metrics tell apart from the start. */
function modelNames(options: OpenAIProviderOptions, { models }: Catalogue): readonly string[] {
  const targets = Object.values(options.targets ?? {});
  const deployments = [options, ...targets].flatMap((own) => Object.values(own.modelNames ?? {}));
  return [options.defaultModel, ...deployments, ...models.map(({ id }) => id)];
}
