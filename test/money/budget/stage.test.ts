import { describe, expect, it, jest } from '@jest/globals';
import type { Call, Handler } from '../../../src/core/call.ts';
import type { Charge } from '../../../src/core/call-record.ts';
import { ProviderError } from '../../../src/core/errors.ts';
import type { ProviderEvent } from '../../../src/core/events.ts';
import { BudgetBook } from '../../../src/money/budget/book.ts';
import { localAccounts } from '../../../src/money/budget/local-accounts.ts';
import type { BudgetDefinition } from '../../../src/money/budget/options.ts';
import { type BudgetStageDeps, budget } from '../../../src/money/budget/stage.ts';
import { effectiveSettings } from '../../../src/openai/answer/effective-settings.ts';
import { toChatCompletionRequest } from '../../../src/openai/chat/request.ts';
import { toResponsesRequest } from '../../../src/openai/responses/request.ts';
import { recovery } from '../../../src/policies/recovery/stage.ts';
import { endOf } from '../../policies/retry/scripted-attempts.ts';
import {
  aCall,
  completed,
  type Drained,
  drain,
  replay,
  started,
  text,
  usage,
} from '../../support/events.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { aModel, type ModelFacts } from '../../support/models.ts';
import { TelemetryProbe } from '../../support/telemetry.ts';
import { aBudget, settled } from './books.ts';

/** Pico-dollars per token: 1 and 10 dollars per million. */
const INPUT = 1_000_000n;
const OUTPUT = 10_000_000n;
const PRICED = {
  prices: { currency: 'USD', standard: { input: '1', output: '10' }, history: [] },
  maxOutputTokens: 1_000,
} as const;
/** Of the prompt that every call here has. */
const PROMPT_TOKENS = 50;
/** 12 times as much as is counted. */
const PROMPT_BOUND = 600;

const cost = (input: number, output: number) => BigInt(input) * INPUT + BigInt(output) * OUTPUT;
const FULL = cost(PROMPT_TOKENS, 1_000);

interface Counted {
  count: number;
}

function setUp(
  limit: bigint,
  {
    fields = {},
    ...overrides
  }: Partial<BudgetStageDeps> & { fields?: Partial<BudgetDefinition> } = {},
) {
  const clock = new FakeClock();
  const telemetry = new TelemetryProbe();
  const definitions = [aBudget({ limit, ...fields })];
  const book = new BudgetBook(
    { budgets: definitions, minOutputTokens: 10 },
    localAccounts({ spending: () => [] }, definitions),
    { clock, instruments: telemetry.instruments, log: { warn: () => {} } },
  );
  const counted: Counted = { count: 0 };
  const stage = budget(book, {
    clock,
    sizes: {
      atMost: () => PROMPT_BOUND,
      countAtMost: async () => {
        counted.count += 1;
        return { tokens: PROMPT_TOKENS, counted: true };
      },
    },
    minOutputTokens: 10,
    unpriced: 'refuse',
    instruments: telemetry.instruments,
    ...overrides,
  });
  const state = () => {
    const [{ spent, reserved } = { spent: 0n, reserved: 0n }] = book.states({});
    return { spent, reserved };
  };
  return { book, clock, telemetry, stage, counted, state };
}

function callTo(model: ModelFacts = PRICED, fields: Partial<Call> = {}): Call {
  return aCall({ target: { model: aModel(model), surface: 'chat_completions' }, ...fields });
}

function aCharge(picoDollars?: bigint): Charge {
  return {
    attempt: 1,
    upstream: 'default',
    model: 'gpt-test',
    usage: usage(),
    ...(picoDollars !== undefined && {
      cost: { picoDollars, catalogueVersion: '1', estimated: false, unpriced: false },
    }),
    serviceTier: '',
    outcome: 'completed',
    startedAt: 0,
    endedAt: 0,
  };
}

/** An attempt that shows what it was given, and is charged when it ends, however that is. */
function attemptOf(seen: Call[], charge: Charge, ...events: (ProviderEvent | Error)[]): Handler {
  return async (call, emit) => {
    seen.push(call);
    try {
      return await replay(...events)(call, emit);
    } finally {
      call.record.charges.push(charge);
    }
  };
}

/** An attempt that goes on until its call is aborted, and is charged then. */
function endless(charge: Charge): Handler {
  return async (call, emit) => {
    emit(started());
    try {
      return await endOf(call);
    } finally {
      call.record.charges.push(charge);
    }
  };
}

/** A call that runs, and how it is ended. */
function begin(handler: Handler, call: Call) {
  const controller = new AbortController();
  const outcome = make(handler, { ...call, signal: controller.signal });
  return {
    end(): Promise<Drained> {
      controller.abort();
      return outcome;
    },
  };
}

function make(handler: Handler, call: Call): Promise<Drained> {
  return drain((emit) => handler(call, emit));
}

const ANSWER = [started(), text('Hi'), completed()];

