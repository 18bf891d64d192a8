import { setImmediate as nextTurn } from 'node:timers/promises';
import { type Call, type Handler, newCallRecord } from '../../src/core/call.ts';
import type { ErrorReason } from '../../src/core/error-kinds.ts';
import { ProviderError } from '../../src/core/errors.ts';
import { isOutput } from '../../src/core/events.ts';
import { pause } from '../../src/core/pause.ts';
import { SILENT } from '../../src/core/provider-log.ts';
import { BudgetBook } from '../../src/money/budget/book.ts';
import { localAccounts } from '../../src/money/budget/local-accounts.ts';
import { noLedger } from '../../src/money/ledger/no-ledger.ts';
import { Repeats } from '../../src/money/repeats/repeats.ts';
import { type BreakerOptions, DEFAULT_BREAKER } from '../../src/policies/breaker/options.ts';
import { WaitingRoom } from '../../src/policies/breaker/waiting-room.ts';
import { HedgeShare } from '../../src/policies/hedge/hedge-share.ts';
import { DEFAULT_HEDGE, type HedgeOptions } from '../../src/policies/hedge/options.ts';
import { localSource } from '../../src/policies/rate-limit/local-source.ts';
import type { RateLimitOptions } from '../../src/policies/rate-limit/options.ts';
import { RetryBudget } from '../../src/policies/retry/budget.ts';
import { DEFAULT_RETRY, type RetryOptions } from '../../src/policies/retry/options.ts';
import { connect } from '../../src/provider/connection.ts';
import { createPipeline } from '../../src/provider/pipeline.ts';
import { createUpstreamParts } from '../../src/provider/upstream-parts.ts';
import { createCatalogue } from '../../src/request/catalogue/catalogue.ts';
import { NO_HOSTED_TOOLS } from '../../src/request/fit/hosted-tool-options.ts';
import { DEFAULT_FALLBACK } from '../../src/request/route/options.ts';
import { PromptSizes } from '../../src/request/tokens/prompt-sizes.ts';
import { ModelLabels } from '../../src/telemetry/model-label.ts';
import { aRouter, asking, OPENAI } from '../request/route/a-router.ts';
import { completed, started, text } from '../support/events.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { nothingKept } from '../support/kept.ts';
import { aModel } from '../support/models.ts';
import { random as randomOf } from '../support/random.ts';

/** What an upstream does with one request, at a moment. */
export type Conduct =
  /** First output and end, each after so many ms from the request. */
  | { readonly firstMs: number; readonly totalMs: number; readonly breaksMs?: number }
  | { readonly fails: ErrorReason; readonly afterMs?: number; readonly retryAfterMs?: number }
  /** Takes the request and says nothing. */
  | 'silence';

/** @param atMs since the beginning of the load. @param random in [0, 1) */
export type Upstream = (atMs: number, random: () => number) => Conduct;

/** A load on upstreams. Everything that is not said is as a user has it who configured nothing. */
export interface Load {
  readonly upstreams: Readonly<Record<string, Upstream>>;
  readonly callsPerSecond: number;
  readonly seconds: number;
  readonly deadlineMs: number;
  readonly seed?: number;
  /** For ablations. */
  readonly breaker?: Partial<BreakerOptions>;
  readonly rateLimit?: Partial<RateLimitOptions>;
  readonly retry?: Partial<RetryOptions>;
  readonly hedge?: Partial<HedgeOptions>;
}

export interface Result {
  readonly calls: number;
  readonly succeeded: number;
  /** Of the calls, 0 to 1. */
  readonly share: number;
  readonly reasons: Readonly<Record<string, number>>;
  readonly requests: number;
  /** Answers that were not whole, or said twice. Must be 0. */
  readonly spoiled: number;
  /** Of those that succeeded, ms until 99 of a hundred had their first output. */
  readonly firstP99Ms: number;
}

const MODEL = 'gpt-default';
const CATALOGUE = createCatalogue('test', [aModel({ id: MODEL, maxOutputTokens: 100 })]);
const FIRST = 'Hello';
const LAST = ' you';
const WHOLE = /^Hello\.* you$/;
/** Between two pieces of an answer. */
const PIECE_MS = 5_000;

