import { context } from '@opentelemetry/api';
import { type Call, type Handler, NOTHING_APPLIED, newCallRecord } from './call.ts';
import { capabilitiesOf } from './capabilities.ts';
import { unknownModel } from './catalogue/model.ts';
import type { CatalogueStore } from './catalogue/store.ts';
import type { Clock } from './clock.ts';
import { collect } from './collect.ts';
import { ProviderError } from './errors.ts';
import type { MessageResponse, ProviderEvent } from './events.ts';
import type { MessageRequest } from './message.ts';
import type { ModelList } from './model-list.ts';
import type {
  CallOptions,
  IAIProvider,
  ModelInfo,
  ProviderCapabilities,
  ProviderIdentity,
  SendOptions,
  TokenCount,
  UpstreamStatus,
} from './provider.ts';
import { DEFAULT_UPSTREAM } from './route/route.ts';
import { linkSignal } from './signal.ts';
import type { TokenCounter } from './tokens/token-counter.ts';
import type { Upstream } from './upstream.ts';
import type { UpstreamHealth } from './upstream-health.ts';

export interface OpenAIProviderDeps {
  readonly pipeline: Handler;
  /** As the pipeline prepares calls: resolves the model, validates, fits the request to it. */
  readonly prepare: (call: Call) => Call;
  readonly upstream: Upstream;
  readonly health: UpstreamHealth;
  readonly catalogue: Pick<CatalogueStore, 'warnings' | 'close'>;
  readonly models: ModelList;
  readonly tokens: TokenCounter;
  readonly clock: Clock;
  readonly newId: () => string;
}

const NAME = 'openai';

/** Tamma's IAIProvider for OpenAI and what is compatible with it. */
export class OpenAIProvider implements IAIProvider {
  readonly #version: string;
  readonly #deps: OpenAIProviderDeps;

  constructor(version: string, deps: OpenAIProviderDeps) {
    this.#version = version;
    this.#deps = deps;
  }

  async initialize(options: CallOptions = {}): Promise<ProviderIdentity> {
    const warnings = [...this.#deps.catalogue.warnings];
    let ready = true;
    try {
      await within(options.signal, (signal) => this.#deps.models.refresh(signal));
    } catch (thrown) {
      const error = ProviderError.from(thrown);
      if (options.signal?.aborted) throw error;
      ready = false;
      warnings.push(`Listing the upstream's models failed (${error.reason}): ${error.message}`);
    }
    return { provider: NAME, version: this.#version, ready, warnings };
  }

  sendMessage(request: MessageRequest, options: SendOptions = {}): AsyncIterable<ProviderEvent> {
    return this.#deps.pipeline(this.#call(request, options));
  }

  sendMessageSync(request: MessageRequest, options: CallOptions = {}): Promise<MessageResponse> {
    // Nothing of a broken answer reaches the caller, so it may be answered anew.
    const call = this.#call(request, { ...options, recovery: 'hold_back' });
    return collect(this.#deps.pipeline(call), request.metadata ?? {});
  }

  async getCapabilities(): Promise<ProviderCapabilities> {
    const models = this.#deps.models.known;
    return { provider: NAME, version: this.#version, ...capabilitiesOf(models) };
  }

  getModels(options: CallOptions = {}): Promise<readonly ModelInfo[]> {
    return within(options.signal, (signal) => this.#deps.models.get(signal));
  }

  async countTokens(request: MessageRequest, options: CallOptions = {}): Promise<TokenCount> {
    const { model, target, ...call } = this.#deps.prepare(this.#call(request, options));
    return within(options.signal, (signal) =>
      this.#deps.tokens.count(model, target.model, call.request, signal),
    );
  }

  upstreams(): readonly UpstreamStatus[] {
    const { status } = this.#deps.health;
    return [{ ...status, target: DEFAULT_UPSTREAM, models: [], keys: 1, keysSetAside: 0 }];
  }

  async dispose(): Promise<void> {
    this.#deps.catalogue.close();
    await this.#deps.tokens.close();
    await this.#deps.upstream.close();
  }

  #call(request: MessageRequest, options: SendOptions): Call {
    const { firstTokenTimeoutMs, idleTimeoutMs } = options;
    return {
      id: options.id ?? this.#deps.newId(),
      asked: request,
      request,
      violations: options.violations ?? [],
      model: request.model ?? '',
      upstream: DEFAULT_UPSTREAM,
      target: { model: unknownModel(request.model ?? ''), surface: 'chat_completions' },
      alternatives: [],
      key: 0,
      applied: NOTHING_APPLIED,
      warnings: [],
      recovery: options.recovery ?? 'fail',
      ...(firstTokenTimeoutMs === undefined ? {} : { firstTokenTimeoutMs }),
      ...(idleTimeoutMs === undefined ? {} : { idleTimeoutMs }),
      signal: options.signal ?? new AbortController().signal,
      deadline: options.deadline ?? Number.POSITIVE_INFINITY,
      context: options.context ?? context.active(),
      record: options.record ?? newCallRecord(this.#deps.clock.now()),
      attempt: 0,
      onProgress: () => {},
      onHeadroom: () => {},
    };
  }
}

/** Runs `work` with a signal whose reason is a ProviderError. */
async function within<T>(
  parent: AbortSignal | undefined,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const { controller, unlink } = linkSignal(parent ?? new AbortController().signal);
  try {
    return await work(controller.signal);
  } finally {
    unlink();
  }
}