describe('the budget stage', () => {
  it('hands on untouched what no budget applies to', async () => {
    const { stage } = setUp(FULL, { fields: { scope: 'user', match: 'bob' } });
    const call = aCall();
    const emit = () => {};
    const answer = Promise.resolve(completed());
    const next = jest.fn<Handler>(() => answer);
    expect(await stage(next)(call, emit)).toBe(await answer);
    expect(next.mock.calls[0]?.[0]).toBe(call);
    expect(next.mock.calls[0]?.[1]).toBe(emit);
  });

  it('books what a call cost in a budget that came while it ran, and had none', async () => {
    const { book, stage, state } = setUp(FULL, { fields: { scope: 'user', match: 'bob' } });
    const { end } = begin(stage(endless(aCharge(123n))), callTo());
    book.configure([aBudget({ name: 'new', limit: FULL })]);
    await end();
    expect(state()).toEqual({ spent: 123n, reserved: 0n });
  });

  it('passes every event on, and books what the attempt was charged', async () => {
    const { stage, state } = setUp(100n * FULL);
    const seen: Call[] = [];
    const call = callTo();
    const answer = await make(stage(attemptOf(seen, aCharge(123n), ...ANSWER)), call);
    expect(answer).toEqual({ events: ANSWER });
    expect(seen).toEqual([call]);
    expect(state()).toEqual({ spent: 123n, reserved: 0n });
  });

  it('holds the most that the attempt can cost while it runs', async () => {
    const { stage, state } = setUp(100n * FULL);
    const { end } = begin(stage(endless(aCharge(123n))), callTo());
    await settled();
    expect(state()).toEqual({ spent: 0n, reserved: cost(PROMPT_BOUND, 1_000) });
    expect(await end()).toMatchObject({ events: [started()], error: { reason: 'CANCELLED' } });
    expect(state()).toEqual({ spent: 123n, reserved: 0n });
  });

  it('settles when the answer is complete, however long its caller takes to read it', async () => {
    const { stage, state } = setUp(100n * FULL);
    const call = callTo(PRICED, { recovery: 'hold_back' });
    call.flow.hold();
    const below = stage(attemptOf([], aCharge(123n), ...ANSWER));
    expect(await make(below, call)).toEqual({ events: ANSWER });
    expect(state()).toEqual({ spent: 123n, reserved: 0n });

    let isOver = false;
    const outcome = make(recovery()(below), call).finally(() => {
      isOver = true;
    });
    await settled();
    expect(isOver).toBe(false);
    expect(state()).toEqual({ spent: 246n, reserved: 0n });
    call.flow.release();
    expect(await outcome).toEqual({ events: ANSWER });
    expect(state()).toEqual({ spent: 246n, reserved: 0n });
  });

  it('books what an attempt was charged that failed', async () => {
    const { stage, state } = setUp(100n * FULL);
    const failure = new ProviderError('NETWORK_ERROR');
    const { error } = await make(stage(attemptOf([], aCharge(55n), started(), failure)), callTo());
    expect(error).toBe(failure);
    expect(state()).toEqual({ spent: 55n, reserved: 0n });
  });

  it('books nothing of an attempt that was not made', async () => {
    const { stage, state } = setUp(100n * FULL);
    await make(stage(replay(new ProviderError('RATE_LIMIT_EXCEEDED'))), callTo());
    expect(state()).toEqual({ spent: 0n, reserved: 0n });
  });

  it('books nothing of the attempts before it, and none without a cost', async () => {
    const { stage, state } = setUp(100n * FULL);
    const call = callTo();
    call.record.charges.push(aCharge(1_000n));
    await make(stage(attemptOf([], aCharge(), ...ANSWER)), call);
    expect(state()).toEqual({ spent: 0n, reserved: 0n });
    await make(stage(attemptOf([], aCharge(7n), ...ANSWER)), call);
    expect(state()).toEqual({ spent: 7n, reserved: 0n });
  });
});

describe('the prompt', () => {
  it('is not counted while there is plenty', async () => {
    const { stage, counted } = setUp(4n * cost(PROMPT_BOUND, 1_000));
    await make(stage(replay(...ANSWER)), callTo());
    expect(counted.count).toBe(0);
  });

  it('is counted where there is not', async () => {
    const { stage, counted, state } = setUp(FULL);
    const { end } = begin(stage(endless(aCharge())), callTo());
    await settled();
    expect(counted.count).toBe(1);
    expect(state().reserved).toBe(FULL);
    await end();
  });

  it('is no longer counted when the call is ended', async () => {
    const controller = new AbortController();
    const { stage, state } = setUp(FULL, {
      sizes: {
        atMost: () => PROMPT_BOUND,
        countAtMost: async () => {
          controller.abort(new Error('enough'));
          throw controller.signal.reason;
        },
      },
    });
    const call = callTo(PRICED, { signal: controller.signal });
    const { error } = await make(stage(replay(...ANSWER)), call);
    expect(error).toMatchObject({ name: 'ProviderError', reason: 'CANCELLED' });
    expect(state()).toEqual({ spent: 0n, reserved: 0n });
  });

  it('lets a bug in counting come to light', async () => {
    const bug = new TypeError('bug');
    const sizes = { atMost: () => PROMPT_BOUND, countAtMost: () => Promise.reject(bug) };
    const { stage } = setUp(FULL, { sizes });
    expect((await make(stage(replay(...ANSWER)), callTo())).error).toBe(bug);
  });
});

