import { randomBytes } from 'node:crypto';
import {
  type Context,
  context,
  type Span,
  TraceFlags,
  type Tracer,
  trace,
} from '@opentelemetry/api';

const POOL_BYTES = 4_096;

/** For the next ids: to make random bytes for each costs as much as the rest of a span. */
let pool = Buffer.alloc(0);
let used = 0;

/** A text of its own: one that is cut from a longer text keeps that, and is slow to be made JSON of. */
function randomHex(bytes: number): string {
  if (used + bytes > pool.length) {
    pool = randomBytes(POOL_BYTES);
    used = 0;
  }
  used += bytes;
  return pool.toString('hex', used - bytes, used);
}

/**
 * Makes spans that nobody exports. They have real ids, for the log, for error details and for the
 * upstream's `traceparent`, and the caller's sampling decision; what is told of them is not kept. They
 * cost a tenth of the SDK's.
 */
export const unexportedTracer: Tracer = {
  startSpan(_name, _options, parent: Context = context.active()): Span {
    const caller = trace.getSpanContext(parent);
    const span = {
      traceId: caller?.traceId ?? randomHex(16),
      spanId: randomHex(8),
      // The other bits are no business of ours, and the SDK writes eight of them as three digits.
      traceFlags: (caller?.traceFlags ?? TraceFlags.SAMPLED) & TraceFlags.SAMPLED,
    };
    const traceState = caller?.traceState;
    return trace.wrapSpanContext(traceState === undefined ? span : { ...span, traceState });
  },
  startActiveSpan(name: string, ...rest: unknown[]) {
    const work = rest.at(-1) as (span: Span) => never;
    const span = this.startSpan(name);
    return context.with(trace.setSpan(context.active(), span), () => work(span));
  },
};
