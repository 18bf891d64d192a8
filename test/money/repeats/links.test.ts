import { expect, it } from '@jest/globals';
import { ROOT_CONTEXT, trace } from '@opentelemetry/api';
import type { Handler } from '../../../src/core/call.ts';
import { Repeats } from '../../../src/money/repeats/repeats.ts';
import { repeats } from '../../../src/money/repeats/stage.ts';
import { aCall, completed, drain, started, text } from '../../support/events.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { TelemetryProbe } from '../../support/telemetry.ts';

it('links the span of a call that follows another to the span of that one, and no other', async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  const answer: Handler = async (_, emit) => {
    emit(started());
    await promise;
    emit(text('an answer'));
    return completed();
  };
  const probe = new TelemetryProbe();
  const handler = repeats(new Repeats(new FakeClock()))(answer);
  const spans = ['first', 'second'].map((name) => probe.tracer.startSpan(name));
  const calls = spans.map((span) => {
    const call = aCall({ context: trace.setSpan(ROOT_CONTEXT, span) });
    const asked = { ...call.asked, idempotencyKey: 'k-1' };
    return drain((emit) => handler({ ...call, asked }, emit));
  });
  resolve();
  await Promise.all(calls);
  for (const span of spans) span.end();
  const [first, second] = probe.spans;
  expect(first?.links).toEqual([]);
  expect(second?.links.map(({ context }) => context.spanId)).toEqual([first?.spanContext().spanId]);
});