/** Puts the load on the pipeline as it is, on a simulated clock. */
export async function simulate(load: Load): Promise<Result> {
  const clock = new FakeClock();
  const random = randomOf(load.seed ?? 1);
  const startedAt = clock.now();
  const names = Object.keys(load.upstreams);
  let requests = 0;
  const { router, telemetry } = aRouter(
    { upstreams: new Map(names.map((name) => [name, OPENAI])) },
    {},
    { catalogue: () => CATALOGUE, clock },
  );
  const { tracer, instruments } = telemetry;
  const room = new WaitingRoom(clock);
  const sizes = new PromptSizes(
    {
      count: async (model) => ({
        inputTokens: 20,
        estimated: false,
        model,
        tokenizer: 'test',
        contextWindow: 0,
      }),
      countText: async () => 7,
    },
    clock,
  );
  const deps = {
    clock,
    random,
    sizes,
    instruments,
    labels: new ModelLabels([]),
    priceNotices: { priced: () => {} },
    log: SILENT,
    maxWaitMs: DEFAULT_FALLBACK.maxWaitMs,
    newSource: localSource,
    room,
    hostedTools: NO_HOSTED_TOOLS,
    upstreamMessages: true,
    traceState: false,
    enter: () => () => {},
  };
  const upstreams = names.map((name) => {
    const options = {
      keys: [{ secret: 'k', weight: 1 }],
      baseUrl: 'http://127.0.0.1:9',
      ...(load.breaker && { breaker: load.breaker }),
      ...(load.rateLimit && { rateLimit: load.rateLimit }),
    };
    const parts = createUpstreamParts(name, options, connect(options, deps), {
      ...deps,
      catalogue: () => CATALOGUE,
    });
    const behave = load.upstreams[name] as Upstream;
    const answer: Handler = async (call, emit) => {
      requests += 1;
      call.onProgress('connected');
      return play(behave(clock.now() - startedAt, random), call, emit, clock);
    };
    return { ...parts, upstream: { ...parts.upstream, answer } };
  });
  const retry = { ...DEFAULT_RETRY, ...load.retry };
  const pipeline = createPipeline(
    {
      retry,
      hedge: { ...DEFAULT_HEDGE, ...load.hedge },
      maxWaitMs: deps.maxWaitMs,
      circuitWaitMs: { ...DEFAULT_BREAKER, ...load.breaker }.maxWaitMs,
      trackingEnabled: false,
      minOutputTokens: 16,
      budgetWaitMs: 60_000,
      unpriced: 'mark',
    },
    {
      ...deps,
      upstreams,
      router,
      retryBudget: new RetryBudget(retry, clock),
      hedgeShare: new HedgeShare(load.hedge?.maxShare ?? DEFAULT_HEDGE.maxShare),
      book: new BudgetBook({ budgets: [], minOutputTokens: 16 }, localAccounts(noLedger(), []), {
        clock,
        instruments,
        log: SILENT,
      }),
      ledger: noLedger(),
      repeats: new Repeats(clock),
      register: nothingKept(clock),
      catalogue: () => CATALOGUE,
      tracer,
    },
  );
  const others = names.slice(1);
  const outcomes: Outcome[] = [];
  const due = arrivals(load, random).map((ms) => startedAt + ms);
  let running = 0;
  const begin = () => {
    running += 1;
    void oneCall(pipeline, load.deadlineMs, others, clock).then((outcome) => {
      outcomes.push(outcome);
      running -= 1;
    });
  };
  while (due.length > 0 || running > 0) {
    const next = Math.min(due[0] ?? Number.POSITIVE_INFINITY, clock.nextDue);
    if (next > clock.now() && Number.isFinite(next)) clock.advance(next - clock.now());
    while (due.length > 0 && (due[0] as number) <= clock.now()) {
      due.shift();
      begin();
    }
    await nextTurn();
  }
  for (const parts of upstreams) parts.breakers.close();
  room.close();
  return sum(outcomes, requests);
}

