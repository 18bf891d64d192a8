import type { Config } from './config/config.ts';
import { suggest } from './config/suggest.ts';
import { configWarnings } from './config/warnings.ts';
import { ProviderError } from './core/errors.ts';
import { DEFAULT_UPSTREAM } from './core/route.ts';
import { builtInCatalogue, type Catalogue } from './request/catalogue/catalogue.ts';
import { knownModel, resolveModel } from './request/catalogue/resolve.ts';
import { readCatalogue } from './request/catalogue/store.ts';
import { parseRoute } from './request/route/parse-route.ts';
import { resolveOptions } from './resolve-options.ts';

/**
 * What is allowed and most likely not meant, a sentence each: also of the models and targets that the
 * configuration names.
 *
 * @throws CatalogueError if there is a catalogue file and it is invalid
 */
export function warningsOf(config: Config): readonly string[] {
  const { file } = config.catalogue;
  const catalogue = file === undefined ? builtInCatalogue() : readCatalogue(file);
  const ofRoutes = namedRoutes(config).flatMap(([key, route]) => {
    return routeWarnings(route, config, catalogue).map((warning) => `${key}: ${warning}`);
  });
  return [...configWarnings(config), ...ofRoutes, ...patternWarnings(config, catalogue)];
}

/**
 * Names of models that are written nearly like one that there is. Others may be those of an upstream of
 * one's own.
 */
function patternWarnings(config: Config, catalogue: Catalogue): readonly string[] {
  const { budgets, fallback, profiles } = config;
  const all = [
    ...Object.keys(fallback.chains).map((name) => ['fallback.chains', name] as const),
    ...Object.keys(profiles).map((name) => ['profiles', name] as const),
    ...budgets.flatMap(({ name, scope, match }) =>
      scope === 'model' && match !== undefined ? [[`budgets ${name}`, match] as const] : [],
    ),
  ];
  return all
    .filter(([, name]) => !/[*?]/.test(name) && catalogue.find(name) === undefined)
    .flatMap(([key, name]) => {
      const meant = modelMeant(name, catalogue);
      return meant === undefined
        ? []
        : [`${key}: there is no model ${name}; did you mean ${meant}?`];
    });
}

function modelMeant(name: string, catalogue: Catalogue): string | undefined {
  return suggest(
    name,
    catalogue.models.map(({ id }) => id),
  );
}

function namedRoutes({ defaultModel, fallback }: Config): readonly (readonly [string, string])[] {
  const chains = Object.entries(fallback.chains).flatMap(([pattern, routes]) =>
    routes.map((route) => [`fallback.chains.${pattern}`, route] as const),
  );
  return [['defaultModel', defaultModel], ...chains];
}

function routeWarnings(text: string, config: Config, catalogue: Catalogue): readonly string[] {
  const names = [DEFAULT_UPSTREAM, ...Object.keys(config.targets)];
  const { upstream = config.home ?? DEFAULT_UPSTREAM, model } = parseRoute(text, new Set(names));
  if (model === undefined) return [];
  const options = resolveOptions(config.targets[upstream] ?? defaultUpstream(config), config);
  const slash = model.indexOf('/');
  const meant = slash === -1 ? undefined : suggest(model.slice(0, slash), names);
  const isKnown = knownModel(model, catalogue, options.declared) !== undefined;
  if (!isKnown && meant !== undefined) {
    return [`there is no target ${model.slice(0, slash)}; did you mean ${meant}?`];
  }
  try {
    const { model: found, warnings } = resolveModel(model, catalogue, options, Date.now());
    const unknown = `the catalogue does not know ${found.id}: its price and limits are unknown.`;
    return isKnown ? warnings : [unknown, ...warnings];
  } catch (error) {
    if (!(error instanceof ProviderError)) throw error;
    const near = isKnown ? undefined : (suggest(model, names) ?? modelMeant(model, catalogue));
    const hint = near === undefined ? '' : ` Did you mean ${near}?`;
    return [`calls are refused: ${error.message}${hint}`];
  }
}

function defaultUpstream({ baseUrl, catalogue: { unknownModels } }: Config) {
  return { baseUrl, unknownModels };
}
