import { randomUUID } from 'node:crypto';
import { metrics, type Tracer, trace } from '@opentelemetry/api';
import { createInstruments, type Instruments } from '../telemetry/instruments.ts';
import { ModelLabels } from '../telemetry/model-label.ts';
import { hideSecret } from '../telemetry/secrets.ts';
import { isOpenAI } from './catalogue/endpoint.ts';
import type { Surface } from './catalogue/model.ts';
import type { ResolveOptions } from './catalogue/resolve.ts';
import { type CatalogueLog, CatalogueStore } from './catalogue/store.ts';
import { type Clock, systemClock } from './clock.ts';
import { ModelList } from './model-list.ts';
import { createOpenAIUpstream } from './openai/upstream.ts';
import { OpenAIProvider } from './openai-provider.ts';
import { createPipeline, type PipelineOptions } from './pipeline.ts';
import { DEFAULT_PROFILES } from './profiles/defaults.ts';
import type { Profiles } from './profiles/profiles.ts';
import type { AttemptTimeouts } from './stages/attempt-timeout.ts';
import { prepareCall } from './stages/prepare.ts';
import { TokenCounter } from './tokens/token-counter.ts';
import type { Upstream } from './upstream.ts';
import { UpstreamHealth } from './upstream-health.ts';

export interface OpenAIProviderOptions {
  /** Sent as bearer token. Never logged, never in an error. */
  readonly apiKey: string;
  /** With the version's path: `https://api.openai.com/v1`. */
  readonly baseUrl: string;
  /** `OpenAI-Organization` header. Default: none. */
  readonly organization?: string;
  /** `OpenAI-Project` header. Default: none. */
  readonly project?: string;
  /** Of this provider, semver. */
  readonly version: string;
  /** Model of requests that name none. */
  readonly defaultModel: string;
  readonly timeouts: AttemptTimeouts;
  /** YAML or JSON whose rows are laid over the built-in catalogue. Default: none. */
  readonly catalogueFile?: string;
  /**
   * What becomes of models that are not known, or not served any more. Default: `openAI` if
   * `baseUrl` is OpenAI's own; unknown models are refused there and allowed elsewhere, shut down
   * ones refused, none declared.
   */
  readonly resolve?: Partial<ResolveOptions>;
  /** Default: the platform's. */
  readonly profiles?: Profiles;
  /** Leave out parameters that a model rejects, with a warning. Default: refuse the call. */
  readonly dropUnsupported?: boolean;
  /** The API over which every model is asked. Default: the one that suits model and upstream. */
  readonly surface?: Surface;
}

export interface OpenAIProviderEnvironment {
  /** Default: the system's. */
  readonly clock?: Clock;
  /** Default: that of the globally registered OpenTelemetry SDK, if any. */
  readonly tracer?: Tracer;
  /** Default: those of the globally registered OpenTelemetry SDK, if any. */
  readonly instruments?: Instruments;
  /** Is told when the catalogue's file changes. Default: nobody. */
  readonly log?: CatalogueLog;
  /** Makes call ids. Default: random UUIDs. */
  readonly newId?: () => string;
}

const SCOPE = 'tamma.provider.openai';

const SILENT: CatalogueLog = { info: () => {}, warn: () => {} };

/**
 * The OpenAI provider, ready to use. Opens no connection before the first call.
 *
 * @throws TypeError if `baseUrl` is not a URL.
 * @throws CatalogueError if there is a catalogue file and it is invalid.
 */
export function createOpenAIProvider(
  options: OpenAIProviderOptions,
  environment: OpenAIProviderEnvironment = {},
): OpenAIProvider {
  hideSecret(options.apiKey);
  const clock = environment.clock ?? systemClock;
  const tracer = environment.tracer ?? trace.getTracer(SCOPE, options.version);
  const instruments =
    environment.instruments ?? createInstruments(metrics.getMeter(SCOPE, options.version));
  const { catalogueFile: file } = options;
  const store = new CatalogueStore(file === undefined ? {} : { file }, {
    log: environment.log ?? SILENT,
  });
  const catalogue = () => store.current;
  const upstream = createUpstream(options, clock);
  const health = new UpstreamHealth(upstream.endpoint, clock);
  const tokens = new TokenCounter();
  const known = catalogue().models.map(({ id }) => id);
  const labels = new ModelLabels([options.defaultModel, ...known]);
  const calls = callOptions(options);
  const pipeline = createPipeline(calls, {
    upstream,
    health,
    catalogue,
    tokens,
    clock,
    tracer,
    instruments,
    labels,
  });
  store.start();
  return new OpenAIProvider(options.version, {
    pipeline,
    prepare: (call) => prepareCall(call, calls, { catalogue, clock }),
    upstream,
    health,
    catalogue: store,
    models: new ModelList(calls.resolve, { upstream, catalogue, clock }),
    tokens,
    clock,
    newId: environment.newId ?? randomUUID,
  });
}

function createUpstream(options: OpenAIProviderOptions, clock: Clock): Upstream {
  return createOpenAIUpstream(
    {
      apiKey: options.apiKey,
      baseUrl: options.baseUrl,
      connectTimeoutMs: options.timeouts.connectMs,
      ...(options.organization === undefined ? {} : { organization: options.organization }),
      ...(options.project === undefined ? {} : { project: options.project }),
    },
    { clock },
  );
}

/** OpenAI itself serves what it names and nothing else; other upstreams serve what they like. */
function callOptions(options: OpenAIProviderOptions): PipelineOptions {
  const openAI = options.resolve?.openAI ?? isOpenAI(options.baseUrl);
  return {
    defaultModel: options.defaultModel,
    timeouts: options.timeouts,
    resolve: {
      openAI,
      unknownModels: openAI ? 'refuse' : 'allow',
      shutDownModels: 'refuse',
      declared: [],
      ...options.resolve,
    },
    profiles: options.profiles ?? DEFAULT_PROFILES,
    dropUnsupported: options.dropUnsupported ?? false,
    ...(options.surface === undefined ? {} : { surface: options.surface }),
  };
}
