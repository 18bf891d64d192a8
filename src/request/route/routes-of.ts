import type { MessageRequest } from '../../core/message.ts';
import { patternMatcher } from '../../core/name-pattern.ts';
import { type Route, routeName } from '../../core/route.ts';
import type { FallbackChain } from './options.ts';
import { parseRoute } from './parse-route.ts';

export interface RoutingOptions {
  /** Model of requests that name none. May name an upstream, too. */
  readonly defaultModel: string;
  /** The upstream that is asked where none is named. */
  readonly home: string;
  /** For requests that name no fallback of their own. */
  readonly chainOf: ChainFinder;
  /** By name, `default` among them. */
  readonly upstreams: Pick<ReadonlySet<string>, 'has'>;
  /** The model of the catalogue that a name belongs to. */
  readonly idOf: (model: string) => string | undefined;
}

/** Finds the routes of the first chain that fits one of a model's names; none fits: none. */
export type ChainFinder = (...names: readonly string[]) => readonly string[];

export interface Routes {
  readonly primary: Route;
  /** What the request asks to try after it, or else what is configured for its model. */
  readonly alternatives: readonly Route[];
}

const NOWHERE: readonly Route[] = [];

/**
 * Where a request may be answered, in the order in which it is tried. A route that names no upstream
 * is at the primary's, one that names no model is the primary's model elsewhere. A route that is
 * named again is not tried again.
 *
 * Names are not looked up here: a model may turn out not to exist.
 */
export function routesOf(request: MessageRequest, options: RoutingOptions): Routes {
  const primary = primaryOf(request, options);
  const { fallbackModels = [] } = request;
  const written = fallbackModels.length > 0 ? fallbackModels : chainFor(primary.model, options);
  if (written.length === 0) return { primary, alternatives: NOWHERE };
  const byName = new Map([[routeName(primary), primary]]);
  for (const text of written) {
    const route = { ...primary, ...parseRoute(text, options.upstreams) };
    byName.set(routeName(route), route);
  }
  return { primary, alternatives: [...byName.values()].slice(1) };
}

/** An upstream alone is asked for the default model. */
function primaryOf(
  { model }: MessageRequest,
  { defaultModel, home, upstreams }: RoutingOptions,
): Route {
  const asked = parseRoute(model || defaultModel, upstreams);
  return {
    upstream: asked.upstream ?? home,
    model: asked.model ?? parseRoute(defaultModel, upstreams).model ?? '',
  };
}

/** A finder in these chains, made once: per call nothing is compiled. */
export function chainFinder(chains: readonly FallbackChain[]): ChainFinder {
  const known = chains.map(({ pattern, routes }) => ({ fits: patternMatcher(pattern), routes }));
  return (...names) => known.find(({ fits }) => names.some(fits))?.routes ?? [];
}

function chainFor(model: string, { chainOf, idOf }: RoutingOptions): readonly string[] {
  return chainOf(model, idOf(model) ?? model);
}
