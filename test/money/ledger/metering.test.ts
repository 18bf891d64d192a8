import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { ROOT_CONTEXT, type SpanContext, TraceFlags, trace } from '@opentelemetry/api';
import { decode, encode } from 'gpt-tokenizer/encoding/o200k_base';
import type { Call, Handler } from '../../../src/core/call.ts';
import { type Charge, newCallRecord } from '../../../src/core/call-record.ts';
import { ProviderError } from '../../../src/core/errors.ts';
import type { ProviderEvent } from '../../../src/core/events.ts';
import { unknownModel } from '../../../src/core/model.ts';
import type { Ledger, LedgerOpening } from '../../../src/money/ledger/ledger.ts';
import { metering } from '../../../src/money/ledger/metering.ts';
import { noLedger } from '../../../src/money/ledger/no-ledger.ts';
import { PromptSizes } from '../../../src/request/tokens/prompt-sizes.ts';
import { TokenCounter } from '../../../src/request/tokens/token-counter.ts';
import { ATTRIBUTE } from '../../../src/telemetry/attributes.ts';
import { METRICS } from '../../../src/telemetry/metrics.ts';
import { ModelLabels } from '../../../src/telemetry/model-label.ts';
import {
  aCall,
  completed,
  drain,
  replay,
  scripted,
  started,
  text,
  usage,
} from '../../support/events.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { aModel } from '../../support/models.ts';
import { TelemetryProbe } from '../../support/telemetry.ts';

const PROMPT = 5;
const NOW = Date.UTC(2026, 0, 1);

/** A dollar per million tokens of input, two for output, twice that in priority. */
const MODEL = aModel({
  prices: {
    currency: 'USD',
    standard: { input: '1', output: '2' },
    priority: { input: '2', output: '4' },
    history: [],
  },
});

/** What became of an attempt in the ledger: amounts are tokens of progress. */
type LedgerLine = LedgerOpening | number | Charge | 'void';

class LedgerProbe implements Pick<Ledger, 'open'> {
  readonly lines: LedgerLine[] = [];

  open(opening: LedgerOpening) {
    this.lines.push(opening);
    return {
      sent: () => {},
      progress: (outputTokens: number) => void this.lines.push(outputTokens),
      settle: (charge: Charge) => void this.lines.push(charge),
      void: () => void this.lines.push('void'),
    };
  }
}

/** Counts `PROMPT` tokens of any prompt, and a token per letter of the answer. */
const letters = new PromptSizes({
  count: async (model) => ({
    inputTokens: PROMPT,
    estimated: false,
    model,
    tokenizer: 'o200k_base',
    contextWindow: 0,
  }),
  countText: async (_model, written) => written.length,
});

function setUp({ trackingEnabled = true, sizes = letters } = {}) {
  const clock = new FakeClock(NOW);
  const ledger = new LedgerProbe();
  const probe = new TelemetryProbe();
  const stage = metering({
    clock,
    sizes,
    ledger: {
      open: (opening) => ledger.open(opening),
      sums: () => Promise.reject(new Error('not asked')),
      spending: () => [],
      kept: noLedger().kept,
      status: () => ({ since: 0, pending: 0, lost: 0 }),
      close: async () => {},
    },
    instruments: probe.instruments,
    labels: new ModelLabels([]),
    priceNotices: { priced: () => {} },
    costs: { trackingEnabled },
  });
  return { clock, ledger, probe, stage };
}

function attemptOf(fields: Partial<Call> = {}): Call {
  const target = { model: MODEL, surface: 'chat_completions', catalogueVersion: 'v1' } as const;
  return aCall({ attempt: 1, target, ...fields });
}

/** Connects, then yields the events; an Error among them is thrown. */
function connected(...events: readonly (ProviderEvent | Error)[]): Handler {
  return (call, emit) => {
    call.onProgress('connected');
    return replay(...events)(call, emit);
  };
}

/** Runs an attempt and tells what it was charged. */
async function meter(
  handler: Handler,
  { call = attemptOf(), ...options }: { call?: Call; trackingEnabled?: boolean } = {},
) {
  const set = setUp(options);
  const { events, error } = await drain((emit) => set.stage(handler)(call, emit));
  return { ...set, events, error, charges: call.record.charges, charge: call.record.charges[0] };
}

function aborted(reason: ProviderError): Call {
  return attemptOf({ signal: AbortSignal.abort(reason) });
}

