import { expect, it } from '@jest/globals';
import { SpanStatusCode } from '@opentelemetry/api';
import { inItemSpan } from '../../src/batch/item-span.ts';
import { traceIds } from '../../src/telemetry/propagation.ts';
import { TelemetryProbe } from '../support/telemetry.ts';

it('is in a trace of its own, with a link to the call that made the batch', async () => {
  const probe = new TelemetryProbe();
  const creator = probe.tracer.startSpan('CreateBatch').spanContext();
  const ids = await inItemSpan(probe.tracer, 'batch-1', creator, async (context) =>
    traceIds(context),
  );
  const { span } = probe;
  expect(span.attributes).toEqual({ 'tamma.provider.batch.id': 'batch-1' });
  expect(span.spanContext()).toMatchObject(ids);
  expect(ids.traceId).not.toBe(creator.traceId);
  expect(span.links.map(({ context }) => context.spanId)).toEqual([creator.spanId]);
});

it('says that the call failed, and has no link where another process took the batch', async () => {
  const probe = new TelemetryProbe();
  const failing = inItemSpan(probe.tracer, 'batch-1', undefined, () =>
    Promise.reject(new Error('no')),
  );
  await expect(failing).rejects.toThrow('no');
  expect(probe.span.status.code).toBe(SpanStatusCode.ERROR);
  expect(probe.span.links).toEqual([]);
});
