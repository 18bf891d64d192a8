import type { Route } from '../../core/route.ts';
import type { Catalogue } from '../catalogue/catalogue.ts';
import { answersMessages, knownModel, type ResolveOptions } from '../catalogue/resolve.ts';
import { isModelName } from '../validate/text.ts';
import type { Violations } from '../validate/violations.ts';
import { parseRoute } from './parse-route.ts';

export interface RouteRules {
  readonly primary: Route;
  /** By name, `default` among them. */
  readonly upstreams: Pick<ReadonlySet<string>, 'has'>;
  readonly rulesOf: (upstream: string) => ResolveOptions;
  readonly catalogue: () => Catalogue;
}

/**
 * Whether the models exist that a request names for its fallback, so that a typo shows in the first
 * call and not in the emergency. One that was shut down is no typo: it is passed over when its turn
 * comes. What is malformed whatever it names is not told here.
 */
export function checkFallbackModels(
  violations: Violations,
  fallbackModels: readonly string[],
  routes: RouteRules,
): void {
  fallbackModels.forEach((text, index) => {
    if (!isModelName(text)) return;
    const { upstream = routes.primary.upstream, model } = parseRoute(text, routes.upstreams);
    const problem = model === undefined ? undefined : problemOf({ upstream, model }, routes);
    if (problem === undefined) return;
    violations.malformed(`request.fallback_models[${index}]`, problem);
  });
}

function problemOf(
  { upstream, model: name }: Route,
  { rulesOf, catalogue }: RouteRules,
): string | undefined {
  if (name === '') return 'must name a model behind the slash';
  const { declared, unknownModels } = rulesOf(upstream);
  const model = knownModel(name, catalogue(), declared);
  if (model === undefined) {
    return unknownModels === 'refuse' ? `names ${name}, which is not in the catalogue` : undefined;
  }
  return answersMessages(model) ? undefined : 'must not be a model that only makes embeddings';
}