describe('metering an answer', () => {
  it('charges what the upstream reports, at the price of its model', async () => {
    const end = completed({ usage: usage({ cacheReadTokens: 4 }), serviceTier: 'default' });
    const { charges, events, ledger } = await meter(connected(started(), text('hi', 1), end));
    const charge: Charge = {
      attempt: 1,
      upstream: 'default',
      model: 'gpt-test',
      usage: end.usage,
      cost: {
        picoDollars: 20_000_000n,
        catalogueVersion: 'v1',
        estimated: false,
        unpriced: false,
      },
      serviceTier: 'default',
      outcome: 'completed',
      startedAt: NOW,
      endedAt: NOW,
    };
    expect(charges).toEqual([charge]);
    expect(ledger.lines.slice(1)).toEqual([1, charge]);
    expect(events).toEqual([started(), text('hi', 1), end]);
  });

  it('charges what the upstream says of an answer that failed', async () => {
    const used = usage({ inputTokens: 10, outputTokens: 5, totalTokens: 15 });
    const { charges, error } = await meter((call) => {
      call.onFailedUsage?.(used, 'priority');
      throw new ProviderError('SERVICE_UNAVAILABLE');
    });
    expect(error).toMatchObject({ reason: 'SERVICE_UNAVAILABLE' });
    expect(charges).toMatchObject([
      { usage: used, serviceTier: 'priority', outcome: 'SERVICE_UNAVAILABLE' },
    ]);
    expect(charges[0]?.cost).toMatchObject({ picoDollars: 40_000_000n, estimated: false });
  });

  it('charges the tier that served it', async () => {
    const { charge } = await meter(connected(completed({ serviceTier: 'priority' })));
    expect(charge?.cost?.picoDollars).toBe(40_000_000n);
  });

  it('says when an attempt began and ended', async () => {
    const set = setUp();
    const call = attemptOf();
    const slow = set.stage(
      scripted(async function* () {
        yield started();
        set.clock.advance(250);
        yield completed();
      }),
    );
    await drain((emit) => slow(call, emit));
    expect(call.record.charges).toMatchObject([{ startedAt: NOW, endedAt: NOW + 250 }]);
  });

  it('has charged the attempt when its end is seen', async () => {
    const set = setUp();
    const call = attemptOf();
    const { events } = await drain((emit) =>
      set.stage(connected(started(), completed()))(call, (event) => {
        expect(call.record.charges).toHaveLength(0);
        emit(event);
      }),
    );
    expect(events).toHaveLength(2);
    expect(call.record.charges).toHaveLength(1);
    expect(set.ledger.lines).toHaveLength(2);
  });

  it.each([
    ['nothing', { inputTokens: 0, outputTokens: 3, totalTokens: 3 }, [PROMPT, 24]],
    ['its prompt', { inputTokens: 9, outputTokens: 0, totalTokens: 9 }, [9, 24]],
    ['all but details', { inputTokens: 9, outputTokens: 8, totalTokens: 17 }, [9, 8]],
  ])('counts what an upstream leaves out that reports %s', async (_, reported, tokens) => {
    const { charge, events } = await meter(
      connected(
        started(),
        text('four', 1),
        { type: 'reasoningDelta', text: 'thought' },
        { type: 'refusalDelta', text: 'no' },
        { type: 'toolCallDelta', index: 0, id: 'call-id', name: 'lookup', argumentsFragment: '{' },
        { type: 'toolCallDelta', index: 0, id: '', name: '', argumentsFragment: '   }' },
        completed({ usage: usage({ ...reported, estimated: true }) }),
      ),
    );
    const [inputTokens = 0, outputTokens = 0] = tokens;
    const full = usage({
      inputTokens,
      outputTokens,
      totalTokens: inputTokens + outputTokens,
      estimated: true,
    });
    expect(charge).toMatchObject({ usage: full, outcome: 'completed' });
    expect(charge?.cost).toMatchObject({
      picoDollars: BigInt(inputTokens + 2 * outputTokens) * 1_000_000n,
      estimated: true,
      unpriced: false,
    });
    expect(events.at(-1)).toEqual(completed({ usage: full }));
  });
});

