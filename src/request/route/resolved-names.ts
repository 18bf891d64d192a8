import { type Clock, DAY_MS } from '../../core/clock.ts';
import type { Catalogue } from '../catalogue/catalogue.ts';
import { type ResolvedModel, type ResolveOptions, resolveModel } from '../catalogue/resolve.ts';

/** Names of an upstream whose meaning is kept. */
const MAX_KNOWN = 1_000;

export interface ResolvedNamesDeps {
  /** The catalogue as it stands now. */
  readonly catalogue: () => Catalogue;
  readonly clock: Clock;
  /** By which models are shut down. Default: `clock`. */
  readonly dated?: Clock;
}

/** With the version of the catalogue that says so. */
export interface ResolvedName extends ResolvedModel {
  readonly catalogueVersion: string;
}

/** What names of models mean at an upstream, found once per name, catalogue and day: a shutdown is announced by days. */
export class ResolvedNames {
  readonly #deps: ResolvedNamesDeps;
  readonly #byUpstream = new Map<string, Map<string, ResolvedName>>();
  #catalogue: Catalogue | undefined;
  #day = 0;

  constructor(deps: ResolvedNamesDeps) {
    this.#deps = deps;
  }

  /** @throws ProviderError MODEL_NOT_FOUND */
  resolve(upstream: string, model: string, options: ResolveOptions): ResolvedName {
    const { catalogue, clock, dated = clock } = this.#deps;
    const [current, now] = [catalogue(), dated.now()];
    const day = Math.floor(now / DAY_MS);
    if (this.#catalogue !== current || this.#day !== day) this.#byUpstream.clear();
    [this.#catalogue, this.#day] = [current, day];
    let byName = this.#byUpstream.get(upstream);
    if (byName === undefined) {
      byName = new Map();
      this.#byUpstream.set(upstream, byName);
    }
    let resolved = byName.get(model);
    if (resolved === undefined) {
      const { version: catalogueVersion } = current;
      resolved = { ...resolveModel(model, current, options, now), catalogueVersion };
      // Callers choose the names.
      if (byName.size >= MAX_KNOWN) byName.clear();
      byName.set(model, resolved);
    }
    return resolved;
  }
}
