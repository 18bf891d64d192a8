import type { Tracer } from '@opentelemetry/api';
import type { Instruments } from '../telemetry/instruments.ts';
import type { ModelLabels } from '../telemetry/model-label.ts';
import type { BudgetBook } from './budget/book.ts';
import type { Handler, Stage } from './call.ts';
import type { Catalogue } from './catalogue/catalogue.ts';
import type { Clock } from './clock.ts';
import type { Ledger } from './ledger/ledger.ts';
import type { RetryBudget } from './retry/budget.ts';
import type { RetryOptions } from './retry/options.ts';
import type { Router } from './route/router.ts';
import { accounting } from './stages/accounting.ts';
import { attempt } from './stages/attempt.ts';
import type { ServerAddress } from './stages/attempt-attributes.ts';
import { attemptTimeout } from './stages/attempt-timeout.ts';
import { breaker } from './stages/breaker.ts';
import { budget } from './stages/budget.ts';
import { fallback } from './stages/fallback.ts';
import { fitContext } from './stages/fit-context.ts';
import { keys } from './stages/keys.ts';
import { metering } from './stages/metering.ts';
import { observe } from './stages/observe.ts';
import { prepare } from './stages/prepare.ts';
import { rateLimit } from './stages/rate-limit.ts';
import { recovery } from './stages/recovery.ts';
import { retry } from './stages/retry.ts';
import { upstreamHealth } from './stages/upstream-health.ts';
import type { PromptSizes } from './tokens/prompt-sizes.ts';
import type { UpstreamParts } from './upstream-parts.ts';

export interface PipelineOptions {
  readonly retry: RetryOptions;
  /** See FallbackOptions. */
  readonly maxWaitMs: number;
  /** Whether usage gets a price and is written to the ledger. */
  readonly trackingEnabled: boolean;
  /** The output limit of a call is not lowered below it to make the call affordable. In tokens. */
  readonly minOutputTokens: number;
  /** What becomes of calls to models of which no price is known. */
  readonly unpriced: 'refuse' | 'mark';
}

export interface PipelineDeps {
  /** One of them for each name that the router knows. */
  readonly upstreams: readonly UpstreamParts[];
  readonly router: Router;
  readonly retryBudget: RetryBudget;
  readonly book: BudgetBook;
  readonly ledger: Ledger;
  readonly sizes: PromptSizes;
  readonly catalogue: () => Catalogue;
  readonly clock: Clock;
  /** In [0, 1). */
  readonly random: () => number;
  readonly tracer: Tracer;
  readonly instruments: Instruments;
  readonly labels: ModelLabels;
}

/** What happens to a call, outermost first. */
export function createPipeline(options: PipelineOptions, deps: PipelineDeps): Handler {
  const upstreams = new Map(
    deps.upstreams.map((parts) => [parts.name, atUpstream(parts, options, deps)]),
  );
  const stages: readonly Stage[] = [
    observe(deps), //            sees rejections too
    prepare(deps.router), //     the cheapest refusal: routes, resolves the model, validates
    fitContext(deps.router), //  what is reserved and estimated is what will be sent
    accounting(), //             usage and cost over all attempts, whatever became of them
    recovery(), //               what the caller sees of a break, once the attempts below are used up
    fallback(deps), //           over routes: another model, another upstream
  ];
  return chain(stages, (call, emit) => {
    const handler = upstreams.get(call.upstream);
    if (handler === undefined) throw new Error(`There is no upstream ${call.upstream}.`);
    return handler(call, emit);
  });
}

/** What happens to it at one upstream, outermost first. */
function atUpstream(parts: UpstreamParts, options: PipelineOptions, deps: PipelineDeps): Handler {
  const { clock, retryBudget, book } = deps;
  const { trackingEnabled, minOutputTokens, unpriced, maxWaitMs } = options;
  const server = serverAddress(parts.upstream.endpoint);
  const stages: readonly Stage[] = [
    retry(options.retry, { ...deps, budget: retryBudget, maxWaitMs }), // attempts at one target
    keys(parts.keys, deps), //            a key that is refused is no failure of the target
    budget(book, { ...deps, minOutputTokens, unpriced }), // reserves going in, settles going out
    rateLimit(parts.limiters, deps), //   every attempt counts at the upstream
    breaker(parts.breakers), //           waiting above is not its business
    upstreamHealth(parts), //             what GetStatus tells of the upstream
    attempt({ ...deps, server }), //      numbers the attempt; its client span and metrics
    metering({ ...deps, costs: { trackingEnabled } }), // what it consumed, into record and ledger
    attemptTimeout(parts.timeouts, clock), // connect, headers, first token, idle
  ];
  return chain(stages, parts.upstream.answer);
}

function chain(stages: readonly Stage[], last: Handler): Handler {
  return stages.reduceRight<Handler>((next, stage) => stage(next), last);
}

function serverAddress(endpoint: string): ServerAddress {
  const { hostname, port, protocol } = new URL(endpoint);
  return { address: hostname, port: Number(port) || (protocol === 'http:' ? 80 : 443) };
}
