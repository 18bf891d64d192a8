import { describe, expect, it } from '@jest/globals';
import { ROOT_CONTEXT, trace } from '@opentelemetry/api';
import type { Call, Emit } from '../../../src/core/call.ts';
import { ProviderError } from '../../../src/core/errors.ts';
import type { AnswerEvent, Completed } from '../../../src/core/events.ts';
import { Flow } from '../../../src/core/flow.ts';
import { deadlineOf, recoveryOf } from '../../../src/core/party.ts';
import { spenderOf } from '../../../src/core/spender.ts';
import { coalesce } from '../../../src/money/sharing/stage.ts';
import {
  aCall,
  completed,
  drain,
  RESET,
  started,
  text,
  textIn,
  usage,
} from '../../support/events.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { TelemetryProbe } from '../../support/telemetry.ts';
import { aCharge } from '../ledger/support.ts';

const MIB = 1024 * 1024;

/** Lets promises that can settle do so. */
const settle = () => new Promise((resolve) => setImmediate(resolve));

/** Callers before an upstream that says what it is told to. */
function aStage() {
  const made: {
    readonly call: Call;
    readonly say: (...events: AnswerEvent[]) => void;
    readonly end: (end?: Partial<Completed>) => void;
    readonly fail: (error: ProviderError) => void;
  }[] = [];
  const telemetry = new TelemetryProbe();
  const deps = { clock: new FakeClock(), instruments: telemetry.instruments };
  const handler = coalesce(deps)((call, emit) => {
    const ended = Promise.withResolvers<Completed>();
    call.signal.addEventListener('abort', () => ended.reject(call.signal.reason));
    const { resolve, reject } = ended;
    const say = (...events: AnswerEvent[]) => events.forEach(emit);
    made.push({ call, say, end: (end) => resolve(completed(end)), fail: reject });
    return ended.promise;
  });
  const ask = (fields: Partial<Call> = {}, user = 'alice', seen: Emit = () => {}) => {
    const asked = {
      messages: [{ role: 'user' as const, content: 'Hello there!' }],
      cache: { coalesce: true },
      metadata: { user_id: user },
      ...fields.asked,
    };
    const call = aCall({ flow: new Flow(), ...fields, asked, request: asked });
    return drain((emit) =>
      handler(call, (event) => {
        seen(event);
        emit(event);
      }),
    );
  };
  const leaving = (fields: Partial<Call> = {}, user?: string) => {
    const controller = new AbortController();
    const answer = ask({ signal: controller.signal, ...fields }, user);
    return { answer, leave: () => controller.abort(new ProviderError('CANCELLED')) };
  };
  const upstream = (index = 0) => {
    const request = made[index];
    if (request === undefined) throw new Error(`Request ${index} was not made.`);
    return request;
  };
  return { ask, leaving, upstream, made, telemetry };
}