describe('metering an attempt without an answer', () => {
  const cancelled = new ProviderError('CANCELLED');

  it('charges the calls of tools that the upstream told of, and no other uses', async () => {
    const use = {
      type: 'hostedTool',
      tool: 'web_search',
      status: 'completed',
      detail: '{}',
    } as const;
    const error = new ProviderError('NETWORK_ERROR');
    const broken = connected(started(), { ...use, id: 'a' }, { ...use, id: 'b' }, error);
    const { charge } = await meter((call, emit) => {
      call.onFailedCalls?.({ web_search: 1 });
      return broken(call, emit);
    });
    expect(charge?.usage).toMatchObject({ estimated: true, toolCalls: { web_search: 1 } });
  });

  it('charges the prompt and what was received before the break, counted', async () => {
    const error = new ProviderError('NETWORK_ERROR');
    const run = await meter(connected(started(), text('received', 2), error));
    expect(run.error).toBe(error);
    expect(run.charges).toMatchObject([
      {
        usage: { inputTokens: PROMPT, outputTokens: 8, totalTokens: 13, estimated: true },
        cost: { picoDollars: 21_000_000n, estimated: true },
        serviceTier: '',
        outcome: 'NETWORK_ERROR',
      },
    ]);
    expect(run.ledger.lines.at(-1)).toBe(run.charge);
  });

  it.each<[string, object, object]>([
    [
      'as the upstream counted it',
      { inputTokens: 9, outputTokens: 3 },
      { inputTokens: 9, outputTokens: 3, totalTokens: 12 },
    ],
    [
      'counted, behind a prompt that the upstream counted',
      { inputTokens: 9, outputTokens: 0, cacheReadTokens: 4 },
      { inputTokens: 9, outputTokens: 8, totalTokens: 17, cacheReadTokens: 4 },
    ],
  ])('charges what was received before a cancel %s', async (_how, said, charged) => {
    const { charge } = await meter((call, emit) => {
      emit(text('received', 2));
      call.onFailedUsage?.(usage({ ...said, estimated: true }), 'priority');
      throw cancelled;
    });
    expect(charge).toMatchObject({ usage: charged, serviceTier: 'priority', outcome: 'CANCELLED' });
    expect(charge?.cost?.estimated).toBe(true);
  });

  it('charges no more output than the request allowed', async () => {
    const call = attemptOf({ request: { ...aCall().request, maxTokens: 3 } });
    const { charge } = await meter(connected(text('received', 2), cancelled), { call });
    expect(charge?.usage.outputTokens).toBe(3);
  });

  it.each([
    ['refuses the key', connected(new ProviderError('INVALID_API_KEY'))],
    ['is silent', connected(started(), new ProviderError('TIMEOUT'))],
    ['cannot be reached', replay(new ProviderError('NETWORK_ERROR'))],
  ])('charges nothing where the upstream %s', async (_, handler) => {
    const { charges, ledger } = await meter(handler);
    expect(charges).toEqual([]);
    expect(ledger.lines.slice(1)).toEqual(['void']);
  });

  it.each(['CANCELLED', 'DEADLINE_EXCEEDED', 'SHUTTING_DOWN'] as const)(
    'charges the prompt that was sent when %s ended the attempt',
    async (reason) => {
      const error = new ProviderError(reason);
      const { charges } = await meter(connected(error), { call: aborted(error) });
      expect(charges).toMatchObject([
        { usage: { inputTokens: PROMPT, outputTokens: 0, totalTokens: PROMPT }, outcome: reason },
      ]);
    },
  );

  it('charges nothing for a prompt that was never sent', async () => {
    const { charges, ledger } = await meter(replay(cancelled), { call: aborted(cancelled) });
    expect(charges).toEqual([]);
    expect(ledger.lines.slice(1)).toEqual(['void']);
  });

  it.each(['CANCELLED', 'DEADLINE_EXCEEDED'] as const)(
    'charges what was received when the call ends with %s',
    async (outcome) => {
      const { stage, ledger } = setUp();
      const reason = new ProviderError(outcome);
      const call = attemptOf({ signal: AbortSignal.abort(reason) });
      await drain((emit) => stage(connected(started(), text('ab'), reason))(call, emit));
      expect(call.record.charges).toMatchObject([{ usage: { outputTokens: 2 }, outcome }]);
      expect(ledger.lines.filter((line) => typeof line === 'object')).toHaveLength(2);
    },
  );

  it('is within 5% of the tokens that were made, wherever the answer is cut', async () => {
    const tokens = encode(readFileSync('src/money/ledger/metering.ts', 'utf8')).slice(0, 400);
    const deltas = tokens.map((token) => text(decode([token])));
    const counter = new TokenCounter();
    const { stage } = setUp({ sizes: new PromptSizes(counter, new FakeClock()) });
    const target = { model: unknownModel('gpt-4o'), surface: 'chat_completions' as const };
    const cut = async (made: number) => {
      const call = aCall({ target });
      await drain((emit) => stage(connected(...deltas.slice(0, made), cancelled))(call, emit));
      return call.record.charges[0]?.usage.outputTokens ?? 0;
    };
    for (let made = 1; made <= deltas.length; made += 19) {
      const slip = Math.abs((await cut(made)) - made);
      expect(slip).toBeLessThanOrEqual(Math.max(1, made * 0.05));
    }
    await counter.close();
  });

  it('charges a complete answer once', async () => {
    const { charges, ledger } = await meter(connected(started(), completed()));
    expect(charges).toMatchObject([{ outcome: 'completed' }]);
    expect(ledger.lines).toHaveLength(2);
  });

  it('calls what is not a provider error INTERNAL', async () => {
    const { charge, error } = await meter(connected(text('ab'), new TypeError('a bug')));
    expect(error).toMatchObject({ reason: 'INTERNAL' });
    expect(charge?.outcome).toBe('INTERNAL');
  });

  it('passes the progress of the attempt on', async () => {
    const seen: string[] = [];
    await meter(connected(completed()), {
      call: attemptOf({ onProgress: (progress) => void seen.push(progress) }),
    });
    expect(seen).toEqual(['connected']);
  });
});

