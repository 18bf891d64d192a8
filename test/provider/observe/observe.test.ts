import { describe, expect, it } from '@jest/globals';
import { trace } from '@opentelemetry/api';
import type { Handler } from '../../../src/core/call.ts';
import { newCallRecord } from '../../../src/core/call-record.ts';
import { ProviderError } from '../../../src/core/errors.ts';
import type { Completed, ProviderEvent } from '../../../src/core/events.ts';
import { observe } from '../../../src/provider/observe/observe.ts';
import { METRICS } from '../../../src/telemetry/metrics.ts';
import { ModelLabels } from '../../../src/telemetry/model-label.ts';
import { aCall, completed, drain, replay, scripted, started, text } from '../../support/events.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { TelemetryProbe } from '../../support/telemetry.ts';

const OUTCOME = 'tamma.provider.outcome';
const MODEL = 'gen_ai.request.model';

function setUp(next: Handler) {
  const clock = new FakeClock();
  const probe = new TelemetryProbe();
  const labels = new ModelLabels(['gpt-test']);
  const handler = observe({ clock, instruments: probe.instruments, labels })(next);
  const call = aCall({ record: newCallRecord(clock.now()) });
  call.record.model = 'gpt-test';
  return { clock, probe, handler, call };
}

function last(events: readonly ProviderEvent[]): Completed {
  const event = events.at(-1);
  if (event?.type !== 'completed') throw new Error('not completed');
  return event;
}

describe('observe', () => {
  it('passes a whole answer on, in order', async () => {
    const { handler, call } = setUp(replay(started(), text('a'), text('b'), completed()));
    const { events, error } = await drain((emit) => handler(call, emit));

    expect(error).toBeUndefined();
    expect(events.map((event) => event.type)).toEqual([
      'started',
      'textDelta',
      'textDelta',
      'completed',
    ]);
  });

  it('shows on the span of the call when its output is void', async () => {
    const reset = { type: 'attemptReset', attempt: 2, reason: 'TIMEOUT' } as const;
    const { probe, handler, call } = setUp(
      replay(started(), text('a'), reset, started(), text('b'), completed()),
    );
    const span = probe.tracer.startSpan('call');
    const context = trace.setSpan(call.context, span);
    await drain((emit) => handler({ ...call, context }, emit));
    span.end();
    expect(probe.span.events).toMatchObject([
      {
        name: 'tamma.provider.reset',
        attributes: { 'tamma.provider.attempt': 2, 'tamma.provider.reason': 'TIMEOUT' },
      },
    ]);
  });

  it('gives `completed` the attempts, the failed ones and the times of the call', async () => {
    const failed = {
      attempt: 1,
      target: 'default',
      model: 'gpt-test',
      reason: 'TIMEOUT',
      durationMs: 3,
    } as const;
    const { clock, handler, call } = setUp(
      scripted(async function* () {
        call.record.attempts = 2;
        call.record.failedAttempts.push(failed);
        call.record.queuedMs = 7;
        clock.advance(100);
        yield started();
        clock.advance(20);
        yield text('a');
        clock.advance(5);
        yield text('b');
        yield completed({ finishReason: 'length' });
      }),
    );
    const { events } = await drain((emit) => handler(call, emit));

    expect(last(events)).toMatchObject({
      attempts: 2,
      failedAttempts: [failed],
      timings: { queueMs: 7, backoffMs: 0, timeToFirstTokenMs: 120, totalMs: 125 },
    });
    expect(call.record.firstOutputAt).toBe(call.record.startedAt + 120);
    expect(call.record.finishReason).toBe('length');
  });

  it('leaves the time to the first token absent where there was no output', async () => {
    const { handler, call } = setUp(replay(started(), completed()));
    const { events } = await drain((emit) => handler(call, emit));

    expect(last(events).timings).toEqual({ queueMs: 0, backoffMs: 0, totalMs: 0 });
    expect(call.record).not.toHaveProperty('firstOutputAt');
  });

  it('throws a ProviderError as it is and anything else as INTERNAL with its cause', async () => {
    const known = new ProviderError('RATE_LIMIT_EXCEEDED');
    const bug = new TypeError('x is not a function');
    const first = setUp(replay(known));
    const second = setUp(replay(bug));

    expect((await drain((emit) => first.handler(first.call, emit))).error).toBe(known);
    expect((await drain((emit) => second.handler(second.call, emit))).error).toMatchObject({
      name: 'ProviderError',
      reason: 'INTERNAL',
      cause: bug,
    });
  });

  it('measures a call that its caller ends', async () => {
    const { handler, call, probe } = setUp(
      replay(started(), text('a'), new ProviderError('CANCELLED')),
    );
    await drain((emit) => handler(call, emit));

    expect(await probe.measured(METRICS.callDuration.name)).toMatchObject([
      { attributes: { [OUTCOME]: 'CANCELLED' } },
    ]);
  });

  it('measures duration by outcome and by a bounded model name', async () => {
    const { clock, handler, call, probe } = setUp(
      scripted(async function* () {
        clock.advance(1500);
        yield completed();
      }),
    );
    await drain((emit) => handler(call, emit));

    expect(await probe.measured(METRICS.callDuration.name)).toEqual([
      { attributes: { [OUTCOME]: 'completed', [MODEL]: 'gpt-test' }, value: 1.5, count: 1 },
    ]);
  });

  it('measures a call that was refused before its model was known', async () => {
    const { handler, call, probe } = setUp(replay(new ProviderError('INVALID_REQUEST')));
    call.record.model = '';
    await drain((emit) => handler(call, emit));

    expect(await probe.measured(METRICS.callDuration.name)).toEqual([
      { attributes: { [OUTCOME]: 'INVALID_REQUEST', [MODEL]: 'other' }, value: 0, count: 1 },
    ]);
  });

  it('counts a call as active until it has ended', async () => {
    const end = Promise.withResolvers<Completed>();
    const { handler, call, probe } = setUp(() => end.promise);
    const active = async () => (await probe.measured(METRICS.activeCalls.name))[0]?.value;
    expect(await active()).toBeUndefined();
    const answer = handler(call, () => {});
    expect(await active()).toBe(1);
    end.resolve(completed());
    await answer;
    expect(await active()).toBe(0);
  });
});
