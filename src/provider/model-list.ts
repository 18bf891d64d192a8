import type { Clock } from './clock.ts';
import type { ModelInfo } from './provider.ts';
import type { ListedModel, Upstream } from './upstream.ts';

/** How long a list is served before the upstream is asked again, in ms. */
const FRESH_FOR_MS = 60_000;

/** The upstream's list of models, kept for a minute, and for longer while the upstream is away. */
export class ModelList {
  readonly #upstream: Upstream;
  readonly #clock: Clock;
  #models: readonly ModelInfo[] = [];
  #askedAt = Number.NEGATIVE_INFINITY;

  constructor(upstream: Upstream, clock: Clock) {
    this.#upstream = upstream;
    this.#clock = clock;
  }

  /** The last list, without asking; empty before the first. */
  get known(): readonly ModelInfo[] {
    return this.#models;
  }

  /** Rejects with the upstream's ProviderError only if there is no older list to serve. */
  async get(signal: AbortSignal): Promise<readonly ModelInfo[]> {
    if (this.#clock.now() - this.#askedAt < FRESH_FOR_MS) return this.#models;
    try {
      return await this.refresh(signal);
    } catch (error) {
      if (this.#models.length === 0 || signal.aborted) throw error;
      return this.#models;
    }
  }

  /** Asks the upstream now. Rejects with its ProviderError. */
  async refresh(signal: AbortSignal): Promise<readonly ModelInfo[]> {
    const listed = await this.#upstream.listModels(signal);
    this.#askedAt = this.#clock.now();
    this.#models = listed.map(describe);
    return this.#models;
  }
}

function describe(listed: ListedModel): ModelInfo {
  return {
    id: listed.id,
    name: listed.id,
    description: '',
    aliases: [],
    contextWindow: 0,
    maxTokens: 0,
    supportsStreaming: true,
    supportsImages: false,
    supportsTools: false,
    capabilities: [],
    reasoningEfforts: [],
    shutdownDate: listed.shutdownDate,
    replacement: '',
    available: true,
  };
}
