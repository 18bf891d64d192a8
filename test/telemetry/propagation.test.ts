import { afterEach, describe, expect, it } from '@jest/globals';
import { propagation, ROOT_CONTEXT, trace } from '@opentelemetry/api';
import { CompositePropagator, W3CBaggagePropagator } from '@opentelemetry/core';
import { extractTraceContext, traceHeaders, traceIds } from '../../src/telemetry/propagation.ts';

const TRACE_ID = '0af7651916cd43dd8448eb211c80319c';
const SPAN_ID = 'b7ad6b7169203331';
const TRACEPARENT = `00-${TRACE_ID}-${SPAN_ID}-01`;

function lookup(headers: Record<string, string>) {
  return (key: string) => headers[key];
}

afterEach(() => propagation.disable());

describe('extractTraceContext', () => {
  it("takes over the caller's trace and its state", () => {
    const context = extractTraceContext(lookup({ traceparent: TRACEPARENT, tracestate: 'a=1' }));

    expect(traceIds(context)).toEqual({ traceId: TRACE_ID, spanId: SPAN_ID });
    expect(trace.getSpanContext(context)?.isRemote).toBe(true);
    expect(trace.getSpanContext(context)?.traceState?.serialize()).toBe('a=1');
  });

  it.each([[{}], [{ traceparent: 'nonsense' }], [{ tracestate: 'a=1' }]])(
    'has no trace where the caller sent %j',
    (headers: Record<string, string>) => {
      expect(traceIds(extractTraceContext(lookup(headers)))).toEqual({ traceId: '', spanId: '' });
    },
  );

  it('asks for the headers of W3C trace context and no others', () => {
    const asked: string[] = [];
    extractTraceContext((key) => {
      asked.push(key);
      return key === 'traceparent' ? TRACEPARENT : undefined;
    });

    expect(asked).toEqual(['traceparent', 'tracestate']);
  });
});

describe('traceHeaders', () => {
  it('names the span of the context', () => {
    const context = extractTraceContext(lookup({ traceparent: TRACEPARENT, tracestate: 'a=1' }));

    expect(traceHeaders(context, true)).toEqual({ traceparent: TRACEPARENT, tracestate: 'a=1' });
    expect(traceHeaders(context, false)).toEqual({ traceparent: TRACEPARENT });
  });

  it('is empty without a span', () => {
    expect(traceHeaders(ROOT_CONTEXT, true)).toEqual({});
  });

  it('never carries baggage, even where the global propagator would', () => {
    propagation.setGlobalPropagator(
      new CompositePropagator({ propagators: [new W3CBaggagePropagator()] }),
    );
    const baggage = propagation.createBaggage({ tenant: { value: 'acme' } });
    const context = propagation.setBaggage(
      extractTraceContext(lookup({ traceparent: TRACEPARENT })),
      baggage,
    );

    expect(traceHeaders(context, true)).toEqual({ traceparent: TRACEPARENT });
  });
});
