import { expect, it } from '@jest/globals';
import { hrTimeToMilliseconds } from '@opentelemetry/core';
import { datedTracer } from '../../src/telemetry/dated-tracer.ts';
import { unexportedTracer } from '../../src/telemetry/unexported-tracer.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { TelemetryProbe } from '../support/telemetry.ts';

it('takes times from the clock, and dates them by the wall clock of when the span began', () => {
  const probe = new TelemetryProbe();
  const clock = new FakeClock();
  const start = clock.now();
  let ahead = 5_000;
  const time = { now: () => clock.now(), wall: () => clock.now() + ahead };
  const span = datedTracer(probe.tracer, time).startSpan('work', { attributes: { a: 1 } });
  clock.advance(100);
  span.addEvent('now');
  span.addEvent('before', { b: 2 }, start + 40);
  ahead = 9_000_000;
  clock.advance(100);
  span.end();
  const { attributes, events, startTime, endTime } = probe.span;
  const since = (at: Parameters<typeof hrTimeToMilliseconds>[0]) =>
    Math.round(hrTimeToMilliseconds(at) - start - 5_000);
  expect(attributes).toEqual({ a: 1 });
  expect([since(startTime), since(endTime)]).toEqual([0, 200]);
  expect(events.map(({ name, time: at }) => [name, since(at)])).toEqual([
    ['now', 100],
    ['before', 40],
  ]);
});

it('needs no wall clock, and leaves alone what nobody records', () => {
  const probe = new TelemetryProbe();
  const clock = new FakeClock();
  const time = { now: () => clock.now() };
  datedTracer(probe.tracer, time)
    .startSpan('work')
    .end(clock.now() + 7);
  expect(Math.round(hrTimeToMilliseconds(probe.span.duration))).toBe(7);
  const untold = datedTracer(unexportedTracer, time);
  expect(untold.startSpan('work').isRecording()).toBe(false);
  expect(untold.startActiveSpan('work', (span) => span.isRecording())).toBe(false);
});
