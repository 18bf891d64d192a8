import { getEventListeners } from 'node:events';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Call, Handler, StreamRecovery } from '../../src/core/call.ts';
import { newCallRecord } from '../../src/core/call-record.ts';
import type { ErrorReason } from '../../src/core/error-kinds.ts';
import { ProviderError } from '../../src/core/errors.ts';
import { pause } from '../../src/core/pause.ts';
import { SILENT } from '../../src/core/provider-log.ts';
import { pull } from '../../src/core/pull.ts';
import { BudgetBook } from '../../src/money/budget/book.ts';
import { localAccounts } from '../../src/money/budget/local-accounts.ts';
import type { LedgerEntry, LedgerOpening } from '../../src/money/ledger/ledger.ts';
import { noLedger } from '../../src/money/ledger/no-ledger.ts';
import { Repeats } from '../../src/money/repeats/repeats.ts';
import { WaitingRoom } from '../../src/policies/breaker/waiting-room.ts';
import { HedgeShare } from '../../src/policies/hedge/hedge-share.ts';
import { DEFAULT_HEDGE, type HedgeOptions } from '../../src/policies/hedge/options.ts';
import { localSource } from '../../src/policies/rate-limit/local-source.ts';
import { RetryBudget } from '../../src/policies/retry/budget.ts';
import { DEFAULT_RETRY } from '../../src/policies/retry/options.ts';
import { connectTo } from '../../src/provider/connection.ts';
import type { UpstreamOptions } from '../../src/provider/options.ts';
import { createPipeline } from '../../src/provider/pipeline.ts';
import { createUpstreamParts } from '../../src/provider/upstream-parts.ts';
import { createCatalogue } from '../../src/request/catalogue/catalogue.ts';
import { NO_HOSTED_TOOLS } from '../../src/request/fit/hosted-tool-options.ts';
import { PromptSizes } from '../../src/request/tokens/prompt-sizes.ts';
import { ModelLabels } from '../../src/telemetry/model-label.ts';
import { aBudget, settled } from '../money/budget/books.ts';
import { aRouter, asking } from '../request/route/a-router.ts';
import { completed, started, text } from '../support/events.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { nothingKept } from '../support/kept.ts';
import { fewOrMany } from '../support/long.ts';
import { aModel } from '../support/models.ts';

const PRICES = { currency: 'USD', standard: { input: '1', output: '10' }, history: [] } as const;
const CATALOGUE = createCatalogue('test', [
  aModel({ id: 'gpt-default', maxOutputTokens: 100, prices: PRICES }),
]);

const RUNS = fewOrMany(60, 1_500);
/** Fixed, so that a failure is the change's and not the day's. */
const SEED = Number(process.env.FUZZ_SEED ?? 20_261_128);

const MOST_PATIENCE_MS = 40_000;
const LONGEST_HOLD_MS = 10_000;
/** Until the attempt's time-outs end it. */
const FOR_EVER_MS = 1e9;

/** What an attempt does: so many pieces of output, each after a while, and then how it ends. */
interface Behaviour {
  readonly pieces: number;
  readonly delayMs: number;
  readonly ending: 'completed' | 'silence' | ErrorReason;
}

/** What a caller does. */
interface Caller {
  readonly recovery: StreamRecovery;
  readonly way: 'reads' | 'aborts' | 'returns' | 'both';
  /** When it leaves in this way, unless it reads to the end. */
  readonly afterMs: number;
  /** When it stops to take events, and for how long. Never: it is one that returns. */
  readonly holdsAfterMs: number;
  readonly holdsMs: number;
  readonly maxTokens: number | undefined;
  readonly fallback: boolean;
}

const behaviour: fc.Arbitrary<Behaviour> = fc.record({
  pieces: fc.nat(3),
  delayMs: fc.nat(5_000),
  ending: fc.oneof(
    { weight: 3, arbitrary: fc.constant('completed' as const) },
    {
      weight: 4,
      arbitrary: fc.constantFrom<Behaviour['ending']>(
        'silence',
        'RATE_LIMIT_EXCEEDED',
        'SERVICE_UNAVAILABLE',
        'NETWORK_ERROR',
        'INVALID_API_KEY',
        'QUOTA_EXCEEDED',
        'INVALID_REQUEST',
      ),
    },
  ),
});

const scripts = fc.array(behaviour, { minLength: 1, maxLength: 8 });

const caller: fc.Arbitrary<Caller> = fc.record({
  recovery: fc.constantFrom<StreamRecovery>('fail', 'restart', 'hold_back'),
  way: fc.constantFrom('reads', 'aborts', 'returns', 'both'),
  afterMs: fc.nat(MOST_PATIENCE_MS),
  holdsAfterMs: fc.nat(MOST_PATIENCE_MS),
  holdsMs: fc.nat(LONGEST_HOLD_MS),
  maxTokens: fc.option(fc.integer({ min: 16, max: 100 }), { nil: undefined }),
  fallback: fc.boolean(),
});

