import { trace } from '@opentelemetry/api';
import { ATTRIBUTE, EVENT_HOLD } from '../telemetry/attributes.ts';
import type { Instruments } from '../telemetry/instruments.ts';
import type { Call } from './call.ts';

/** What an attempt that this process held back waited for. */
export interface Wait {
  readonly waitedFor: 'rate_limit' | 'concurrency' | 'budget' | 'circuit';
  /** Epoch ms. */
  readonly since: number;
  readonly waitedMs: number;
}

/** Tells of a wait that is over: in the record of the call, on its span, and in the metrics. */
export function noteWait(
  { record, context, upstream: target }: Pick<Call, 'record' | 'context' | 'upstream'>,
  { waitedFor, since, waitedMs }: Wait,
  { queueDuration }: Pick<Instruments, 'queueDuration'>,
): void {
  record.queuedMs += waitedMs;
  const held = { [ATTRIBUTE.target]: target, [ATTRIBUTE.waitedFor]: waitedFor };
  queueDuration.record(waitedMs / 1000, held);
  const queued = { ...held, [ATTRIBUTE.queued]: waitedMs / 1000 };
  trace.getSpan(context)?.addEvent(EVENT_HOLD, queued, since);
}
