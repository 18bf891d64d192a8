import {
  type Context,
  ROOT_CONTEXT,
  type SpanContext,
  SpanKind,
  SpanStatusCode,
  type Tracer,
  trace,
} from '@opentelemetry/api';
import { ATTRIBUTE, BATCH_ITEM_SPAN } from '../telemetry/attributes.ts';

/**
 * Makes the call of one item in a trace of its own: a batch may take a day, and has more calls than a
 * trace can show. Its span has a link to that of the CreateBatch call.
 *
 * @param creator absent: another process took the batch.
 */
export async function inItemSpan<T>(
  tracer: Tracer,
  batch: string,
  creator: SpanContext | undefined,
  work: (context: Context) => Promise<T>,
): Promise<T> {
  const span = tracer.startSpan(
    BATCH_ITEM_SPAN,
    {
      kind: SpanKind.INTERNAL,
      attributes: { [ATTRIBUTE.batch]: batch },
      links: creator === undefined ? [] : [{ context: creator }],
    },
    ROOT_CONTEXT,
  );
  try {
    return await work(trace.setSpan(ROOT_CONTEXT, span));
  } catch (thrown) {
    span.setStatus({ code: SpanStatusCode.ERROR });
    throw thrown;
  } finally {
    span.end();
  }
}
