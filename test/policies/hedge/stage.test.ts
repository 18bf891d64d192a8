import { describe, expect, it } from '@jest/globals';
import type { Call } from '../../../src/core/call.ts';
import { newCallRecord } from '../../../src/core/call-record.ts';
import { ProviderError } from '../../../src/core/errors.ts';
import type { Output } from '../../../src/core/events.ts';
import { METRICS } from '../../../src/telemetry/metrics.ts';
import { completed, started, text } from '../../support/events.ts';
import { openHedge, unavailable } from './open-hedge.ts';

/** Two attempts run: the first was silent for a second. */
async function openRace(options: Parameters<typeof openHedge>[0] = {}, fields: Partial<Call> = {}) {
  const open = openHedge(options);
  const running = open.run(fields);
  await open.pass(1_000);
  expect(open.made).toHaveLength(2);
  return { ...open, ...running, first: open.at(0), second: open.at(1) };
}

it('there is one second attempt, however often the first begins anew with another key', async () => {
  const { first, second, made, call, pass, outcome } = await openRace();
  first.call.onAttempt?.();
  await pass(10_000);
  expect(made).toHaveLength(2);
  second.emit(text('b'));
  second.complete(completed());
  expect((await outcome).events).toEqual([text('b'), completed()]);
  expect(call.record.attempts).toBe(call.record.numbers.last);
});

const SECOND = [started({ attempt: 2 }), text('b'), completed()];

describe('without a second attempt', () => {
  it('an answer that comes in time is passed on', async () => {
    const { at, run, pass, made, clock } = openHedge();
    const { outcome } = run();
    await pass(999);
    at(0).emit(started());
    at(0).emit(text('a'));
    expect(clock.pending).toBe(0);
    await pass(10_000);
    at(0).complete(completed());
    expect(await outcome).toEqual({ events: [started(), text('a'), completed()] });
    expect(made).toHaveLength(1);
  });

  it("a failure in time is the stage's own, and leaves no timer", async () => {
    const { at, run, clock } = openHedge();
    const { call, outcome } = run();
    at(0).fail(unavailable);
    expect(await outcome).toEqual({ events: [], error: unavailable });
    expect(clock.pending).toBe(0);
    expect(call.record.hedge).toBeUndefined();
  });

  it('an attempt that waits for its turn is not silent', async () => {
    const { run, pass, made, at, world } = openHedge();
    world.begins = false;
    void run();
    await pass(60_000);
    expect(made).toHaveLength(1);
    at(0).call.onAttempt?.();
    await pass(999);
    expect(made).toHaveLength(1);
    await pass(1);
    expect(made).toHaveLength(2);
  });

  it.each<[string, Partial<Call>]>([
    ['nobody waits for the call', { background: true }],
    ['the answer is stored so that it can go on', { recovery: 'resume' }],
    ['the answer is stored, whatever those who share it ask for', { keeps: true }],
    ['the call has had one', { record: { ...newCallRecord(0), hedge: 'lost' } }],
    ['there is no other route', { alternatives: [] }],
    ['the deadline is near', { deadline: 2_000 }],
  ])('none is made where %s', async (_what, fields) => {
    const { run, pass, made } = openHedge();
    void run(fields);
    await pass(10_000);
    expect(made).toHaveLength(1);
  });

  it('none is made where the upstream runs tools, which would run twice', async () => {
    const { run, pass, made } = openHedge();
    const request = { messages: [], hostedTools: [{ type: 'web_search' as const }] };
    void run({ request });
    await pass(10_000);
    expect(made).toHaveLength(1);
  });

  it('none is made of a model that has it off', async () => {
    const { run, pass, made } = openHedge({ models: [{ pattern: 'gpt-t*', after: 'off' }] });
    void run();
    await pass(10_000);
    expect(made).toHaveLength(1);
  });

  it('the deadline must leave it as long as the first has had', async () => {
    const { run, pass, made } = openHedge();
    void run({ deadline: 2_001 });
    await pass(1_000);
    expect(made).toHaveLength(2);
  });

  it('none is made while others wait, or the circuit is open; then it is', async () => {
    const { run, pass, made, world } = openHedge();
    world.isCalm = false;
    void run();
    await pass(1_000);
    expect(made).toHaveLength(1);
    world.isCalm = true;
    await pass(1_000);
    expect(made).toHaveLength(2);
  });

  it('none is made while the caller does not read', async () => {
    const { run, pass, made } = openHedge();
    const { call } = run();
    call.flow.hold();
    await pass(1_000);
    expect(made).toHaveLength(1);
    call.flow.release();
    await pass(1_000);
    expect(made).toHaveLength(2);
  });

  it('none is made where no route takes the call, and its share is given back', async () => {
    const { run, pass, made, world, share } = openHedge();
    world.hasRoute = false;
    void run();
    await pass(10_000);
    expect(made).toHaveLength(1);
    expect(share.withdraw()).toBe(true);
  });

  it('none is made beyond the share', async () => {
    const { run, pass, made } = openHedge({ maxShare: 0.5 });
    void run();
    void run();
    await pass(1_000);
    expect(made).toHaveLength(3);
  });

  it('none is made of a call that is cancelled while a route is looked for', async () => {
    const { run, pass, made, clock } = openHedge();
    const controller = new AbortController();
    const { outcome } = run({ signal: controller.signal });
    clock.advance(1_000);
    controller.abort(new ProviderError('CANCELLED'));
    await pass(0);
    expect(await outcome).toMatchObject({ events: [], error: { reason: 'CANCELLED' } });
    expect([made.length, clock.pending]).toEqual([1, 0]);
  });

  it('none is made of a call that ends while a route is looked for', async () => {
    const { run, pass, made, at, clock, share } = openHedge();
    const { outcome } = run();
    clock.advance(1_000);
    at(0).fail(unavailable);
    await pass(0);
    expect(await outcome).toEqual({ events: [], error: unavailable });
    expect(made).toHaveLength(1);
    expect(share.withdraw()).toBe(true);
  });
});

