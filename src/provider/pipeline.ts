import type { Tracer } from '@opentelemetry/api';
import type { Call, Handler, Stage } from '../core/call.ts';
import type { AttemptSummary } from '../core/call-record.ts';
import type { Clock } from '../core/clock.ts';
import type { ProviderLog } from '../core/provider-log.ts';
import type { BudgetBook } from '../money/budget/book.ts';
import { budget } from '../money/budget/stage.ts';
import type { ResponseCache } from '../money/cache/response-cache.ts';
import { keepAnswer, responseCache } from '../money/cache/stage.ts';
import { accounting } from '../money/ledger/accounting.ts';
import type { Ledger } from '../money/ledger/ledger.ts';
import { metering } from '../money/ledger/metering.ts';
import type { PriceNotices } from '../money/pricing/price-notices.ts';
import type { Repeats } from '../money/repeats/repeats.ts';
import { repeats } from '../money/repeats/stage.ts';
import { coalesce } from '../money/sharing/stage.ts';
import { lastResort } from '../policies/breaker/last-resort.ts';
import { breaker } from '../policies/breaker/stage.ts';
import type { WaitingRoom } from '../policies/breaker/waiting-room.ts';
import { upstreamHealth } from '../policies/health/stage.ts';
import { FirstOutputs } from '../policies/hedge/first-outputs.ts';
import { HedgeMetrics } from '../policies/hedge/hedge-metrics.ts';
import type { HedgeShare } from '../policies/hedge/hedge-share.ts';
import type { HedgeDeps } from '../policies/hedge/hedged-attempt.ts';
import type { HedgeOptions } from '../policies/hedge/options.ts';
import { hedge } from '../policies/hedge/stage.ts';
import { keys } from '../policies/keys/stage.ts';
import { rateLimit } from '../policies/rate-limit/stage.ts';
import type { KeptRegister } from '../policies/recovery/kept-register.ts';
import { resume } from '../policies/recovery/resume.ts';
import { recovery } from '../policies/recovery/stage.ts';
import type { RetryBudget } from '../policies/retry/budget.ts';
import type { RetryOptions } from '../policies/retry/options.ts';
import { type RetryDeps, retry } from '../policies/retry/stage.ts';
import { attemptTimeout } from '../policies/timeouts/stage.ts';
import { fallback } from '../request/route/fallback.ts';
import { fitContext } from '../request/route/fit-context.ts';
import { prepare } from '../request/route/prepare.ts';
import type { Router } from '../request/route/router.ts';
import type { PromptSizes } from '../request/tokens/prompt-sizes.ts';
import type { Instruments } from '../telemetry/instruments.ts';
import type { ModelLabels } from '../telemetry/model-label.ts';
import { attempt } from './observe/attempt.ts';
import type { ServerAddress } from './observe/attempt-attributes.ts';
import { observe } from './observe/observe.ts';
import type { UnknownLog } from './observe/unknown-log.ts';
import { keeperOf, type UpstreamParts } from './upstream-parts.ts';

export interface PipelineOptions {
  readonly retry: RetryOptions;
  readonly hedge: HedgeOptions;
  /** See FallbackOptions. */
  readonly maxWaitMs: number;
  /** Longest wait for open circuits, in ms. */
  readonly circuitWaitMs: number;
  /** Whether usage gets a price and is written to the ledger. */
  readonly trackingEnabled: boolean;
  /** The output limit of a call is not lowered below it to make the call affordable. In tokens. */
  readonly minOutputTokens: number;
  /** Longest wait for what others hold of a budget, in ms. */
  readonly budgetWaitMs: number;
  /** What becomes of calls to models of which no price is known. */
  readonly unpriced: 'refuse' | 'mark';
}

export interface PipelineDeps {
  readonly room: WaitingRoom;
  /** Keeps all of this for a call that has begun, until what it returns is called. */
  readonly enter: () => () => void;
  /** One of them for each name that the router knows. */
  readonly upstreams: readonly UpstreamParts[];
  readonly router: Router;
  readonly retryBudget: RetryBudget;
  /** Over all upstreams. */
  readonly hedgeShare: HedgeShare;
  readonly book: BudgetBook;
  /** Calls that may be repeated. */
  readonly repeats: Repeats;
  /** Answers that upstreams keep. */
  readonly register: KeptRegister;
  /** Absent: it is not configured. */
  readonly cache?: ResponseCache;
  readonly ledger: Ledger;
  readonly sizes: PromptSizes;
  readonly clock: Clock;
  /** For what goes by days and months. Default: `clock`. */
  readonly dated?: Clock;
  /** In [0, 1). */
  readonly random: () => number;
  readonly tracer: Tracer;
  readonly instruments: Instruments;
  readonly labels: ModelLabels;
  readonly priceNotices: Pick<PriceNotices, 'priced'>;
  /** Whether prompts and answers stand on spans. Default false. */
  readonly captureContent?: boolean;
  readonly log: ProviderLog;
  /** Is told of what upstreams send that nobody knows. Default: nobody. */
  readonly unknown?: UnknownLog;
}

