import { expect, it } from '@jest/globals';
import { ROOT_CONTEXT, trace } from '@opentelemetry/api';
import { extractTraceContext, traceHeaders } from '../../src/telemetry/propagation.ts';
import { unexportedTracer } from '../../src/telemetry/unexported-tracer.ts';

const TRACE = '0af7651916cd43dd8448eb211c80319c';

it.each([
  ['00', '00'],
  ['01', '01'],
  ['03', '01'],
  ['fe', '00'],
  ['ff', '01'],
])('of the flags %s of a caller the upstream is told %s', (flags, told) => {
  const traceparent = `00-${TRACE}-b7ad6b7169203331-${flags}`;
  const caller = extractTraceContext((key) => (key === 'traceparent' ? traceparent : undefined));
  const span = unexportedTracer.startSpan('chat', {}, caller);

  const headers = traceHeaders(trace.setSpan(ROOT_CONTEXT, span), false);

  expect(headers.traceparent).toBe(`00-${TRACE}-${span.spanContext().spanId}-${told}`);
});
