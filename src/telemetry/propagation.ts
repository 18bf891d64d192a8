import {
  type Context,
  defaultTextMapSetter,
  ROOT_CONTEXT,
  type TextMapGetter,
  trace,
} from '@opentelemetry/api';
import { W3CTraceContextPropagator } from '@opentelemetry/core';

/**
 * The trace context and nothing else, whatever the global propagator is: baggage is the caller's
 * and stays with us, because the upstream is a third party.
 */
const propagator = new W3CTraceContextPropagator();

type Lookup = (key: string) => string | undefined;

const lookupGetter: TextMapGetter<Lookup> = {
  keys: () => propagator.fields(),
  get: (lookup, key) => lookup(key),
};

/** The caller's trace as W3C `traceparent` and `tracestate` tell it, else the root context. */
export function extractTraceContext(get: Lookup): Context {
  return propagator.extract(ROOT_CONTEXT, get, lookupGetter);
}

/**
 * Headers that tell an upstream which span asks it; empty if there is none.
 *
 * @param withState whether what the caller's tracing systems say of themselves goes along
 */
export function traceHeaders(context: Context, withState: boolean): Record<string, string> {
  const headers: Record<string, string> = {};
  propagator.inject(context, headers, defaultTextMapSetter);
  if (!withState) delete headers.tracestate;
  return headers;
}

/** Ids of the context's span in lower-case hex, for log lines and error details; empty if none. */
export function traceIds(context: Context): { traceId: string; spanId: string } {
  const span = trace.getSpanContext(context);
  return { traceId: span?.traceId ?? '', spanId: span?.spanId ?? '' };
}
