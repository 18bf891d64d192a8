import { expect, it } from '@jest/globals';
import { ROOT_CONTEXT, trace } from '@opentelemetry/api';
import { newCallRecord } from '../../src/core/call-record.ts';
import { noteWait } from '../../src/core/note-wait.ts';
import { TelemetryProbe } from '../support/telemetry.ts';

it('tells of a wait in the record, on the span of the call, from when it began, and in the metrics', async () => {
  const probe = new TelemetryProbe();
  const span = probe.tracer.startSpan('the call', { startTime: 1_000 });
  const record = newCallRecord(1_000);
  const call = { record, context: trace.setSpan(ROOT_CONTEXT, span), upstream: 'default' };
  const since = Date.UTC(2026, 0, 1);
  noteWait(call, { waitedFor: 'circuit', since, waitedMs: 250 }, probe.instruments);
  noteWait(
    { ...call, context: ROOT_CONTEXT },
    { waitedFor: 'budget', since, waitedMs: 50 },
    probe.instruments,
  );
  span.end();
  expect(record.queuedMs).toBe(300);
  expect(probe.span.events).toMatchObject([
    {
      name: 'tamma.provider.hold',
      time: [since / 1000, 0],
      attributes: {
        'tamma.provider.target': 'default',
        'tamma.provider.waited_for': 'circuit',
        'tamma.provider.queued': 0.25,
      },
    },
  ]);
  const waits = await probe.measured('tamma.provider.queue.duration');
  expect(
    waits.map(({ attributes, value }) => [attributes['tamma.provider.waited_for'], value]),
  ).toEqual([
    ['circuit', 0.25],
    ['budget', 0.05],
  ]);
});