describe('how long the first may be silent', () => {
  it('is what is usual at its model, and nothing is made before that is known', async () => {
    const { run, pass, made, seen } = openHedge({ after: { share: 0.95 } });
    void run();
    await pass(60_000);
    expect(made).toHaveLength(1);
    for (let count = 0; count < 60; count += 1) seen(400);
    void run();
    await pass(399);
    expect(made).toHaveLength(2);
    await pass(1);
    expect(made).toHaveLength(3);
  });
});

describe('of two attempts', () => {
  it('the second is made at the next route, in the same call', async () => {
    const { second, call } = await openRace();
    const { upstream, model, hedge, id, record } = second.call;
    expect({ upstream, model, hedge, id }).toEqual({
      upstream: 'azure',
      model: 'gpt-other',
      hedge: true,
      id: call.id,
    });
    expect(record.numbers.last).toBe(2);
  });

  it('the second is made at the same target where that is what is wanted', async () => {
    const { second, call } = await openRace({ to: 'same' }, { alternatives: [] });
    expect(second.call).toMatchObject({ upstream: call.upstream, model: call.model, hedge: true });
  });

  it('the one that is first with output wins, and the other is stopped in the same turn', async () => {
    const { first, second, outcome, call } = await openRace();
    first.emit(started());
    second.emit(started({ attempt: 2 }));
    second.emit(text('b'));
    expect(first.call.signal.aborted).toBe(true);
    expect(first.call.signal.reason).toMatchObject({ reason: 'CANCELLED' });
    expect(second.call.signal.aborted).toBe(false);
    first.emit(text('late'));
    second.complete(completed());
    expect(await outcome).toEqual({ events: SECOND });
    const { attempts, hedge, model, target, failedAttempts } = call.record;
    expect({ attempts, hedge, model, target }).toEqual({
      attempts: 2,
      hedge: 'won',
      model: 'gpt-other',
      target: 'azure',
    });
    expect(failedAttempts).toEqual([]);
  });

  it('the first wins if it is quicker, as if there had been no other', async () => {
    const { first, second, outcome, call } = await openRace();
    first.emit(started());
    first.emit(text('a'));
    expect(second.call.signal.aborted).toBe(true);
    second.emit(text('late'));
    first.complete(completed());
    expect(await outcome).toEqual({ events: [started(), text('a'), completed()] });
    const { attempts, hedge, model, target } = call.record;
    expect({ attempts, hedge, model, target }).toEqual({
      attempts: 2,
      hedge: 'lost',
      model: 'gpt-test',
      target: 'default',
    });
  });

  it.each<[string, Output]>([
    ['reasoning', { type: 'reasoningDelta', text: 'Hm' }],
    ['a refusal', { type: 'refusalDelta', text: 'No' }],
    [
      'a tool call',
      { type: 'toolCallDelta', index: 0, id: 'c', name: 'look', argumentsFragment: '' },
    ],
  ])('%s is output', async (_what, event) => {
    const { first, second } = await openRace();
    second.emit(event);
    expect(first.call.signal.aborted).toBe(true);
  });

  it("`started` is no output, and only the winner's is seen", async () => {
    const { first, second, outcome } = await openRace();
    second.emit(started({ attempt: 2 }));
    first.emit(started());
    expect([first, second].map(({ call }) => call.signal.aborted)).toEqual([false, false]);
    first.emit(text('a'));
    first.complete(completed());
    expect(await outcome).toEqual({ events: [started(), text('a'), completed()] });
  });

  it('an answer without any output wins when it is complete', async () => {
    const { first, second, outcome } = await openRace();
    second.emit(started({ attempt: 2 }));
    second.complete(completed());
    expect(await outcome).toEqual({ events: [started({ attempt: 2 }), completed()] });
    expect(first.call.signal.aborted).toBe(true);
  });

  it('one that completes in the turn in which it lost is not seen', async () => {
    const { first, second, outcome } = await openRace();
    second.emit(text('b'));
    first.complete(completed({ model: 'lost' }));
    second.complete(completed());
    expect(await outcome).toEqual({ events: [text('b'), completed()] });
  });
});

