import type { Model } from '../../core/model.ts';
import { namesOf } from './check.ts';
import data from './models.json' with { type: 'json' };

/** What is known of models. Immutable: a changed file makes a new one. */
export interface Catalogue {
  /** Of the data: changes with every change of a row. */
  readonly version: string;
  /** Ids, aliases and snapshots are unique over all of them. */
  readonly models: readonly Model[];
  /** The model that `name` means: its id, an alias or a snapshot of it, exactly as written. */
  find(name: string): Model | undefined;
}

export function createCatalogue(version: string, models: readonly Model[]): Catalogue {
  const byName = new Map(
    models.flatMap((model) => namesOf(model).map((name) => [name, model] as const)),
  );
  return { version, models, find: (name) => byName.get(name) };
}

let builtIn: Catalogue | undefined;

/** The catalogue that ships with this package. */
export function builtInCatalogue(): Catalogue {
  builtIn ??= createCatalogue(data.version, builtInModels(data));
  return builtIn;
}

/** Every row is whole. A test holds them against the schema, which would delay each start. */
function builtInModels({ models }: { readonly models: unknown }): readonly Model[] {
  return models as readonly Model[];
}
