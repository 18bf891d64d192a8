import { randomUUID } from 'node:crypto';
import { metrics, type ObservableResult, type Tracer, trace } from '@opentelemetry/api';
import { type Clock, systemClock } from '../core/clock.ts';
import { DatedClock, watchForSteps } from '../core/dated-clock.ts';
import { type ProviderLog, SILENT } from '../core/provider-log.ts';
import { DEFAULT_UPSTREAM } from '../core/route.ts';
import type { BudgetAlert } from '../money/budget/alert.ts';
import { DEFAULT_MAX_WAIT_MS } from '../money/budget/options.ts';
import { ResponseCache } from '../money/cache/response-cache.ts';
import { PriceNotices } from '../money/pricing/price-notices.ts';
import { Repeats } from '../money/repeats/repeats.ts';
import { WaitingRoom } from '../policies/breaker/waiting-room.ts';
import type { NewRateSource } from '../policies/rate-limit/source.ts';
import { RetryBudget } from '../policies/retry/budget.ts';
import type { Catalogue } from '../request/catalogue/catalogue.ts';
import { CatalogueStore } from '../request/catalogue/store.ts';
import { Router, type RouterDeps } from '../request/route/router.ts';
import { PromptSizes } from '../request/tokens/prompt-sizes.ts';
import { TokenCounter } from '../request/tokens/token-counter.ts';
import { createInstruments, type Instruments } from '../telemetry/instruments.ts';
import { ModelLabels } from '../telemetry/model-label.ts';
import { hideSecret } from '../telemetry/secrets.ts';
import type { BatchMeans } from './batch-means.ts';
import { openBooks } from './books.ts';
import { ModelList } from './model-list.ts';
import { UnknownLog } from './observe/unknown-log.ts';
import { startAtZero } from './observe/zeros.ts';
import { OpenAIProvider } from './openai-provider.ts';
import { type OpenAIProviderOptions, type ProviderSettings, withDefaults } from './options.ts';
import { createPipeline, type PipelineOptions, serverAddress } from './pipeline.ts';
import {
  breakerOptions,
  createUpstreamParts,
  type UpstreamParts,
  type UpstreamPartsDeps,
} from './upstream-parts.ts';

export type { OpenAIProviderOptions, UpstreamOptions } from './options.ts';

export interface OpenAIProviderEnvironment {
  /** Default: the system's. */
  readonly clock?: Clock;
  /**
   * Epoch ms by the wall clock, by which days and months begin. Default: the system's; with a `clock` of
   * one's own, that one.
   */
  readonly wallTime?: () => number;
  /** In [0, 1). Default: Math.random. */
  readonly random?: () => number;
  /** Default: that of the globally registered OpenTelemetry SDK, if any. */
  readonly tracer?: Tracer;
  /** Default: those of the globally registered OpenTelemetry SDK, if any. */
  readonly instruments?: Instruments;
  /** Is told what an operator should know. Default: nobody. */
  readonly log?: ProviderLog;
  /** Is told when a budget reaches one of its alert thresholds. Must not throw. Default: nobody. */
  readonly onAlert?: (alert: BudgetAlert) => void;
  /** Makes call ids. Default: random UUIDs. */
  readonly newId?: () => string;
}

const SCOPE = 'tamma.provider.openai';

/**
 * The OpenAI provider, ready to use. Opens no connection before the first call.
 *
 * @throws TypeError if a `baseUrl` is not a URL, or if there are budgets and costs are not tracked.
 * @throws CatalogueError if there is a catalogue file and it is invalid.
 * @throws LedgerError if there can be no ledger in the directory that is given.
 */
