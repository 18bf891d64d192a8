import type { Call } from '../../core/call.ts';
import type { CallRecord } from '../../core/call-record.ts';
import type { ErrorReason } from '../../core/error-kinds.ts';
import { ProviderError } from '../../core/errors.ts';
import { type LeftRoute, type Route, routeName } from '../../core/route.ts';
import { ATTRIBUTE } from '../../telemetry/attributes.ts';
import { fitToWindow } from '../context/fit-to-window.ts';
import { isModelName } from '../validate/text.ts';
import { validateCall } from '../validate/validate-call.ts';
import { Violations } from '../validate/violations.ts';
import { checkFallbackModels } from './check-fallback-models.ts';
import { fallbackWarnings, leftAfter, mayAnswer, takesMore } from './left-routes.ts';
import { LoadShares, pinOf } from './load-shares.ts';
import { type Place, prepareAt, type UpstreamRules } from './prepare-at.ts';
import { ResolvedNames } from './resolved-names.ts';
import type { RouterDeps, RouterOptions } from './router-options.ts';
import { finder, type OrderOf, type RoutingOptions, routesOf } from './routes-of.ts';

/** What an upstream answers to a request that its model does not take. */
const REFUSALS: readonly ErrorReason[] = ['INVALID_REQUEST', 'UNSUPPORTED_PARAMETER'];

/** Finds where a call may be answered, and prepares it for there. */
export class Router {
  readonly #options: RouterOptions;
  readonly #routing: RoutingOptions;
  readonly #on: readonly ErrorReason[];
  readonly #deps: RouterDeps;
  readonly #names: ResolvedNames;
  readonly #shares: LoadShares;

  constructor(options: RouterOptions, deps: RouterDeps) {
    const { defaultModel, home, upstreams, fallback, shared } = options;
    const idOf = (model: string) => deps.catalogue().find(model)?.id;
    this.#options = options;
    const chainOf = finder(fallback.chains.map(({ pattern, routes }) => [pattern, routes]));
    const sharesOf = finder(shared.map(({ pattern, targets }) => [pattern, targets]));
    this.#routing = { defaultModel, home, chainOf, sharesOf, upstreams, idOf };
    this.#on = fallback.on.filter((reason) => reason !== 'CONTENT_FILTERED');
    this.#deps = deps;
    this.#names = new ResolvedNames(deps);
    this.#shares = new LoadShares({ partOf: (upstream, model) => this.#partOf(upstream, model) });
  }

  /**
   * The call, validated and prepared for the first of its routes; for a later one if there is no
   * such model as the first names. Its conversation may still be too long.
   *
   * @param isShared whether it may go to any of the targets that share the calls of its model
   * @throws ProviderError MODEL_NOT_FOUND if there is no such model; else with every violation:
   *   INVALID_REQUEST if a field is malformed, UNSUPPORTED_PARAMETER if one asks for what the model,
   *   the upstream or this provider cannot do.
   */
  first(call: Call, isShared = true): Call {
    const orderOf: OrderOf = (shares, model) =>
      this.#shares.order(shares, model, pinOf(call, this.#options.promptCache), call.id);
    const routes = routesOf(call.asked, this.#routing, isShared ? orderOf : undefined);
    const { primary, alternatives } = routes;
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

  /**
   * The call, prepared for and fitting the first of its alternatives that takes it: for an attempt beside
   * the one that is made where the call is now. Its record names the model. Undefined if there is none.
   *
   * @param record of the attempt
   * @throws the signal's reason, by rejection
   */
  async beside(call: Call, record: CallRecord): Promise<Call | undefined> {
    const { truncation: _, left = [], alternatives, ...anew } = call;
    const from = currentRoute(call);
    for (const [index, route] of alternatives.entries()) {
      if (!mayAnswer(route, left)) continue;
      const there = { ...anew, alternatives: alternatives.slice(index + 1), left, record };
      const prepared = this.#prepare(route, there, (to) => [
        ...fallbackWarnings(left, from),
        `${routeName(from)} had no output yet, so ${routeName(to)} was asked too and was first.`,
      ]);
      const fitted = prepared && (await this.#ifFits(prepared));
      if (fitted) return fitted;
    }
    return undefined;
  }

  async #ifFits(call: Call): Promise<Call | undefined> {
    try {
      return await fitToWindow(call, this.#deps.tokens);
    } catch (thrown) {
      const refusal = ProviderError.from(thrown);
      if (refusal.reason !== 'CONTEXT_TOO_LONG') throw refusal;
      return undefined;
    }
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
    const resolved = this.#names.resolve(upstream, model, rules.resolve);
    return { upstream, rules, resolved, fallback };
  }

  /** Nothing where there is no such model. */
  #partOf(upstream: string, name: string): number {
    try {
      const { resolved } = this.#resolve({ upstream, model: name }, false);
      return this.#deps.partOf(upstream, resolved.model.id);
    } catch {
      return 0;
    }
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
      if (!mayAnswer(route, left)) continue;
      const there = { ...anew, alternatives, left };
      const next = this.#prepare(route, there, (to) => fallbackWarnings(left, to));
      if (next) return next;
    }
    return undefined;
  }

  /** @param told what to tell the caller of the way to the route, which is named as it is resolved */
  #prepare(
    route: Route,
    call: Call & { readonly left: readonly LeftRoute[] },
    told: (to: Route) => readonly string[],
  ): Call | undefined {
    try {
      const place = this.#resolve(route, true);
      const { name } = place.resolved;
      const warnings = told({ ...route, model: name });
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