/** Off, or as often as may be. */
const hedging = fc.constantFrom<HedgeOptions>(
  DEFAULT_HEDGE,
  { ...DEFAULT_HEDGE, after: { ms: 1_000 }, to: 'same', maxShare: 1 },
  { ...DEFAULT_HEDGE, after: { ms: 1_000 }, to: 'chain', maxShare: 1 },
);

const callers = fc.array(caller, { minLength: 1, maxLength: 12 });

/** Plays one behaviour per attempt, in turn. */
function scripted(script: readonly Behaviour[], clock: FakeClock): Handler {
  let attempts = 0;
  return async (call, emit) => {
    const { pieces, delayMs, ending } = script[attempts++ % script.length] ?? never();
    call.onProgress('connected');
    await pause(delayMs, call.signal, clock);
    call.onProgress('headers');
    emit(started());
    for (let piece = 0; piece < pieces; piece += 1) {
      emit(text('a piece of it'));
      await pause(delayMs, call.signal, clock);
    }
    if (ending === 'completed') return completed();
    if (ending === 'silence') await pause(FOR_EVER_MS, call.signal, clock);
    throw new ProviderError(ending === 'silence' ? 'INTERNAL' : ending, { upstreamStatus: 500 });
  };
}

function never(): never {
  throw new Error('There is nothing to play.');
}

function setUp(script: readonly Behaviour[], hedge: HedgeOptions) {
  const clock = new FakeClock();
  const { router, telemetry } = aRouter({}, {}, { catalogue: () => CATALOGUE, clock });
  const { tracer, instruments } = telemetry;
  const entries: { ends: number; attempt: string }[] = [];
  const ledger = {
    ...noLedger(),
    open: ({ callId, attempt }: LedgerOpening): LedgerEntry => {
      const entry = { ends: 0, attempt: `${callId}/${attempt}` };
      entries.push(entry);
      const end = () => {
        entry.ends += 1;
      };
      return { sent: () => {}, progress: () => {}, settle: end, void: end };
    },
  };
  const sizes = new PromptSizes(
    {
      count: async (model, _, __, signal) => {
        signal.throwIfAborted();
        return { inputTokens: 20, estimated: false, model, tokenizer: 'test', contextWindow: 0 };
      },
      countText: async () => 7,
    },
    clock,
  );
  // For three or four of the longest answers at once.
  const definitions = [aBudget({ limit: 4_000_000_000n, period: 'day' })];
  const book = new BudgetBook(
    { budgets: definitions, minOutputTokens: 16 },
    localAccounts(noLedger(), definitions),
    { clock, instruments, log: SILENT },
  );
  const labels = new ModelLabels([]);
  const keys = ['a', 'b', 'c'].map((secret) => ({ secret, weight: 1 }));
  const options: UpstreamOptions = {
    keys,
    baseUrl: 'http://127.0.0.1:9',
    rateLimit: { requestsPerMinute: 120, tokensPerMinute: 20_000, maxConcurrent: 3, maxQueued: 5 },
    breaker: { openForMs: 1 },
  };
  const maxWaitMs = 2_000;
  const deps = {
    clock,
    random: () => 0.5,
    sizes,
    instruments,
    labels,
    priceNotices: { priced: () => {} },
    log: SILENT,
    maxWaitMs,
    hostedTools: NO_HOSTED_TOOLS,
    upstreamMessages: true,
    traceState: false,
    enter: () => () => {},
    newSource: localSource,
    room: new WaitingRoom(clock),
  };
  const upstreams = ['default', 'azure'].map((name) => {
    const parts = createUpstreamParts(name, options, connectTo(options, deps), {
      ...deps,
      catalogue: () => CATALOGUE,
    });
    return { ...parts, upstream: { ...parts.upstream, answer: scripted(script, clock) } };
  });
  const pipeline = createPipeline(
    {
      retry: DEFAULT_RETRY,
      hedge,
      maxWaitMs,
      circuitWaitMs: 5_000,
      trackingEnabled: true,
      minOutputTokens: 16,
      budgetWaitMs: 60_000,
      unpriced: 'mark',
    },
    {
      ...deps,
      upstreams,
      router,
      retryBudget: new RetryBudget(DEFAULT_RETRY, clock),
      hedgeShare: new HedgeShare(hedge.maxShare),
      book,
      ledger,
      repeats: new Repeats(clock),
      register: nothingKept(clock),
      tracer,
    },
  );
  return { clock, pipeline, book, upstreams, entries, telemetry };
}