/** What happens to a call, outermost first. */
export function createPipeline(options: PipelineOptions, deps: PipelineDeps): Handler {
  const { maxWaitMs } = options;
  const places = new Map(deps.upstreams.map((parts) => [parts.name, parts]));
  const attempts = mapValues(places, (parts) => attemptAt(parts, options, deps));
  const hedging = hedgeDeps(deps, places, attempts);
  const retryDeps = ({ limiters }: UpstreamParts) => {
    const { retryBudget: budget } = deps;
    const isPaced: RetryDeps['isPaced'] = (call, error) => limiters.paces(call, error);
    return { ...deps, budget, maxWaitMs, isPaced };
  };
  const upstreams = mapValues(places, (parts) =>
    chain(
      [
        retry(options.retry, retryDeps(parts)), // attempts at one target
        hedge(options.hedge, hedging(parts)), // a second one beside one that is silent
      ],
      handlerOf(attempts, parts.name),
    ),
  );
  const stages: readonly Stage[] = [
    observe(deps), //            sees rejections too
    prepare(deps.router), //     the cheapest refusal: routes, resolves the model, validates
    fitContext(deps.router), //  what is reserved and estimated is what will be sent
    repeats(deps.repeats), //    a repeat joins the call, or gets its answer
    responseCache(deps.cache), // a hit spends neither budget nor rate
    coalesce(deps), //           identical calls that run at the same time share one
    keepAnswer(deps.cache), //   what it says may be given again
    inUse(deps.enter), //        what it works with stays, also if it goes on for others
    accounting(), //             usage and cost over all attempts, whatever became of them
    recovery(), //               what the caller sees of a break, once the attempts below are used up
    lastResort({ ...deps, maxWaitMs: options.circuitWaitMs }), // where every circuit is open, the next probe is waited for
    fallback(deps), //           over routes: another model, another upstream
  ];
  return chain(stages, (call, emit) => handlerOf(upstreams, call.upstream)(call, emit));
}

/** What an attempt at one upstream passes, outermost first. */
function attemptAt(parts: UpstreamParts, options: PipelineOptions, deps: PipelineDeps): Handler {
  const { clock, book } = deps;
  const { trackingEnabled, minOutputTokens, budgetWaitMs, unpriced } = options;
  const onAttempt = (ended: AttemptSummary, { target }: Call): void => {
    parts.window.note(ended, target.model.id);
  };
  const server = serverAddress(parts.upstream.endpoint);
  const stages: readonly Stage[] = [
    keys(parts.keys, { ...deps, limits: parts.limiters }), // a key that is refused is no failure of the target
    budget(book, { ...deps, minOutputTokens, maxWaitMs: budgetWaitMs, unpriced }), // reserves going in, settles going out
    rateLimit(parts.limiters, deps), //   every attempt counts at the upstream
    breaker(parts.breakers), //           waiting above is not its business
    upstreamHealth(parts), //             what GetStatus tells of the upstream
    attempt({ ...deps, server, onAttempt }), //      numbers the attempt; its client span and metrics
    metering({ ...deps, clock: deps.dated ?? clock, costs: { trackingEnabled } }), // what it consumed, into record and ledger
    resume(options.retry, { ...deps, keeper: keeperOf(parts) }), // a break of an answer that the upstream keeps
    attemptTimeout(parts.timeouts, clock), // connect, headers, first token, idle
  ];
  return chain(stages, parts.upstream.answer);
}

/** What hedging at each upstream needs. */
function hedgeDeps(
  { clock, router, instruments, hedgeShare: share }: PipelineDeps,
  places: ReadonlyMap<string, UpstreamParts>,
  attempts: ReadonlyMap<string, Handler>,
): (parts: UpstreamParts) => HedgeDeps {
  const metrics = new HedgeMetrics(instruments);
  return ({ window }) => ({
    clock,
    router,
    share,
    metrics,
    firstOutputs: new FirstOutputs(window, clock),
    attemptsAt: (upstream) => handlerOf(attempts, upstream),
    isCalm: ({ upstream, target: { model } }) => {
      const parts = places.get(upstream);
      return (
        parts !== undefined &&
        !parts.limiters.hasQueue(model.id) &&
        parts.breakers.state(model.id) === 'closed'
      );
    },
  });
}

function handlerOf(handlers: ReadonlyMap<string, Handler>, upstream: string): Handler {
  const handler = handlers.get(upstream);
  if (handler === undefined) throw new Error(`There is no upstream ${upstream}.`);
  return handler;
}

function mapValues<V, W>(map: ReadonlyMap<string, V>, make: (value: V) => W): Map<string, W> {
  return new Map([...map].map(([key, value]) => [key, make(value)]));
}

function chain(stages: readonly Stage[], last: Handler): Handler {
  return stages.reduceRight<Handler>((next, stage) => stage(next), last);
}

export function serverAddress(endpoint: string): ServerAddress {
  const { hostname, port, protocol } = new URL(endpoint);
  return { address: hostname, port: Number(port) || (protocol === 'http:' ? 80 : 443) };
}

/** Keeps what calls work with, until they have ended. @param enter returns what lets go */
function inUse(enter: () => () => void): Stage {
  return (next) => async (call, emit) => {
    const leave = enter();
    try {
      return await next(call, emit);
    } finally {
      leave();
    }
  };
}