describe('a failure', () => {
  it('of the second before output leaves the first running', async () => {
    const { first, second, outcome, call, pass } = await openRace();
    second.fail(unavailable);
    await pass(0);
    first.emit(text('a'));
    first.complete(completed());
    expect(await outcome).toEqual({ events: [text('a'), completed()] });
    expect(call.record.hedge).toBe('failed');
  });

  it('of the first before output leaves the second running', async () => {
    const { first, second, outcome, pass, call } = await openRace();
    first.fail(unavailable);
    await pass(5_000);
    second.emit(text('b'));
    second.complete(completed());
    expect(await outcome).toEqual({ events: [text('b'), completed()] });
    expect(call.record.hedge).toBe('won');
  });

  it('of a route that may be left does, too', async () => {
    const { first, second, outcome, pass } = await openRace();
    first.fail(new ProviderError('INVALID_API_KEY'));
    await pass(0);
    second.complete(completed());
    expect(await outcome).toEqual({ events: [completed()] });
  });

  it('that the request is to blame for ends both', async () => {
    const { first, second, outcome } = await openRace();
    const refused = new ProviderError('CONTENT_FILTERED');
    first.fail(refused);
    expect(await outcome).toEqual({ events: [], error: refused });
    expect(second.call.signal.aborted).toBe(true);
  });

  it("of both is the first one's", async () => {
    const { first, second, outcome, call } = await openRace();
    second.fail(new ProviderError('NETWORK_ERROR'));
    first.fail(unavailable);
    expect(await outcome).toEqual({ events: [], error: unavailable });
    expect(call.record).toMatchObject({ attempts: 2, hedge: 'failed', model: 'gpt-test' });
  });

  it("of the winner behind its output is the call's, which goes on from where it was", async () => {
    const { second, outcome, call } = await openRace();
    second.emit(text('b'));
    second.fail(unavailable);
    expect(await outcome).toEqual({ events: [text('b')], error: unavailable });
    expect(call.record).toMatchObject({ attempts: 2, hedge: 'won', model: 'gpt-test' });
  });

  it('before the second was made says that it was refused, and gives its share back', async () => {
    const { run, pass, at, world, share } = openHedge();
    const { call, outcome } = run();
    world.begins = false;
    await pass(1_000);
    at(1).fail(new ProviderError('BUDGET_EXCEEDED'));
    await pass(0);
    at(0).complete(completed());
    await outcome;
    expect(call.record).toMatchObject({ attempts: 1, hedge: 'refused' });
    expect(share.withdraw()).toBe(true);
  });
});

