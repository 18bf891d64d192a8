import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Call, Handler } from '../../src/core/call.ts';
import { newCallRecord } from '../../src/core/call-record.ts';
import { ProviderError } from '../../src/core/errors.ts';
import { isOutput } from '../../src/core/events.ts';
import { SILENT } from '../../src/core/provider-log.ts';
import { BudgetBook } from '../../src/money/budget/book.ts';
import { localAccounts } from '../../src/money/budget/local-accounts.ts';
import { noLedger } from '../../src/money/ledger/no-ledger.ts';
import { Repeats } from '../../src/money/repeats/repeats.ts';
import { DEFAULT_BREAKER } from '../../src/policies/breaker/options.ts';
import { WaitingRoom } from '../../src/policies/breaker/waiting-room.ts';
import { HedgeShare } from '../../src/policies/hedge/hedge-share.ts';
import { DEFAULT_HEDGE } from '../../src/policies/hedge/options.ts';
import { localSource } from '../../src/policies/rate-limit/local-source.ts';
import { RetryBudget } from '../../src/policies/retry/budget.ts';
import { DEFAULT_RETRY } from '../../src/policies/retry/options.ts';
import { connectTo } from '../../src/provider/connection.ts';
import { createPipeline } from '../../src/provider/pipeline.ts';
import { createUpstreamParts, type UpstreamParts } from '../../src/provider/upstream-parts.ts';
import { createCatalogue } from '../../src/request/catalogue/catalogue.ts';
import { NO_HOSTED_TOOLS } from '../../src/request/fit/hosted-tool-options.ts';
import { DEFAULT_FALLBACK, type SharedRoute } from '../../src/request/route/options.ts';
import { PromptSizes } from '../../src/request/tokens/prompt-sizes.ts';
import { ModelLabels } from '../../src/telemetry/model-label.ts';
import { aRouter, asking, OPENAI } from '../request/route/a-router.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { nothingKept } from '../support/kept.ts';
import { aModel, aReasoningModel } from '../support/models.ts';
import { random as randomOf } from '../support/random.ts';
import {
  arrivals,
  type CallEnd,
  type CallKind,
  isWhole,
  type Load,
  MODEL,
  OTHER_MODEL,
  REASONING_MODEL,
  type Result,
  sum,
  type Upstream,
} from './load.ts';
import { play } from './play.ts';

const CATALOGUE = createCatalogue('test', [
  aModel({ id: MODEL, maxOutputTokens: 100 }),
  aModel({ id: OTHER_MODEL, maxOutputTokens: 100 }),
  aReasoningModel({ id: REASONING_MODEL }),
]);

/** Puts the load on the pipeline as it is, on a simulated clock. */
export async function simulate(load: Load): Promise<Result> {
  const clock = new FakeClock();
  const random = randomOf(load.seed ?? 1);
  const startedAt = clock.now();
  const names = Object.keys(load.upstreams);
  const requestsOf = new Map(names.map((name) => [name, 0]));
  const partsOf = new Map<string, UpstreamParts>();
  const { router, telemetry } = aRouter(
    { upstreams: new Map(names.map((name) => [name, OPENAI])), shared: sharedBy(load) },
    {},
    {
      catalogue: () => CATALOGUE,
      clock,
      partOf: (name, model) => partsOf.get(name)?.partOf(model) ?? 0,
    },
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
      keys: Array.from({ length: load.keys ?? 1 }, (_, key) => ({ secret: `k${key}`, weight: 1 })),
      baseUrl: 'http://127.0.0.1:9',
      ...(load.breaker && { breaker: load.breaker }),
      ...(load.rateLimit && { rateLimit: load.rateLimit }),
      ...(load.timeouts && { timeouts: load.timeouts }),
    };
    const parts = createUpstreamParts(name, options, connectTo(options, deps), {
      ...deps,
      catalogue: () => CATALOGUE,
    });
    partsOf.set(name, parts);
    const behave = load.upstreams[name] as Upstream;
    let answering = 0;
    const answer: Handler = async (call, emit) => {
      requestsOf.set(name, (requestsOf.get(name) ?? 0) + 1);
      call.onProgress('connected');
      answering += 1;
      try {
        const { request, target, key } = call;
        const user = request.metadata?.user_id;
        const asked = { key, running: answering, model: target.model.id, user };
        return await play(behave(clock.now() - startedAt, random, asked), call, emit, clock);
      } finally {
        answering -= 1;
      }
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
      tracer,
    },
  );
  const others = load.weights ? [] : names.slice(1);
  const ends: CallEnd[] = [];
  const due = arrivals(load, random).map(({ atMs, kind }) => ({ at: startedAt + atMs, kind }));
  let running = 0;
  const begin = (kind: CallKind) => {
    running += 1;
    void oneCall(pipeline, { deadlineMs: load.deadlineMs, ...kind }, others, clock).then((end) => {
      ends.push(end);
      running -= 1;
    });
  };
  while (due.length > 0 || running > 0) {
    const next = Math.min(due[0]?.at ?? Number.POSITIVE_INFINITY, clock.nextDue);
    if (next > clock.now() && Number.isFinite(next)) clock.advance(next - clock.now());
    for (let first = due[0]; first && first.at <= clock.now(); first = due[0]) {
      due.shift();
      begin(first.kind);
    }
    await nextTurn();
  }
  for (const parts of upstreams) parts.breakers.close();
  room.close();
  return sum(ends, Object.fromEntries(requestsOf));
}

function sharedBy({ weights }: Load): SharedRoute[] {
  if (weights === undefined) return [];
  const targets = Object.entries(weights).map(([target, weight]) => ({ target, weight }));
  return [{ pattern: '*', targets }];
}

async function oneCall(
  pipeline: Handler,
  { name, deadlineMs, model = MODEL, user }: CallKind & { readonly deadlineMs: number },
  others: readonly string[],
  clock: FakeClock,
): Promise<CallEnd> {
  const since = clock.now();
  const controller = new AbortController();
  const timer = clock.after(deadlineMs, () =>
    controller.abort(new ProviderError('DEADLINE_EXCEEDED')),
  );
  let said = '';
  let firstMs = Number.NaN;
  const request = {
    messages: [{ role: 'user' as const, content: 'Hi' }],
    model,
    ...(user !== undefined && { metadata: { user_id: user } }),
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
    return { reason: 'OK', spoiled: !isWhole(said), firstMs, kind: name };
  } catch (error) {
    return { reason: ProviderError.from(error).reason, spoiled: false, firstMs, kind: name };
  } finally {
    timer.cancel();
  }
}