function callOf(
  { recovery, maxTokens, fallback }: Caller,
  index: number,
  signal: AbortSignal,
): Call {
  const request = {
    ...(maxTokens === undefined ? {} : { maxTokens }),
    ...(fallback ? { fallbackModels: ['azure'] } : {}),
  };
  return asking(request, { id: `call-${index}`, recovery, signal, record: newCallRecord(0) });
}

/** Makes a call and takes its events as the caller does. */
async function read(
  caller: Caller,
  pipeline: Handler,
  call: Call,
  { abort, onLate }: { readonly abort: () => void; readonly onLate: () => void },
  clock: FakeClock,
): Promise<void> {
  const { way, afterMs } = caller;
  try {
    if (way === 'returns' || way === 'both') {
      const events = pull(
        (emit, flow, signal) => pipeline({ ...call, flow, signal }, emit),
        call.signal,
      );
      clock.after(afterMs, () => {
        if (way === 'both') abort();
        void events.return?.();
      });
      while (!(await events.next()).done);
    } else {
      if (way === 'aborts') clock.after(afterMs, abort);
      hold(caller, call, clock);
      await taken(pipeline, call, onLate);
    }
  } catch (error) {
    expect(error).toBeInstanceOf(ProviderError);
    expect(error).not.toMatchObject({ reason: 'INTERNAL' });
  }
}

/** Takes no events for a while. */
function hold({ holdsAfterMs, holdsMs }: Caller, { flow }: Call, clock: FakeClock): void {
  clock.after(holdsAfterMs, () => {
    flow.hold();
    clock.after(holdsMs, () => flow.release());
  });
}

/** An answer whose events are taken as they come; those that come after its end are told. */
async function taken(pipeline: Handler, call: Call, onLate: () => void): Promise<void> {
  let isOver = false;
  try {
    await pipeline(call, () => {
      if (isOver) onLate();
    });
  } finally {
    isOver = true;
  }
}

/** Lets time pass until all is over, and everybody has left. */
async function playOut(clock: FakeClock, reading: readonly Promise<void>[]): Promise<void> {
  let isOver = false;
  const over = Promise.all(reading).finally(() => {
    isOver = true;
  });
  while (!isOver) {
    await settled();
    clock.advance(500);
  }
  await over;
  clock.advance(MOST_PATIENCE_MS + LONGEST_HOLD_MS);
  await settled();
}

describe('a call', () => {
  it('leaves nothing behind, however and whenever it ends', async () => {
    let waited = 0;
    let retried = 0;
    const hedged = new Set<string | undefined>();
    const property = fc.asyncProperty(scripts, hedging, callers, async (script, how, everybody) => {
      const { clock, pipeline, book, upstreams, entries, telemetry } = setUp(script, how);
      let late = 0;
      const onLate = () => {
        late += 1;
      };
      const begun = everybody.map((caller, index) => {
        const controller = new AbortController();
        return { caller, controller, call: callOf(caller, index, controller.signal) };
      });
      await playOut(
        clock,
        begun.map(({ caller, controller, call }) => {
          return read(caller, pipeline, call, { abort: () => controller.abort(), onLate }, clock);
        }),
      );

      expect(book.states({})).toMatchObject([{ reserved: 0n }]);
      const loads = upstreams.flatMap((parts) => parts.status().models);
      expect(loads.filter(({ running, queued }) => running + queued > 0)).toEqual([]);
      expect(entries.filter(({ ends }) => ends !== 1)).toEqual([]);
      expect(new Set(entries.map(({ attempt }) => attempt)).size).toBe(entries.length);
      expect(clock.pending).toBe(0);
      expect(late).toBe(0);
      const listeners = begun.flatMap(({ call }) => getEventListeners(call.signal, 'abort'));
      expect(listeners).toEqual([]);
      const active = await telemetry.measured('tamma.provider.active_calls');
      expect(active).toMatchObject([{ value: 0 }]);

      for (const { call } of begun) {
        const { record } = call;
        expect(record.attempts).toBe(record.numbers.last);
        expect(record.attemptLog).toHaveLength(record.attempts);
        hedged.add(record.hedge);
        waited += call.record.queuedMs > 0 ? 1 : 0;
        retried += call.record.attempts > 1 ? 1 : 0;
      }
      for (const { state, connection } of upstreams) {
        state.hold();
        connection.upstream.hold();
        await Promise.all([state.release(), connection.upstream.release()]);
      }
    });
    await fc.assert(property, { numRuns: RUNS, seed: SEED });
    // Else nothing was seen of what this is about.
    expect(waited).toBeGreaterThan(0);
    expect(retried).toBeGreaterThan(0);
    expect([...hedged]).toEqual(expect.arrayContaining(['won', 'lost']));
  });
});
