import { randomUUID } from 'node:crypto';
import { metrics, type Tracer, trace } from '@opentelemetry/api';
import { createInstruments, type Instruments } from '../telemetry/instruments.ts';
import { ModelLabels } from '../telemetry/model-label.ts';
import { type Clock, systemClock } from './clock.ts';
import { ModelList } from './model-list.ts';
import { createOpenAIUpstream } from './openai/upstream.ts';
import { OpenAIProvider } from './openai-provider.ts';
import { createPipeline, type PipelineOptions } from './pipeline.ts';
import { prepareCall } from './stages/prepare.ts';
import { TokenCounter } from './tokens/token-counter.ts';
import { UpstreamHealth } from './upstream-health.ts';

export interface OpenAIProviderOptions extends PipelineOptions {
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
}

export interface OpenAIProviderEnvironment {
  /** Default: the system's. */
  readonly clock?: Clock;
  /** Default: that of the globally registered OpenTelemetry SDK, if any. */
  readonly tracer?: Tracer;
  /** Default: those of the globally registered OpenTelemetry SDK, if any. */
  readonly instruments?: Instruments;
  /** Makes call ids. Default: random UUIDs. */
  readonly newId?: () => string;
}

const SCOPE = 'tamma.provider.openai';

/**
 * The OpenAI provider, ready to use. Opens no connection before the first call.
 *
 * @throws TypeError if `baseUrl` is not a URL.
 */
export function createOpenAIProvider(
  options: OpenAIProviderOptions,
  environment: OpenAIProviderEnvironment = {},
): OpenAIProvider {
  const clock = environment.clock ?? systemClock;
  const tracer = environment.tracer ?? trace.getTracer(SCOPE, options.version);
  const instruments =
    environment.instruments ?? createInstruments(metrics.getMeter(SCOPE, options.version));
  const upstream = createOpenAIUpstream(
    {
      apiKey: options.apiKey,
      baseUrl: options.baseUrl,
      connectTimeoutMs: options.timeouts.connectMs,
      ...(options.organization === undefined ? {} : { organization: options.organization }),
      ...(options.project === undefined ? {} : { project: options.project }),
    },
    { clock },
  );
  const health = new UpstreamHealth(upstream.endpoint, clock);
  const labels = new ModelLabels([options.defaultModel]);
  const pipeline = createPipeline(options, {
    upstream,
    health,
    clock,
    tracer,
    instruments,
    labels,
  });
  return new OpenAIProvider(options.version, {
    pipeline,
    prepare: (call) => prepareCall(call, options),
    upstream,
    health,
    models: new ModelList(upstream, clock),
    tokens: new TokenCounter(),
    clock,
    newId: environment.newId ?? randomUUID,
  });
}