describe('a call for which too little is left', () => {
  const LEFT = cost(PROMPT_TOKENS, 200);

  it('is sent with a lower output limit, and told so', async () => {
    const { stage, state } = setUp(LEFT);
    const seen: Call[] = [];
    await make(stage(attemptOf(seen, aCharge(LEFT), ...ANSWER)), callTo());
    const [lowered] = seen;
    if (lowered === undefined) throw new Error('It was not sent.');
    expect(lowered.warnings).toEqual([
      'The answer is limited to 200 tokens, which is what the budgets leave for it.',
    ]);
    expect(effectiveSettings(lowered).maxTokens).toBe(200);
    expect(toChatCompletionRequest(lowered)).toMatchObject({ max_tokens: 200 });
    expect(toResponsesRequest(lowered)).toMatchObject({ max_output_tokens: 200 });
    expect(state()).toEqual({ spent: LEFT, reserved: 0n });
  });

  it('is not made beside another: it is neither cut short nor waited for', async () => {
    const { stage, state } = setUp(FULL);
    const { error } = await make(stage(replay(...ANSWER)), callTo(PRICED, { hedge: true }));
    expect(error).toMatchObject({ reason: 'BUDGET_EXCEEDED' });
    expect(state()).toEqual({ spent: 0n, reserved: 0n });
    const rich = setUp(100n * FULL);
    const second = callTo(PRICED, { hedge: true });
    expect(await make(rich.stage(replay(...ANSWER)), second)).toEqual({ events: ANSWER });
  });

  it('is refused if not even a short answer is affordable', async () => {
    const { stage, state } = setUp(cost(PROMPT_TOKENS, 9));
    const { error } = await make(stage(replay(...ANSWER)), callTo());
    expect(error).toMatchObject({ reason: 'BUDGET_EXCEEDED', facts: { quotaSubject: 'daily' } });
    expect(state()).toEqual({ spent: 0n, reserved: 0n });
  });

  it('waits until others have settled, and its wait is measured', async () => {
    const { stage, clock, telemetry } = setUp(FULL);
    const limited = { request: { messages: [], maxTokens: 1_000 } };
    const first = begin(stage(endless(aCharge())), callTo(PRICED, limited));
    await settled();
    const second = callTo(PRICED, limited);
    const answer = make(stage(replay(...ANSWER)), second);
    await settled();
    clock.advance(1_500);
    await first.end();
    expect(await answer).toEqual({ events: ANSWER });
    expect(second.record.queuedMs).toBe(1_500);
    expect(await telemetry.measured('tamma.provider.queue.duration')).toEqual([
      {
        attributes: {
          'tamma.provider.target': 'default',
          'tamma.provider.waited_for': 'budget',
        },
        value: 1.5,
        count: 1,
      },
    ]);
  });

  it('waits no longer than its call lasts', async () => {
    const { stage, clock } = setUp(FULL);
    const limited = { request: { messages: [], maxTokens: 1_000 } };
    const first = begin(stage(endless(aCharge())), callTo(PRICED, limited));
    await settled();
    const controller = new AbortController();
    const second = callTo(PRICED, { ...limited, signal: controller.signal });
    const answer = make(stage(replay(...ANSWER)), second);
    await settled();
    clock.advance(1_500);
    controller.abort(new ProviderError('DEADLINE_EXCEEDED'));
    expect((await answer).error).toMatchObject({ reason: 'DEADLINE_EXCEEDED' });
    expect(second.record.queuedMs).toBe(1_500);
    await first.end();
  });
});

describe('a model of which no price is known', () => {
  const UNPRICED = { maxOutputTokens: 1_000 };

  it('is refused where a budget applies', async () => {
    const { stage } = setUp(FULL);
    const { error } = await make(stage(replay(...ANSWER)), callTo(UNPRICED));
    expect(error).toMatchObject({
      reason: 'UNSUPPORTED_PARAMETER',
      facts: {
        model: 'gpt-test',
        fieldViolations: [
          { field: 'request.model', description: expect.stringContaining('no price is known') },
        ],
      },
    });
  });

  it('passes uncounted if the configuration says so', async () => {
    const { stage, state } = setUp(FULL, { unpriced: 'mark' });
    const seen: Call[] = [];
    const call = callTo(UNPRICED);
    const answer = await make(stage(attemptOf(seen, aCharge(), ...ANSWER)), call);
    expect(answer).toEqual({ events: ANSWER });
    expect(seen).toEqual([call]);
    expect(state()).toEqual({ spent: 0n, reserved: 0n });
  });

  it('counts what of it has a price, as it does after a restart', async () => {
    const { stage, state } = setUp(FULL, { unpriced: 'mark' });
    const messages = [{ role: 'user' as const, content: 'Hi' }];
    const request = { messages, hostedTools: [{ type: 'image_generation' as const }] };
    await make(stage(attemptOf([], aCharge(700n), ...ANSWER)), callTo(PRICED, { request }));
    expect(state()).toEqual({ spent: 700n, reserved: 0n });
  });
});