export function createOpenAIProvider(
  options: OpenAIProviderOptions,
  environment: OpenAIProviderEnvironment = {},
): OpenAIProvider {
  hideSecrets(options);
  const means = meansOf(environment, options.version);
  const settings = withDefaults(options);
  const { catalogueFile: file } = options;
  const store = new CatalogueStore(file === undefined ? {} : { file }, { log: means.log });
  const catalogue = () => store.current;
  const tokens = new TokenCounter();
  const deps = {
    ...means,
    catalogue,
    tokens,
    sizes: new PromptSizes(tokens, means.clock),
    labels: new ModelLabels(modelNames(options, catalogue())),
    priceNotices: new PriceNotices(means.log),
    unknown: new UnknownLog(means.instruments, means.log),
    retryBudget: new RetryBudget(settings.retry, means.clock),
    room: new WaitingRoom(means.clock),
    maxWaitMs: settings.fallback.maxWaitMs,
    upstreamMessages: options.upstreamMessages ?? true,
    traceState: options.traceState ?? false,
    hostedTools: settings.hostedTools,
    newSource: ((...limit) => books.newSource(...limit)) satisfies NewRateSource,
  };
  const { main, upstreams } = createUpstreams(options, deps);
  const router = createRouter(options, settings, upstreams, deps);
  // Last of what may throw: whoever tries again finds its directory free.
  const books = openBooks(settings, means);
  const cache = settings.cache.enabled
    ? new ResponseCache(settings.cache, { ...deps, ...books })
    : undefined;
  const hideLabels = showLabels(means.instruments, deps.labels);
  // Whoever waits for a budget is served when its period begins.
  const endWatch = watchForSteps(means.dated, () => books.book.states({}));
  const parts = {
    ...deps,
    ...books,
    closeBooks: async () => {
      hideLabels();
      endWatch();
      await books.closeBooks();
    },
    upstreams,
    router,
    repeats: new Repeats(means.clock),
    ...(cache && { cache }),
  };
  const pipeline = createPipeline(pipelineOptions(settings, options), parts);
  const models = new ModelList(main.rules.resolve, {
    ...deps,
    ...(options.surface && { surface: options.surface }),
    clock: means.dated,
    listing: main.listing,
    batches: books.ledger.batches !== undefined && main.hasBatchApi === true,
  });
  store.start();
  startAtZero(means.instruments, {
    targets: upstreams.map(({ name, upstream }) => ({
      name,
      server: serverAddress(upstream.endpoint),
    })),
    model: options.defaultModel,
    budgets: settings.budgets.budgets,
  });
  return new OpenAIProvider(
    {
      version: options.version,
      warnings: options.warnings ?? [],
      home: main.name,
      rateLimit: main.limits,
    },
    { ...parts, pipeline, models, store, batchMeans: batchMeans(settings, parts) },
  );
}

/** What is lent to whoever works off batches. */
function batchMeans(
  { costs, budgets }: ProviderSettings,
  parts: Omit<BatchMeans, 'prepare' | 'send' | 'upstreams' | 'costs'> & {
    readonly upstreams: readonly UpstreamParts[];
  },
): Omit<BatchMeans, 'prepare' | 'send'> {
  const { book, sizes, catalogue, labels } = parts;
  const upstreams = parts.upstreams.map(({ name, upstream, hasBatchApi }) => {
    return [name, { batches: upstream.batches, hasBatchApi }] as const;
  });
  return {
    book,
    sizes,
    catalogue,
    labels,
    upstreams: new Map(upstreams),
    costs: {
      trackingEnabled: costs.trackingEnabled,
      unpriced: costs.unpriced === 'mark' ? 'mark' : 'refuse',
      minOutputTokens: budgets.minOutputTokens,
    },
  };
}

/** What the provider needs and does not make itself. */
function meansOf(environment: OpenAIProviderEnvironment, version: string) {
  const { clock = systemClock, log = SILENT } = environment;
  const hasOwn = environment.clock !== undefined && environment.wallTime === undefined;
  const wallTime = environment.wallTime ?? Date.now;
  return {
    clock,
    dated: hasOwn ? clock : new DatedClock(clock, wallTime, (byMs) => tellStep(byMs, log)),
    random: environment.random ?? Math.random,
    tracer: environment.tracer ?? trace.getTracer(SCOPE, version),
    instruments: environment.instruments ?? createInstruments(metrics.getMeter(SCOPE, version)),
    log: environment.log ?? SILENT,
    newId: environment.newId ?? randomUUID,
    ...(environment.onAlert && { onAlert: environment.onAlert }),
  };
}

