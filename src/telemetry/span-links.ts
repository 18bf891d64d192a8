import { type Context, trace } from '@opentelemetry/api';

/** Shows on the span of a call which other call did its work. */
export function linkSpan(from: Context, to: Context): void {
  const context = trace.getSpanContext(to);
  if (context !== undefined) trace.getSpan(from)?.addLink({ context });
}
