import { describe, expect, it } from '@jest/globals';
import { type Handler, newCallRecord } from '../../../src/provider/call.ts';
import { ProviderError } from '../../../src/provider/errors.ts';
import type { Completed, ProviderEvent } from '../../../src/provider/events.ts';
import { observe } from '../../../src/provider/stages/observe.ts';
import { METRIC } from '../../../src/telemetry/attributes.ts';
import { ModelLabels } from '../../../src/telemetry/model-label.ts';
import { aCall, completed, drain, replay, started, text } from '../../support/events.ts';
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
    const { events, error } = await drain(handler(call));

    expect(error).toBeUndefined();
    expect(events.map((event) => event.type)).toEqual([
      'started',
      'textDelta',
      'textDelta',
      'completed',
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
    const { clock, handler, call } = setUp(async function* () {
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
    });
    const { events } = await drain(handler(call));

    expect(last(events)).toMatchObject({
      attempts: 2,
      failedAttempts: [failed],
      timings: { queueMs: 7, timeToFirstTokenMs: 120, totalMs: 125 },
    });
    expect(call.record.firstOutputAt).toBe(call.record.startedAt + 120);
    expect(call.record.finishReason).toBe('length');
  });

  it('leaves the time to the first token absent where there was no output', async () => {
    const { handler, call } = setUp(replay(started(), completed()));
    const { events } = await drain(handler(call));

    expect(last(events).timings).toEqual({ queueMs: 0, totalMs: 0 });
    expect(call.record).not.toHaveProperty('firstOutputAt');
  });

  it('throws INTERNAL when the pipeline ends without `completed`', async () => {
    const { handler, call } = setUp(replay(started(), text('a')));
    const { events, error } = await drain(handler(call));

    expect(events).toHaveLength(2);
    expect(error).toMatchObject({
      reason: 'INTERNAL',
      cause: { message: 'The pipeline produced an end without `completed`.' },
    });
  });

  it('throws the reason of the abort when an aborted pipeline just ends', async () => {
    const reason = new ProviderError('DEADLINE_EXCEEDED');
    const { handler, call } = setUp(replay(started()));
    const { error } = await drain(handler({ ...call, signal: AbortSignal.abort(reason) }));

    expect(error).toBe(reason);
  });

  it.each([[completed()], [text('more')]])(
    'withholds `completed` and throws INTERNAL when %j follows it',
    async (extra: ProviderEvent) => {
      const { handler, call } = setUp(replay(started(), completed(), extra));
      const { events, error } = await drain(handler(call));

      expect(events.map((event) => event.type)).toEqual(['started']);
      expect(error).toMatchObject({
        reason: 'INTERNAL',
        cause: { message: 'The pipeline produced an event after `completed`.' },
      });
    },
  );

  it('withholds `completed` when the pipeline fails after it', async () => {
    const failure = new ProviderError('BUDGET_EXCEEDED');
    const { handler, call } = setUp(replay(completed(), failure));

    expect(await drain(handler(call))).toEqual({ events: [], error: failure });
  });

  it('throws a ProviderError as it is and anything else as INTERNAL with its cause', async () => {
    const known = new ProviderError('RATE_LIMIT_EXCEEDED');
    const bug = new TypeError('x is not a function');
    const first = setUp(replay(known));
    const second = setUp(replay(bug));

    expect((await drain(first.handler(first.call))).error).toBe(known);
    expect((await drain(second.handler(second.call))).error).toMatchObject({
      name: 'ProviderError',
      reason: 'INTERNAL',
      cause: bug,
    });
  });

  it('stops the pipeline when the consumer leaves', async () => {
    let stopped = false;
    const { handler, call, probe } = setUp(async function* () {
      try {
        yield started();
        yield text('never seen');
      } finally {
        stopped = true;
      }
    });
    for await (const event of handler(call)) {
      expect(event.type).toBe('started');
      break;
    }

    expect(stopped).toBe(true);
    expect(await probe.measured(METRIC.callDuration)).toMatchObject([
      { attributes: { [OUTCOME]: 'CANCELLED' } },
    ]);
  });

  it('measures duration by outcome and by a bounded model name', async () => {
    const { clock, handler, call, probe } = setUp(async function* () {
      clock.advance(1500);
      yield completed();
    });
    await drain(handler(call));

    expect(await probe.measured(METRIC.callDuration)).toEqual([
      { attributes: { [OUTCOME]: 'completed', [MODEL]: 'gpt-test' }, value: 1.5, count: 1 },
    ]);
  });

  it('measures a call that was refused before its model was known', async () => {
    const { handler, call, probe } = setUp(replay(new ProviderError('INVALID_REQUEST')));
    call.record.model = '';
    await drain(handler(call));

    expect(await probe.measured(METRIC.callDuration)).toEqual([
      { attributes: { [OUTCOME]: 'INVALID_REQUEST', [MODEL]: 'other' }, value: 0, count: 1 },
    ]);
  });

  it('counts a call as active until its last event is due', async () => {
    const { handler, call, probe } = setUp(replay(started(), completed()));
    const active = async () => (await probe.measured(METRIC.activeCalls))[0]?.value;
    const events = handler(call)[Symbol.asyncIterator]();
    expect(await active()).toBeUndefined();
    await events.next();
    expect(await active()).toBe(1);
    await events.next();
    expect(await active()).toBe(0);
  });
});
