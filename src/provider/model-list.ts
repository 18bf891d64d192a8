import { type Clock, DAY_MS } from '../core/clock.ts';
import type { Model, Surface } from '../core/model.ts';
import type { ListedModel } from '../core/upstream.ts';
import type { Catalogue } from '../request/catalogue/catalogue.ts';
import { namesOf } from '../request/catalogue/check.ts';
import { inRegion } from '../request/catalogue/regional-price.ts';
import { answersMessages, knownModel, type ResolveOptions } from '../request/catalogue/resolve.ts';
import { isShutDown } from '../request/catalogue/shutdown.ts';
import type { HostedToolOptions } from '../request/fit/hosted-tool-options.ts';
import { describeModel, describeUnknown } from './model-info.ts';
import type { ModelListing } from './model-listing.ts';
import type { ModelInfo } from './provider.ts';

interface Described {
  readonly listed: readonly ListedModel[] | undefined;
  readonly catalogue: Catalogue;
  readonly day: number;
  readonly models: readonly ModelInfo[];
}

export interface ModelListDeps {
  readonly listing: Pick<ModelListing, 'get'>;
  /** The catalogue as it stands now. */
  readonly catalogue: () => Catalogue;
  readonly clock: Clock;
  /** What callers may have the upstream run. */
  readonly hostedTools: HostedToolOptions;
  /** As in DescribeOptions. */
  readonly batches?: boolean;
  /** The API over which every model is asked. Absent: the one that suits. */
  readonly surface?: Surface;
}

/**
 * The models that are served: what the upstream lists, told with what the catalogue knows. The list
 * is kept for a minute, and for longer while the upstream is away.
 */
export class ModelList {
  readonly #options: ResolveOptions;
  readonly #deps: ModelListDeps;
  #listed: readonly ListedModel[] | undefined;
  /** Described of these, on this day. */
  #described: Described | undefined;

  /** @param listed what the upstream listed last. Default: it was not heard yet */
  constructor(options: ResolveOptions, deps: ModelListDeps, listed?: readonly ListedModel[]) {
    this.#options = options;
    this.#deps = deps;
    this.#listed = listed;
  }

  /** What the upstream listed last. Undefined: it was not heard yet. */
  get listed(): readonly ListedModel[] | undefined {
    return this.#listed;
  }

  /**
   * Without asking, sorted by id. Before the first list: what the catalogue knows. The same object as
   * long as list, catalogue and day are the same.
   */
  get known(): readonly ModelInfo[] {
    const listed = this.#listed;
    const catalogue = this.#deps.catalogue();
    // Models shut down, and are warned of, by the day.
    const day = Math.floor(this.#deps.clock.now() / DAY_MS);
    const last = this.#described;
    if (last?.listed === listed && last?.catalogue === catalogue && last.day === day) {
      return last.models;
    }
    const found = listed === undefined ? this.#expected() : this.#served(listed);
    const models = found.toSorted((a, b) => (a.id < b.id ? -1 : 1));
    this.#described = { listed, catalogue, day, models };
    return models;
  }

  /** Rejects with the upstream's ProviderError only if there is no older list to serve. */
  async get(signal: AbortSignal): Promise<readonly ModelInfo[]> {
    try {
      return await this.refresh(signal);
    } catch (error) {
      if (this.#listed === undefined || signal.aborted) throw error;
      return this.known;
    }
  }

  /** What the upstream lists. Rejects with its ProviderError. */
  async refresh(signal: AbortSignal): Promise<readonly ModelInfo[]> {
    this.#listed = await this.#deps.listing.get(signal);
    return this.known;
  }

  /** What the catalogue knows, where the upstream was not heard yet. */
  #expected(): readonly ModelInfo[] {
    return this.#deps
      .catalogue()
      .models.filter(answersMessages)
      .filter((model) => !this.#isGone(model))
      .map((model) => this.#describe(model, { id: model.id, shutdownDate: '' }, false));
  }

  /** A model that is listed by several of its names appears once, by its id if that is listed. */
  #served(listed: readonly ListedModel[]): readonly ModelInfo[] {
    const catalogue = this.#deps.catalogue();
    const ids = new Set(listed.map(({ id }) => id));
    return listed.flatMap((entry) => {
      const model = knownModel(entry.id, catalogue, this.#options.declared);
      if (model === undefined) {
        // Upstreams list what makes images and speech, too: what would be refused is not served.
        if (this.#options.unknownModels === 'refuse') return [];
        return [describeUnknown(entry.id, entry.shutdownDate)];
      }
      if (this.#isGone(model)) return [];
      const folded =
        entry.id !== model.id && namesOf(model).includes(entry.id) && ids.has(model.id);
      return folded || !answersMessages(model) ? [] : [this.#describe(model, entry, true)];
    });
  }

  #isGone(model: Model): boolean {
    return this.#options.openAI && isShutDown(model, this.#deps.clock.now());
  }

  #describe(model: Model, { id, shutdownDate }: ListedModel, available: boolean): ModelInfo {
    return describeModel(this.#options.regional ? inRegion(model) : model, {
      name: id,
      available,
      announcedShutdown: shutdownDate,
      openAI: this.#options.openAI,
      now: this.#deps.clock.now(),
      hostedTools: this.#deps.hostedTools,
      ...(this.#deps.surface && { surface: this.#deps.surface }),
      batches: this.#deps.batches ?? false,
    });
  }
}
