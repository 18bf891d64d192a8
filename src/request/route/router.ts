import type { Call } from '../../core/call.ts';
import type { Clock } from '../../core/clock.ts';
import type { ErrorReason } from '../../core/error-kinds.ts';
import { ProviderError } from '../../core/errors.ts';
import type { LeftRoute, Route } from '../../core/route.ts';
import { ATTRIBUTE } from '../../telemetry/attributes.ts';
import type { Instruments } from '../../telemetry/instruments.ts';
import type { Catalogue } from '../catalogue/catalogue.ts';
import { type ResolvedModel, resolveModel } from '../catalogue/resolve.ts';
import type { CountTokens } from '../context/fit-conversation.ts';
import { fitToWindow } from '../context/fit-to-window.ts';
import { isModelName } from '../validate/text.ts';
import { validateCall } from '../validate/validate-call.ts';
import { Violations } from '../validate/violations.ts';
import { checkFallbackModels } from './check-fallback-models.ts';
import { fallbackWarnings, leftAfter, mayAnswer, takesMore } from './left-routes.ts';
import type { FallbackOptions } from './options.ts';
import { type Place, type PrepareOptions, prepareAt, type UpstreamRules } from './prepare-at.ts';
import { chainFinder, type RoutingOptions, routesOf } from './routes-of.ts';

export interface RouterOptions extends PrepareOptions {
  /** Model of requests that name none. May name an upstream, too: `azure/gpt-4o`. */
  readonly defaultModel: string;
  /** The upstream that is asked where none is named. */
  readonly home: string;
  /** By name, `home` among them. */
  readonly upstreams: ReadonlyMap<string, UpstreamRules>;
  /** CONTENT_FILTERED has no effect in `on`: what was refused stays refused. */
  readonly fallback: Pick<FallbackOptions, 'on' | 'chains'>;
}

export interface RouterDeps {
  /** The catalogue as it stands now. */
  readonly catalogue: () => Catalogue;
  readonly clock: Clock;
  /** By which models are shut down. Default: `clock`. */
  readonly dated?: Clock;
  readonly tokens: CountTokens;
  readonly instruments: Pick<Instruments, 'fallbacks'>;
}

/** What an upstream answers to a request that its model does not take. */
const REFUSALS: readonly ErrorReason[] = ['INVALID_REQUEST', 'UNSUPPORTED_PARAMETER'];

const DAY_MS = 86_400_000;

/** Names whose meaning is kept. */
const MAX_KNOWN = 1_000;

/** What names were found to mean. */
interface KnownNames {
  readonly catalogue: Catalogue | undefined;
  readonly day: number;
  readonly byName: Map<string, ResolvedModel>;
}

/** Finds where a call may be answered, and prepares it for there. */
export class Router {
  readonly #options: RouterOptions;
  readonly #routing: RoutingOptions;
  readonly #on: readonly ErrorReason[];
  readonly #deps: RouterDeps;
  #known: KnownNames = { catalogue: undefined, day: 0, byName: new Map() };

  constructor(options: RouterOptions, deps: RouterDeps) {
    const { defaultModel, home, upstreams, fallback } = options;
    const idOf = (model: string) => deps.catalogue().find(model)?.id;
    this.#options = options;
    this.#routing = { defaultModel, home, chainOf: chainFinder(fallback.chains), upstreams, idOf };
    this.#on = fallback.on.filter((reason) => reason !== 'CONTENT_FILTERED');
    this.#deps = deps;
  }

