import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from '@jest/globals';
import { startSidecar } from '../attacks/sidecar.ts';
import { create, item } from '../batch/running-batches.ts';
import { collect, connect, failureOf } from '../support/grpc-client.ts';
import { aRequest } from '../support/running-app.ts';
import { httpError, startStubUpstream } from '../support/upstream/index.ts';

const API_KEY = 'planted-key-0123456789abcdef';
const PROMPT = `Remember the word marzipan and the key ${API_KEY}`;
const CAPTURE = { OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT: 'SPAN_ONLY' };
const EVENTS = { TAMMA_CONFIG: 'test/e2e/otlp-events.yaml' };

interface Value {
  readonly stringValue?: string;
}

interface Told {
  readonly eventName: string;
  readonly severityText: string;
  readonly traceId: string;
  readonly spanId: string;
  readonly attributes: readonly { readonly key: string; readonly value: Value }[];
}

interface Spanned {
  readonly name: string;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly links?: readonly unknown[];
}

const stops: (() => unknown)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

/**
 * A sidecar that answers one call, fails another and works off a batch of one, then ends. What a collector was sent, by path,
 * and what it logged.
 */
async function sentBy(own: Readonly<Record<string, string>>) {
  const bodies = new Map<string, string>();
  const collector = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += String(chunk);
    bodies.set(request.url ?? '', (bodies.get(request.url ?? '') ?? '') + body);
    response.setHeader('content-type', 'application/json').end('{}');
  }).listen(0, '127.0.0.1');
  await once(collector, 'listening');
  stops.push(
    () => once(collector.close(), 'close'),
    () => collector.closeAllConnections(),
  );
  const dataDir = mkdtempSync(join(tmpdir(), 'tamma-otlp-'));
  stops.push(() => rmSync(dataDir, { recursive: true, force: true }));
  const stub = await startStubUpstream();
  stops.push(() => stub.close());
  const { port } = collector.address() as AddressInfo;
  const sidecar = await startSidecar({
    stderr: 'pipe',
    environment: {
      OPENAI_API_KEY: API_KEY,
      OPENAI_BASE_URL: stub.url,
      TAMMA_DATA_DIR: dataDir,
      OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}`,
      OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
      ...own,
    },
  });
  stops.push(() => sidecar.stop());
  let log = '';
  sidecar.child.stderr?.on('data', (text) => {
    log += String(text);
  });
  const client = connect(sidecar.address);
  const request = aRequest({ messages: [{ role: 'ROLE_USER', content: PROMPT }] });
  await collect(client.provider.stream('SendMessage', request));
  stub.enqueue(httpError(400, { message: `you sent ${API_KEY}` }));
  await failureOf(client.provider.unary('SendMessageSync', request));
  await client.provider.unary('GetStatus', {});
  const batch = await create(client, { execution: 'BATCH_EXECUTION_LOCAL' }, [item('one')]);
  const results = { batchId: batch.id, wait: true };
  await collect(client.batch.stream('StreamBatchResults', results));
  client.close();
  sidecar.child.kill('SIGTERM');
  expect(await sidecar.gone).toBe(0);
  expect(bodies.get('/v1/traces')).toContain('gen_ai.request.model');
  expect([...bodies.values()].join('\n')).not.toContain(API_KEY);
  return {
    bodies,
    log: log
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line)),
  };
}

describe('what leaves over OTLP', () => {
  it('is neither content nor events where nobody asked for them, but the links of a batch', async () => {
    const { bodies } = await sentBy({});
    expect([...bodies.keys()].sort()).toEqual(['/v1/metrics', '/v1/traces']);
    for (const body of bodies.values()) expect(body).not.toMatch(/marzipan|messages"|Hello/);
    const { resourceSpans } = JSON.parse(bodies.get('/v1/traces') ?? '');
    const spans: Spanned[] = resourceSpans[0].scopeSpans[0].spans;
    const named = (name: string) => spans.find((span) => span.name.endsWith(name));
    const [created, made] = [named('/CreateBatch'), named('batch item')];
    expect(made?.links).toMatchObject([{ traceId: created?.traceId, spanId: created?.spanId }]);
    expect(made?.traceId).not.toBe(created?.traceId);
    const attempts = spans.filter(({ parentSpanId }) => parentSpanId === made?.spanId);
    expect(attempts).toHaveLength(1);
  });

  it('is content on spans and events of calls where both are asked for, without secrets', async () => {
    const { bodies, log } = await sentBy({ ...CAPTURE, ...EVENTS });
    const traces = bodies.get('/v1/traces') ?? '';
    expect(traces).toContain('gen_ai.input.messages');
    expect(traces).toContain('gen_ai.output.messages');
    expect(traces).toContain('marzipan and the key [redacted]');

    const logs = bodies.get('/v1/logs') ?? '';
    expect(logs).not.toContain('marzipan');
    const told: Told[] = JSON.parse(logs).resourceLogs[0].scopeLogs[0].logRecords;
    expect(told.map(({ eventName, severityText }) => [eventName, severityText])).toEqual([
      ['AI.REQUEST.STARTED', 'INFO'],
      ['AI.RESPONSE.COMPLETED', 'INFO'],
      ['AI.REQUEST.STARTED', 'INFO'],
      ['AI.RESPONSE.FAILED', 'INFO'],
    ]);
    const lines = log.filter(({ msg }) => /^call /.test(msg)).slice(0, 2);
    expect(lines).toHaveLength(2);
    const ended = told.filter(({ eventName }) => /RESPONSE/.test(eventName));
    for (const [index, line] of lines.entries()) {
      const { time, level, service, msg, ...fields } = line;
      const { attributes = [], traceId, spanId } = ended[index] ?? {};
      expect({ traceId, spanId }).toEqual({ traceId: line.trace_id, spanId: line.span_id });
      expect(attributes.map(({ key }) => key).sort()).toEqual(Object.keys(fields).sort());
      expect(traces).toContain(`"traceId":"${traceId}","spanId":"${spanId}"`);
    }
  });
});