describe('the end of the call', () => {
  it.each(['CANCELLED', 'DEADLINE_EXCEEDED', 'SHUTTING_DOWN'] as const)(
    '%s ends both attempts',
    async (reason) => {
      const controller = new AbortController();
      const { first, second, outcome, clock } = await openRace({}, { signal: controller.signal });
      const error = new ProviderError(reason);
      controller.abort(error);
      expect([first, second].map(({ call }) => call.signal.reason)).toEqual([error, error]);
      expect(await outcome).toEqual({ events: [], error });
      expect(clock.pending).toBe(0);
    },
  );
});

describe('back-pressure', () => {
  it('reaches the second attempt once it has won, also if the caller was slow before', async () => {
    const { first, second, call, outcome } = await openRace();
    const seen: string[] = [];
    const note = (what: string) => () => void seen.push(what);
    second.call.flow.attach({ unread: true, pause: note('pause'), resume: note('resume') });
    first.call.flow.attach({ unread: false, pause: note('first'), resume: note('first') });
    call.flow.hold();
    expect(seen).toEqual(['first']);
    second.emit(text('b'));
    call.flow.release();
    call.flow.hold();
    expect(seen).toEqual(['first', 'pause', 'resume', 'pause']);
    expect(call.flow.unread).toBe(true);
    second.complete(completed());
    await outcome;
    call.flow.release();
    expect(seen).toHaveLength(4);
  });
});

describe('its metrics', () => {
  it('tell how much sooner the output came, by how long others took', async () => {
    const { run, pass, at, seen, telemetry } = openHedge();
    for (let count = 0; count < 10; count += 1) seen(9_000);
    const { outcome } = run();
    await pass(1_500);
    at(1).emit(text('b'));
    at(1).complete(completed());
    await outcome;
    expect(await telemetry.measured(METRICS.hedgeSaved.name)).toEqual([
      { attributes: { 'tamma.provider.target': 'default' }, value: 7.5, count: undefined },
    ]);
  });

  const charge = (attempt: number, picoDollars: bigint) => ({
    attempt,
    upstream: 'default',
    model: 'gpt-test',
    usage: completed().usage,
    cost: { picoDollars, catalogueVersion: '1', estimated: true, unpriced: false },
    serviceTier: '',
    outcome: 'completed' as const,
    startedAt: 0,
    endedAt: 0,
  });

  it('tell what became of it, and what the loser cost', async () => {
    const { first, second, outcome, call, telemetry } = await openRace();
    second.emit(text('b'));
    first.call.record.charges.push(charge(1, 3_000_000_000_000n));
    second.call.record.charges.push(charge(2, 5_000_000_000_000n));
    second.complete(completed());
    await outcome;
    expect(call.record.charges.map(({ attempt }) => attempt)).toEqual([1, 2]);
    const of = async (name: string) =>
      (await telemetry.measured(name)).map(({ attributes, value }) => [
        attributes['tamma.provider.outcome'] ?? attributes['tamma.provider.target'],
        value,
      ]);
    expect(await of(METRICS.hedges.name)).toEqual([['won', 1]]);
    expect(await of(METRICS.hedgeCost.name)).toEqual([['default', 3]]);
  });
});