describe('what the ledger is told', () => {
  it('opens an attempt before it is made', async () => {
    const { stage, ledger } = setUp();
    const span: SpanContext = {
      traceId: '0af7651916cd43dd8448eb211c80319c',
      spanId: 'b7ad6b7169203331',
      traceFlags: TraceFlags.SAMPLED,
    };
    const { request } = aCall();
    const call = attemptOf({
      attempt: 2,
      upstream: 'azure',
      request: { ...request, metadata: { user_id: 'ann', project_id: 'p1' }, serviceTier: 'fast' },
      context: trace.setSpanContext(ROOT_CONTEXT, span),
    });
    await drain((emit) =>
      stage((inner, pass) => {
        expect(ledger.lines).toHaveLength(1);
        return replay(completed())(inner, pass);
      })(call, emit),
    );
    expect(ledger.lines[0]).toEqual({
      callId: 'call-1',
      traceId: span.traceId,
      attempt: 2,
      upstream: 'azure',
      model: 'gpt-test',
      userId: 'ann',
      projectId: 'p1',
      inputTokens: 7,
      startedAt: NOW,
      prices: { input: 2_000_000n, output: 4_000_000n },
      catalogueVersion: 'v1',
    });
  });

  it('has no trace and no prices where there are none', async () => {
    const call = aCall({ attempt: 1 });
    const { ledger } = await meter(connected(completed()), { call });
    const nothing = { traceId: '', userId: '', projectId: '', prices: undefined };
    expect(ledger.lines[0]).toMatchObject(nothing);
  });

  it('learns how far the output has come', async () => {
    const { ledger } = await meter(
      connected(
        started(),
        { type: 'reasoningDelta', text: '12345678' },
        text('hi', 4),
        completed(),
      ),
    );
    expect(ledger.lines.slice(1, -1)).toEqual([2, 4]);
  });
});

describe('metrics of cost', () => {
  const attributes = { [ATTRIBUTE.genAiRequestModel]: 'gpt-test', [ATTRIBUTE.target]: 'default' };

  it('are dollars by model and target', async () => {
    const { probe } = await meter(connected(completed()));
    expect(await probe.measured(METRICS.cost.name)).toMatchObject([{ attributes, value: 0.00002 }]);
    expect(await probe.measured(METRICS.unpricedAttempts.name)).toEqual([]);
  });

  it('count attempts without a known price, which are not free', async () => {
    const call = aCall({ attempt: 1 });
    const { probe, charge } = await meter(connected(completed()), { call });
    expect(charge?.cost).toMatchObject({ picoDollars: 0n, unpriced: true });
    expect(await probe.measured(METRICS.unpricedAttempts.name)).toMatchObject([
      { attributes, value: 1 },
    ]);
    expect(await probe.measured(METRICS.cost.name)).toEqual([]);
  });

  it('have what is known of the cost of an attempt', async () => {
    const end = completed({ usage: usage({ toolCalls: { image_generation: 1 } }) });
    const { probe, charge } = await meter(connected(end));
    expect(charge?.cost).toMatchObject({ picoDollars: 20_000_000n, unpriced: true });
    expect(await probe.measured(METRICS.cost.name)).toMatchObject([{ value: 0.00002 }]);
    expect(await probe.measured(METRICS.unpricedAttempts.name)).toMatchObject([{ value: 1 }]);
  });

  it('do not name a model that no upstream has answered to', async () => {
    const { probe } = await meter(connected(text('ab'), new ProviderError('NETWORK_ERROR')));
    expect(await probe.measured(METRICS.cost.name)).toMatchObject([
      { attributes: { [ATTRIBUTE.genAiRequestModel]: 'other' } },
    ]);
  });
});

describe('metering without costs', () => {
  it('counts usage, and has neither a price nor a ledger', async () => {
    const record = newCallRecord(0);
    const call = attemptOf({ record });
    const run = await meter(connected(started(), text('ab'), completed()), {
      call,
      trackingEnabled: false,
    });
    expect(run.charge).toMatchObject({ usage: usage(), outcome: 'completed' });
    expect(run.charge).not.toHaveProperty('cost');
    expect(run.ledger.lines).toEqual([]);
    expect(await run.probe.measured(METRICS.cost.name)).toEqual([]);
  });

  it('charges a failure without output nothing', async () => {
    const handler = connected(new ProviderError('SERVICE_UNAVAILABLE'));
    const { charges } = await meter(handler, { trackingEnabled: false });
    expect(charges).toEqual([]);
  });
});
