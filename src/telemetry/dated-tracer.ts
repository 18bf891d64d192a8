import type { Attributes, Span, Tracer } from '@opentelemetry/api';
import { context as current } from '@opentelemetry/api';

/** The two times that spans are told by. */
export interface SpanTime {
  /** Epoch ms of the process's own clock, which measures durations. */
  now(): number;
  /** Epoch ms as the machine says. Default: the same. */
  wall?(): number;
}

/**
 * Spans whose times are those of the rest: of durations in metrics and log, and of the events that are
 * told with a time of that clock. They are dated by the wall clock as it stood when the span began.
 */
export function datedTracer(tracer: Tracer, { now, wall = now }: SpanTime): Tracer {
  const startSpan: Tracer['startSpan'] = (name, options, context = current.active()) => {
    const began = now();
    const ahead = wall() - began;
    const span = tracer.startSpan(name, { ...options, startTime: began + ahead }, context);
    return span.isRecording() ? dated(span, now, ahead) : span;
  };
  return { startSpan, startActiveSpan: tracer.startActiveSpan.bind(tracer) };
}

/** @param ahead what the wall clock is ahead, in ms */
function dated(span: Span, now: () => number, ahead: number): Span {
  const addEvent = span.addEvent.bind(span);
  const end = span.end.bind(span);
  span.addEvent = (name, attributes, time = now()) =>
    addEvent(name, attributes as Attributes, Number(time) + ahead);
  span.end = (time = now()) => end(Number(time) + ahead);
  return span;
}