interface Outcome {
  readonly reason: string;
  readonly spoiled: boolean;
  readonly firstMs: number;
}

async function oneCall(
  pipeline: Handler,
  deadlineMs: number,
  others: readonly string[],
  clock: FakeClock,
): Promise<Outcome> {
  const since = clock.now();
  const controller = new AbortController();
  const timer = clock.after(deadlineMs, () =>
    controller.abort(new ProviderError('DEADLINE_EXCEEDED')),
  );
  let said = '';
  let firstMs = Number.NaN;
  const request = {
    messages: [{ role: 'user' as const, content: 'Hi' }],
    model: MODEL,
    ...(others.length > 0 && { fallbackModels: others }),
  };
  const call: Call = {
    ...asking(request),
    recovery: 'restart',
    deadline: since + deadlineMs,
    signal: controller.signal,
    record: newCallRecord(since),
  };
  try {
    await pipeline(call, (event) => {
      if (event.type === 'attemptReset') said = '';
      else if (event.type === 'textDelta') said += event.text;
      if (isOutput(event) && Number.isNaN(firstMs)) firstMs = clock.now() - since;
    });
    return { reason: 'OK', spoiled: !WHOLE.test(said), firstMs };
  } catch (error) {
    return { reason: ProviderError.from(error).reason, spoiled: false, firstMs };
  } finally {
    timer.cancel();
  }
}

const play = async (
  conduct: Conduct,
  call: Call,
  emit: Parameters<Handler>[1],
  clock: FakeClock,
) => {
  if (conduct === 'silence') return pause(1e9, call.signal, clock).then(never);
  if ('fails' in conduct) {
    await pause(conduct.afterMs ?? 20, call.signal, clock);
    const { fails, retryAfterMs } = conduct;
    throw new ProviderError(fails, {
      ...(fails !== 'NETWORK_ERROR' && {
        upstreamStatus: fails === 'RATE_LIMIT_EXCEEDED' ? 429 : 503,
      }),
      ...(retryAfterMs !== undefined && { retryAfterMs }),
    });
  }
  const { firstMs, totalMs, breaksMs } = conduct;
  const pieces = Math.ceil((totalMs - firstMs) / PIECE_MS);
  await pause(Math.min(100, firstMs), call.signal, clock);
  call.onProgress('headers');
  await pause(Math.max(0, firstMs - 100), call.signal, clock);
  emit(started());
  emit(text(FIRST));
  if (breaksMs !== undefined) {
    await pause(breaksMs - firstMs, call.signal, clock);
    throw new ProviderError('NETWORK_ERROR');
  }
  for (let piece = 1; piece <= pieces; piece += 1) {
    await pause((totalMs - firstMs) / pieces, call.signal, clock);
    emit(text(piece === pieces ? LAST : '.'));
  }
  return completed();
};

function never(): never {
  throw new Error('The silence ended.');
}

/** Poisson arrivals, in ms from the beginning. */
function arrivals({ callsPerSecond, seconds }: Load, random: () => number): number[] {
  const times: number[] = [];
  for (let at = 0; ; ) {
    at += (-Math.log(1 - random()) * 1_000) / callsPerSecond;
    if (at >= seconds * 1_000) return times;
    times.push(at);
  }
}

function sum(outcomes: readonly Outcome[], requests: number): Result {
  const reasons: Record<string, number> = {};
  for (const { reason } of outcomes) reasons[reason] = (reasons[reason] ?? 0) + 1;
  const succeeded = reasons.OK ?? 0;
  const firsts = outcomes
    .filter(({ reason }) => reason === 'OK')
    .map(({ firstMs }) => firstMs)
    .sort((a, b) => a - b);
  return {
    calls: outcomes.length,
    succeeded,
    share: succeeded / outcomes.length,
    reasons,
    requests,
    spoiled: outcomes.filter(({ spoiled }) => spoiled).length,
    firstP99Ms: Math.round(firsts[Math.floor(firsts.length * 0.99)] ?? Number.NaN),
  };
}