function tellStep(byMs: number, log: ProviderLog): void {
  log.warn(
    { by_seconds: Math.round(byMs / 1_000) },
    'the wall clock was set, or the machine was asleep: days and resets follow',
  );
}

/** From now on, in whatever is logged and told. */
function hideSecrets(own: OpenAIProviderOptions): void {
  const { keys, targets = {}, sharedStore, hostedTools } = own;
  for (const { authorization, headers = {} } of Object.values(hostedTools?.mcpServers ?? {})) {
    for (const secret of [authorization ?? '', ...Object.values(headers)]) hideSecret(secret);
  }
  if (sharedStore !== undefined) hideSecret(sharedStore.url);
  for (const proxy of [own.proxy, ...Object.values(targets).map((one) => one.proxy)]) {
    if (proxy !== undefined) hideSecret(decodeURIComponent(new URL(proxy).password));
  }
  for (const { secret } of [keys, ...Object.values(targets).map((one) => one.keys)].flat()) {
    hideSecret(secret);
  }
}

function createUpstreams(options: OpenAIProviderOptions, deps: UpstreamPartsDeps) {
  const { targets = {}, home = DEFAULT_UPSTREAM } = options;
  const all = home === DEFAULT_UPSTREAM ? { [home]: options, ...targets } : targets;
  const homes = all[home];
  if (homes === undefined) throw new TypeError(`home must be one of targets, and ${home} is none`);
  const main = createUpstreamParts(home, homes, deps);
  const others = Object.entries(all)
    .filter(([name]) => name !== home)
    .map(([name, own]) => createUpstreamParts(name, own, deps));
  return { main, upstreams: [main, ...others] };
}

function createRouter(
  { defaultModel, home = DEFAULT_UPSTREAM }: OpenAIProviderOptions,
  { costs, ...settings }: ProviderSettings,
  upstreams: readonly UpstreamParts[],
  deps: RouterDeps,
): Router {
  const rules = new Map(upstreams.map((parts) => [parts.name, parts.rules]));
  const refuseUnpriced = costs.unpriced === 'refuse';
  return new Router({ ...settings, defaultModel, home, refuseUnpriced, upstreams: rules }, deps);
}

function pipelineOptions(
  { retry, fallback, costs, budgets }: ProviderSettings,
  options: OpenAIProviderOptions,
): PipelineOptions {
  return {
    retry,
    circuitWaitMs: breakerOptions(options).maxWaitMs,
    maxWaitMs: fallback.maxWaitMs,
    trackingEnabled: costs.trackingEnabled,
    minOutputTokens: budgets.minOutputTokens,
    budgetWaitMs: budgets.maxWaitMs ?? DEFAULT_MAX_WAIT_MS,
    unpriced: costs.unpriced === 'mark' ? 'mark' : 'refuse',
  };
}

/** Shows how many models are told apart. Returns what ends it. */
function showLabels({ modelLabels }: Instruments, labels: ModelLabels): () => void {
  const observe = (result: ObservableResult) => result.observe(labels.size);
  modelLabels.addCallback(observe);
  return () => modelLabels.removeCallback(observe);
}

/** Those that metrics tell apart from the start. */
function modelNames(options: OpenAIProviderOptions, { models }: Catalogue): readonly string[] {
  const targets = Object.values(options.targets ?? {});
  const deployments = [options, ...targets].flatMap((own) => Object.values(own.modelNames ?? {}));
  return [options.defaultModel, ...deployments, ...models.map(({ id }) => id)];
}