describe('identical calls', () => {
  it('share one request, which is billed to the first', async () => {
    const { ask, upstream, made, telemetry } = aStage();
    const first = ask();
    upstream().say(started(), { type: 'reasoningDelta', text: 'Hm.' }, text('Hel'));
    const second = ask();
    upstream().say(text('lo'));
    const cost = { picoDollars: 7n, catalogueVersion: '1', estimated: false, unpriced: false };
    upstream().call.record.charges.push({
      attempt: 1,
      upstream: 'default',
      model: 'gpt-test',
      usage: usage(),
      cost,
      serviceTier: '',
      outcome: 'completed',
      startedAt: 0,
      endedAt: 0,
    });
    upstream().end({ cost });
    const [one, other] = await Promise.all([first, second]);
    expect(made).toHaveLength(1);
    expect(textIn(other.events)).toBe('Hm.Hello');
    expect(one.events.at(-1)).toMatchObject({ cost, usage: usage() });
    expect(one.events.at(-1)).not.toHaveProperty('shared');
    expect(other.events.at(-1)).toMatchObject({ shared: true, saved: cost });
    expect(other.events.at(-1)).not.toHaveProperty('cost');
    const measured = (name: string) => telemetry.measured(`tamma.provider.cache.${name}`);
    expect(await measured('shared')).toMatchObject([{ value: 1 }]);
    expect(await measured('saved')).toMatchObject([{ value: 7e-12 }]);
  });

  it.each<[string, Partial<Call>]>([
    ['do not say so', { asked: { messages: [], cache: {} } }],
    ['refuse it', { answerKey: 'key', asked: { messages: [], cache: { coalesce: false } } }],
  ])('are made one by one where they %s', async (_what, fields) => {
    const { ask, upstream, made } = aStage();
    const answers = [ask(fields), ask(fields)];
    expect(made).toHaveLength(2);
    upstream(0).end();
    upstream(1).end();
    await Promise.all(answers);
  });

  it('share one where they use the cache, and none with another manner', async () => {
    const { ask, upstream, made } = aStage();
    const asked = { messages: [], cache: {} };
    const answers = [
      ask({ answerKey: 'key', asked }),
      ask({ answerKey: 'key', asked }),
      ask({ answerKey: 'key', asked, idleTimeoutMs: 5 }),
      ask({ answerKey: 'key', asked: { ...asked, serviceTier: 'priority' } }),
    ];
    expect(made).toHaveLength(3);
    for (const index of [0, 1, 2]) upstream(index).end();
    await Promise.all(answers);
  });

  it('are asked anew once the answer has ended, well or not', async () => {
    const { ask, upstream, made } = aStage();
    const first = ask();
    upstream(0).fail(new ProviderError('NETWORK_ERROR'));
    expect((await first).error).toMatchObject({ reason: 'NETWORK_ERROR' });
    const second = ask();
    upstream(1).say(started(), text('Hi'));
    upstream(1).end();
    // At the very moment of the end it is still whole.
    const third = ask();
    expect(textIn((await third).events)).toBe('Hi');
    await second;
    void ask();
    expect(made).toHaveLength(3);
    upstream(2).end();
  });
});

describe('who leaves', () => {
  it('before the first output hands the bill to the earliest who is still there', async () => {
    const { ask, leaving, upstream } = aStage();
    const [first, second] = [leaving({}, 'alice'), leaving({}, 'bob')];
    const third = ask({}, 'carol');
    expect(spenderOf(upstream().call).userId).toBe('alice');
    second.leave();
    await second.answer;
    // An attempt that has ended is billed, and told to nobody else.
    upstream().call.record.charges.push(aCharge());
    first.leave();
    expect((await first.answer).error).toMatchObject({ reason: 'CANCELLED' });
    expect(upstream().call.record.charges).toEqual([]);
    expect(spenderOf(upstream().call).userId).toBe('carol');
    expect(upstream().call.signal.aborted).toBe(false);
    upstream().say(started(), text('Hello'));
    upstream().end();
    const { events } = await third;
    expect(textIn(events)).toBe('Hello');
    expect(events.at(-1)).not.toHaveProperty('shared');
  });

  it('last ends the call, and hears of its end with what it consumed', async () => {
    const { leaving, upstream } = aStage();
    const callers = [leaving(), leaving()];
    for (const { leave } of callers) leave();
    await Promise.all(callers.map(({ answer }) => answer));
    expect(upstream().call.signal.reason).toMatchObject({ reason: 'CANCELLED' });
  });

  it('because the process stops takes the call along', async () => {
    const { ask, upstream } = aStage();
    const stopping = new AbortController();
    const answers = [ask({ signal: stopping.signal }), ask({ signal: stopping.signal })];
    stopping.abort(new ProviderError('SHUTTING_DOWN'));
    for (const { error } of await Promise.all(answers)) {
      expect(error).toMatchObject({ reason: 'SHUTTING_DOWN' });
    }
    expect(upstream().call.signal.reason).toMatchObject({ reason: 'SHUTTING_DOWN' });
  });

  it('takes its deadline along: the latest of those who are there holds', async () => {
    const { leaving, upstream } = aStage();
    const first = leaving({ deadline: 1_000 });
    expect(deadlineOf(upstream().call)).toBe(1_000);
    const second = leaving({ deadline: 5_000 });
    const third = leaving({ deadline: 3_000 });
    expect(deadlineOf(upstream().call)).toBe(5_000);
    second.leave();
    await second.answer;
    expect(deadlineOf(upstream().call)).toBe(3_000);
    for (const { leave } of [first, third]) leave();
    await Promise.all([first.answer, third.answer]);
  });

  it('who asked finds nobody that can pay: the call ends, and each is on its own', async () => {
    const { ask, leaving, upstream, made } = aStage();
    const first = leaving({}, 'alice');
    upstream().call.party?.onPayer(() => {
      if (spenderOf(upstream().call).userId !== 'alice') throw new ProviderError('BUDGET_EXCEEDED');
    });
    upstream().say(started(), text('Hel'));
    const fails = ask({}, 'bob');
    const restarts = ask({ recovery: 'restart' }, 'carol');
    first.leave();
    await first.answer;
    expect(upstream().call.signal.aborted).toBe(true);
    expect((await fails).error).toMatchObject({
      reason: 'STREAM_INTERRUPTED',
      facts: { cause: { reason: 'BUDGET_EXCEEDED' } },
    });
    await settle();
    expect(made).toHaveLength(2);
    upstream(1).say(started(), text('Hi'));
    upstream(1).end();
    expect((await restarts).events.map(({ type }) => type)).toEqual([
      'started',
      'textDelta',
      'attemptReset',
      'started',
      'textDelta',
      'completed',
    ]);
  });
});

