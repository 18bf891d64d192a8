import type { MessageRequest } from '../../core/message.ts';
import { patternMatcher } from '../../core/name-pattern.ts';
import { type Route, routeName } from '../../core/route.ts';
import type { TargetShare } from './options.ts';
import { parseRoute } from './parse-route.ts';

export interface RoutingOptions {
  /** Model of requests that name none. May name an upstream, too. */
  readonly defaultModel: string;
  /** The upstream that is asked where none is named. */
  readonly home: string;
  /** For requests that name no fallback of their own. */
  readonly chainOf: Finder<readonly string[]>;
  /** For requests that name no upstream. */
  readonly sharesOf: Finder<readonly TargetShare[]>;
  /** By name, `default` among them. */
  readonly upstreams: Pick<ReadonlySet<string>, 'has'>;
  /** The model of the catalogue that a name belongs to. */
  readonly idOf: (model: string) => string | undefined;
}

/** Finds what is written for the first pattern that fits one of a model's names. */
export type Finder<T> = (...names: readonly string[]) => T | undefined;

/** The order in which a call tries the targets that share a model's calls. */
export type OrderOf = (shares: readonly TargetShare[], model: string) => readonly string[];

export interface Routes {
  readonly primary: Route;
  /**
   * The other targets that share the calls of its model, and then what the request asks to try, or else
   * what is configured for its model.
   */
  readonly alternatives: readonly Route[];
}

const NOWHERE: readonly Route[] = [];

/**
 * Where a request may be answered, in the order in which it is tried. A route that names no upstream
 * is at the primary's, one that names no model is the primary's model elsewhere. A route that is
 * named again is not tried again.
 *
 * Names are not looked up here: a model may turn out not to exist.
 *
 * @param orderOf absent: the call is not shared
 */
export function routesOf(
  request: MessageRequest,
  options: RoutingOptions,
  orderOf?: OrderOf,
): Routes {
  const [primary, ...others] = primariesOf(request, options, orderOf);
  const { fallbackModels = [] } = request;
  const written = fallbackModels.length > 0 ? fallbackModels : chainFor(primary.model, options);
  if (written.length + others.length === 0) return { primary, alternatives: NOWHERE };
  const byName = new Map([primary, ...others].map((route) => [routeName(route), route]));
  for (const text of written) {
    const route = { ...primary, ...parseRoute(text, options.upstreams) };
    byName.set(routeName(route), route);
  }
  return { primary, alternatives: [...byName.values()].slice(1) };
}

/** An upstream alone is asked for the default model. */
function primariesOf(
  { model: named }: MessageRequest,
  { defaultModel, home, upstreams, sharesOf, idOf }: RoutingOptions,
  orderOf: OrderOf | undefined,
): readonly [Route, ...Route[]] {
  const asked = parseRoute(named || defaultModel, upstreams);
  const model = asked.model ?? parseRoute(defaultModel, upstreams).model ?? '';
  if (asked.upstream !== undefined) return [{ upstream: asked.upstream, model }];
  const shares = sharesOf(model, idOf(model) ?? model);
  const order = shares === undefined || orderOf === undefined ? [] : orderOf(shares, model);
  const [first = home, ...others] = order;
  return [{ upstream: first, model }, ...others.map((upstream) => ({ upstream, model }))];
}

/** A finder in these, made once: per call nothing is compiled. */
export function finder<T>(written: readonly (readonly [pattern: string, found: T])[]): Finder<T> {
  const known = written.map(([pattern, found]) => ({ fits: patternMatcher(pattern), found }));
  return (...names) => known.find(({ fits }) => names.some(fits))?.found;
}

function chainFor(model: string, { chainOf, idOf }: RoutingOptions): readonly string[] {
  return chainOf(model, idOf(model) ?? model) ?? [];
}
