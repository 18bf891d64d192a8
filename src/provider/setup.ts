import type { Handler } from '../core/call.ts';
import type { Counted } from '../core/counted.ts';
import type { KeptAnswers } from '../money/cache/kept-answers.ts';
import type { ResponseCache } from '../money/cache/response-cache.ts';
import type { HedgeShare } from '../policies/hedge/hedge-share.ts';
import type { RetryBudget } from '../policies/retry/budget.ts';
import type { CatalogueStore } from '../request/catalogue/store.ts';
import type { Router } from '../request/route/router.ts';
import type { BatchMeans } from './batch-means.ts';
import type { ModelList } from './model-list.ts';
import type { OpenAIProviderOptions, ProviderSettings } from './options.ts';
import type { UpstreamParts } from './upstream-parts.ts';

/** What a setup is made of. */
export interface SetupParts {
  readonly options: OpenAIProviderOptions;
  readonly settings: ProviderSettings;
  readonly store: Counted<CatalogueStore>;
  /** The default one first. */
  readonly upstreams: readonly UpstreamParts[];
  readonly main: UpstreamParts;
  /** Prepares calls as the pipeline does. */
  readonly router: Router;
  readonly pipeline: Handler;
  readonly retryBudget: RetryBudget;
  readonly hedgeShare: HedgeShare;
  /** Of the default upstream. */
  readonly models: ModelList;
  /** Absent: it is not configured. */
  readonly cache?: { readonly responses: ResponseCache; readonly kept: KeptAnswers };
  /** What is lent to whoever works off batches. */
  readonly batches: Pick<BatchMeans, 'upstreams' | 'costs' | 'catalogue'>;
}

/**
 * All that calls work with that depends on options. Calls keep the one with which they began; what it
 * does not share with those that follow is closed once it was replaced and its last call has ended.
 */
export class Setup {
  readonly parts: SetupParts;
  #calls = 0;
  #isReplaced = false;
  #closing: Promise<void> | undefined;
  readonly #isClosed = Promise.withResolvers<void>();

  constructor(parts: SetupParts, calls: SetupCalls) {
    this.parts = parts;
    calls.enter = () => this.enter();
    for (const shared of sharedParts(parts)) shared.hold();
  }

  /** A call begins. Returns what ends it, to be called once. */
  enter(): () => void {
    this.#calls += 1;
    return () => {
      this.#calls -= 1;
      this.#closeIfOver();
    };
  }

  /** Another one is in its place. Resolves once it is closed. */
  replacedBy(next: SetupParts): Promise<void> {
    this.#isReplaced = true;
    const kept = new Set(next.upstreams.map(({ state }) => state));
    for (const { state } of this.parts.upstreams) if (!kept.has(state)) state.value.hide();
    if (this.parts.cache?.kept !== next.cache?.kept) this.parts.cache?.kept.close();
    this.#closeIfOver();
    return this.#isClosed.promise;
  }

  /** Breaks what runs. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  #closeIfOver(): void {
    if (this.#isReplaced && this.#calls === 0) void this.close();
  }

  async #close(): Promise<void> {
    await Promise.all(sharedParts(this.parts).map((shared) => shared.release()));
    this.#isClosed.resolve();
  }
}

/** Lets the pipeline of a setup keep it, which is there before the setup is. */
export interface SetupCalls {
  enter: () => () => void;
}

function sharedParts({ store, upstreams }: SetupParts): readonly Counted<unknown>[] {
  return [store, ...upstreams.flatMap(({ connection, state }) => [connection.upstream, state])];
}