  /**
   * The call, validated and prepared for the first of its routes; for a later one if there is no
   * such model as the first names. Its conversation may still be too long.
   *
   * @throws ProviderError MODEL_NOT_FOUND if there is no such model; else with every violation:
   *   INVALID_REQUEST if a field is malformed, UNSUPPORTED_PARAMETER if one asks for what the model,
   *   the upstream or this provider cannot do.
   */
  first(call: Call): Call {
    const { primary, alternatives } = routesOf(call.asked, this.#routing);
    const violations = this.#validate(call, primary);
    const routed = alternatives.length === 0 ? call : { ...call, alternatives };
    call.record.model = primary.model;
    let place: Place;
    try {
      place = this.#resolve(primary, false);
    } catch (thrown) {
      const error = ProviderError.from(thrown);
      const isGone = error.reason === 'MODEL_NOT_FOUND' && this.leaves(routed, error);
      if (!isGone || alternatives.length === 0) throw error;
      // What is wrong with the request is wrong everywhere.
      violations.throwIfAny(primary.model);
      const next = this.#after(routed, primary, error);
      if (next === undefined) throw error;
      this.#count(primary, error);
      return next;
    }
    call.record.model = place.resolved.name;
    return prepareAt(place, routed, violations, this.#options);
  }

  /**
   * A prepared call, its conversation fitting the model's context window; one for the next route if it
   * does not fit this one. Rejects with CONTEXT_TOO_LONG, and with the signal's reason.
   */
  fit(call: Call): Call | Promise<Call> {
    const fitted = fitToWindow(call, this.#deps.tokens);
    return fitted instanceof Promise ? this.#orNext(call, fitted) : fitted;
  }

  /** Whether this failure sends the call on to its next route, if it has one. */
  leaves(call: Call, { reason }: ProviderError): boolean {
    // A fallback that does not take the request is passed over, as one of which that was known.
    return this.#on.includes(reason) || (call.left !== undefined && REFUSALS.includes(reason));
  }

  /**
   * The call, prepared for and fitting the next of its routes that may answer where this one failed.
   * Resolves with undefined if there is none. Rejects with the signal's reason.
   */
  async next(call: Call, error: ProviderError): Promise<Call | undefined> {
    const from = currentRoute(call);
    let next = this.#after(call, from, error);
    while (next !== undefined) {
      try {
        const fitted = await fitToWindow(next, this.#deps.tokens);
        this.#count(from, error);
        return fitted;
      } catch (thrown) {
        const refusal = ProviderError.from(thrown);
        if (refusal.reason !== 'CONTEXT_TOO_LONG') throw refusal;
        next = this.#after(next, currentRoute(next), refusal);
      }
    }
    call.record.model = from.model;
    return undefined;
  }

  async #orNext(call: Call, fitting: Promise<Call>): Promise<Call> {
    try {
      return await fitting;
    } catch (thrown) {
      const error = ProviderError.from(thrown);
      const next = this.leaves(call, error) ? await this.next(call, error) : undefined;
      if (next === undefined) throw error;
      return next;
    }
  }

  #validate(call: Call, primary: Route): Violations {
    const violations = new Violations(call.violations);
    validateCall(violations, call, primary.model);
    checkFallbackModels(violations, call.asked.fallbackModels ?? [], {
      primary,
      upstreams: this.#options.upstreams,
      rulesOf: (upstream) => this.#rulesOf(upstream).resolve,
      catalogue: this.#deps.catalogue,
    });
    // A malformed name has no business in the catalogue, in logs and in metrics.
    if (!isModelName(primary.model)) violations.throwIfAny('');
    return violations;
  }

  /** @throws ProviderError */
  #resolve({ upstream, model }: Route, fallback: boolean): Place {
    const rules = this.#rulesOf(upstream);
    return { upstream, rules, resolved: this.#resolved(upstream, model, rules), fallback };
  }

  /** Once per name, catalogue and day: a shutdown is announced by days. */
  #resolved(upstream: string, model: string, { resolve }: UpstreamRules): ResolvedModel {
    const catalogue = this.#deps.catalogue();
    const now = (this.#deps.dated ?? this.#deps.clock).now();
    const day = Math.floor(now / DAY_MS);
    if (this.#known.catalogue !== catalogue || this.#known.day !== day) {
      this.#known = { catalogue, day, byName: new Map() };
    }
    const { byName } = this.#known;
    const name = `${upstream}/${model}`;
    let resolved = byName.get(name);
    if (resolved === undefined) {
      resolved = resolveModel(model, catalogue, resolve, now);
      // Callers choose the names.
      if (byName.size >= MAX_KNOWN) byName.clear();
      byName.set(name, resolved);
    }
    return resolved;
  }

  #rulesOf(upstream: string): UpstreamRules {
    const rules = this.#options.upstreams.get(upstream);
    if (rules === undefined) throw new Error(`There is no upstream ${upstream}.`);
    return rules;
  }

  /** The call, prepared for the next alternative that takes it. Notes its model in the record. */
  #after(call: Call, from: Route, error: ProviderError): Call | undefined {
    const { truncation: _, ...anew } = call;
    const left = leftAfter(call, from, error);
    for (const [index, route] of call.alternatives.entries()) {
      const alternatives = call.alternatives.slice(index + 1);
      const next = mayAnswer(route, left) && this.#prepare(route, { ...anew, alternatives, left });
      if (next) return next;
    }
    return undefined;
  }

  #prepare(route: Route, call: Call & { readonly left: readonly LeftRoute[] }): Call | undefined {
    try {
      const place = this.#resolve(route, true);
      const { name } = place.resolved;
      const warnings = fallbackWarnings(call.left, { ...route, model: name });
      const prepared = prepareAt(place, { ...call, warnings }, new Violations(), this.#options);
      if (!takesMore(prepared, call.left)) return undefined;
      call.record.model = name;
      return prepared;
    } catch (thrown) {
      // It does not take this call, for its own reasons.
      if (thrown instanceof ProviderError) return undefined;
      throw thrown;
    }
  }

  #count(from: Route, { reason }: ProviderError): void {
    this.#deps.instruments.fallbacks.add(1, {
      [ATTRIBUTE.target]: from.upstream,
      [ATTRIBUTE.reason]: reason,
    });
  }
}

/** Where a prepared call is. */
function currentRoute({ upstream, record }: Call): Route {
  return { upstream, model: record.model };
}