describe('a failure', () => {
  it('of the one who pays is none of the others, who ask again together', async () => {
    const { ask, upstream, made } = aStage();
    const answers = [
      ask({}, 'alice'),
      ask({}, 'alice'),
      ask({}, 'bob'),
      ask({ recovery: 'hold_back' }, 'carol'),
    ];
    upstream(0).fail(new ProviderError('BUDGET_EXCEEDED'));
    await settle();
    expect(made).toHaveLength(2);
    expect(spenderOf(upstream(1).call).userId).toBe('bob');
    upstream(1).say(started(), text('Hello'));
    upstream(1).end();
    const [first, same, other, heldBack] = await Promise.all(answers);
    expect(first?.error).toMatchObject({ reason: 'BUDGET_EXCEEDED' });
    expect(same?.error).toMatchObject({ reason: 'BUDGET_EXCEEDED' });
    for (const answer of [other, heldBack]) expect(textIn(answer?.events ?? [])).toBe('Hello');
  });

  it.each<[string, ProviderError, boolean]>([
    ['a wait of this process', new ProviderError('RATE_LIMIT_EXCEEDED'), true],
    ['a limit upstream', new ProviderError('RATE_LIMIT_EXCEEDED', { upstreamStatus: 429 }), false],
    ['a deadline', new ProviderError('DEADLINE_EXCEEDED'), true],
    ['a prompt', new ProviderError('CONTENT_FILTERED', { upstreamMessage: 'your words' }), false],
  ])('for %s is told to who has more time as far as it is its own', async (_what, error, again) => {
    const { ask, upstream, made } = aStage();
    const first = ask({ deadline: 1_000 });
    const second = ask({ deadline: 9_000 });
    upstream(0).fail(error);
    expect((await first).error).toBe(error);
    await settle();
    expect(made).toHaveLength(again ? 2 : 1);
    if (again) upstream(1).end();
    const told = await second;
    expect(ProviderError.from(told.error ?? error).reason).toBe(error.reason);
    expect(told.error ?? {}).not.toHaveProperty('facts.upstreamMessage');
  });

  it('after output is told by what each has seen and wants', async () => {
    const { ask, upstream } = aStage();
    const seen = ask();
    const heldBack = ask({ recovery: 'hold_back' });
    upstream().say(started(), text('Hel'));
    const cause = new ProviderError('NETWORK_ERROR');
    upstream().fail(new ProviderError('STREAM_INTERRUPTED', { cause }));
    expect((await seen).error).toMatchObject({ reason: 'STREAM_INTERRUPTED' });
    expect((await heldBack).error).toMatchObject({ reason: 'NETWORK_ERROR' });
  });

  it('is mended where one of them wants that, and for nobody else', async () => {
    const { ask, leaving, upstream } = aStage();
    const fails = leaving();
    expect(recoveryOf(upstream().call)).toBe('fail');
    const restarts = ask({ recovery: 'restart' });
    expect(recoveryOf(upstream().call)).toBe('restart');
    const resumes = leaving({ recovery: 'resume' });
    expect(recoveryOf(upstream().call)).toBe('resume');
    resumes.leave();
    await resumes.answer;
    upstream().say(started(), text('Hel'), RESET, started(), text('Hi'));
    expect((await fails.answer).error).toMatchObject({ reason: 'STREAM_INTERRUPTED' });
    expect(upstream().call.signal.aborted).toBe(false);
    upstream().end();
    const { events } = await restarts;
    expect(events.at(-1)).toMatchObject({ type: 'completed' });
    expect(textIn(events)).toBe('HelHi');
  });
});

describe('who reads slowly', () => {
  const long = 'x'.repeat(5 * MIB);

  it('holds nobody, and past 4 Mi characters makes a call of its own', async () => {
    const { ask, upstream, made } = aStage();
    const [slow, heldFlow] = [new Flow(), new Flow()];
    const quick = ask();
    const restarts = ask({ flow: slow, recovery: 'restart' });
    const fails = ask({ flow: heldFlow });
    upstream().say(started(), text('Hello'));
    slow.hold();
    heldFlow.hold();
    upstream().say(text(long));
    await settle();
    expect(upstream().call.flow.held).toBe(false);
    expect((await fails).error).toMatchObject({ reason: 'STREAM_INTERRUPTED' });
    expect(made).toHaveLength(2);
    slow.release();
    upstream(0).say(text('!'));
    upstream(0).end();
    upstream(1).say(started(), text('Hi'));
    upstream(1).end();
    expect(textIn((await quick).events)).toBe(`Hello${long}!`);
    const { events } = await restarts;
    expect(events.map(({ type }) => type)).toEqual([
      'started',
      'textDelta',
      'attemptReset',
      'started',
      'textDelta',
      'completed',
    ]);
  });

  it('alone holds the upstream, and so do all together', async () => {
    const { ask, upstream, made } = aStage();
    const flows = [new Flow(), new Flow()];
    const answers = flows.map((flow) => ask({ flow }));
    for (const flow of flows) flow.hold();
    upstream().say(started(), text(long));
    expect(upstream().call.flow.held).toBe(true);
    // No beginning is left for who comes now.
    const late = ask();
    expect(made).toHaveLength(2);
    for (const flow of flows) flow.release();
    await settle();
    expect(upstream().call.flow.held).toBe(false);
    upstream(0).end();
    upstream(1).end();
    await Promise.all([...answers, late]);
  });

  it('still gets all of an answer that has ended meanwhile', async () => {
    const { ask, upstream } = aStage();
    const flow = new Flow();
    flow.hold();
    const slow = ask({ flow });
    const quick = ask();
    upstream().say(started(), text('Hello'));
    upstream().end();
    expect(textIn((await quick).events)).toBe('Hello');
    await settle();
    flow.release();
    expect(textIn((await slow).events)).toBe('Hello');
  });
});

it('links the span of a call that follows another to the span of that one', async () => {
  const { ask, upstream, telemetry } = aStage();
  const spans = ['first', 'second'].map((name) => telemetry.tracer.startSpan(name));
  const answers = spans.map((span) => ask({ context: trace.setSpan(ROOT_CONTEXT, span) }));
  await settle();
  upstream().say(started(), text('an answer'));
  upstream().end();
  await Promise.all(answers);
  for (const span of spans) span.end();
  const [first, second] = telemetry.spans;
  expect(first?.links).toEqual([]);
  expect(second?.links.map(({ context }) => context.spanId)).toEqual([first?.spanContext().spanId]);
});
