import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

interface Received {
  readonly path: string | undefined;
  readonly contentType: string | undefined;
  readonly body: Buffer;
}

type Exporter = ChildProcessByStdio<null, Readable, null>;

/** How the collector answers. */
let answer: (response: ServerResponse) => void;
let received: Received[];
let endpoint: string;
let exporter: Exporter | undefined;

const collector = createServer(async (request, response) => {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  received.push({
    path: request.url,
    contentType: request.headers['content-type'],
    body: Buffer.concat(chunks),
  });
  answer(response);
});

beforeEach(async () => {
  answer = (response) => response.end();
  received = [];
  await once(collector.listen(0, '127.0.0.1'), 'listening');
  endpoint = `http://127.0.0.1:${(collector.address() as AddressInfo).port}`;
});

afterEach(async () => {
  if (exporter?.exitCode === null && exporter.kill()) await once(exporter, 'exit');
  collector.closeAllConnections();
  await once(collector.close(), 'close');
});

/** Runs export-one-span.ts. What it prints, line by line. */
function run(environment: Record<string, string>, ...args: string[]): AsyncIterator<string> {
  exporter = spawn(process.execPath, [join(__dirname, 'export-one-span.ts'), ...args], {
    env: {
      PATH: process.env.PATH,
      NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE,
      ...environment,
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  return createInterface({ input: exporter.stdout })[Symbol.asyncIterator]();
}

async function nextLine(lines: AsyncIterator<string>): Promise<string | undefined> {
  return (await lines.next()).value;
}

function bodyAt(path: string): Received | undefined {
  return received.find((request) => request.path === path);
}

describe('export over OTLP', () => {
  it('sends spans and metrics to the endpoint at the latest when it shuts down', async () => {
    const lines = run({ OTEL_EXPORTER_OTLP_ENDPOINT: endpoint });
    const traceId = Buffer.from((await nextLine(lines)) ?? '', 'hex');
    expect(await nextLine(lines)).toBe('shut down');

    expect(bodyAt('/v1/traces')?.contentType).toBe('application/x-protobuf');
    expect(bodyAt('/v1/traces')?.body.includes('the span')).toBe(true);
    expect(bodyAt('/v1/traces')?.body.includes(traceId)).toBe(true);
    expect(bodyAt('/v1/metrics')?.contentType).toBe('application/x-protobuf');
    expect(bodyAt('/v1/metrics')?.body.includes('tamma.provider.attempts')).toBe(true);
    expect(bodyAt('/v1/metrics')?.body.includes('with this')).toBe(true);
  });

  it('sends JSON where the protocol says so', async () => {
    const lines = run({
      OTEL_EXPORTER_OTLP_ENDPOINT: endpoint,
      OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
    });
    const traceId = await nextLine(lines);
    await nextLine(lines);

    expect(bodyAt('/v1/traces')?.contentType).toBe('application/json');
    expect(JSON.parse(bodyAt('/v1/traces')?.body.toString() ?? '')).toMatchObject({
      resourceSpans: [{ scopeSpans: [{ spans: [{ traceId, name: 'the span' }] }] }],
    });
  });

  it.each([
    ['TRACES', '/v1/traces'],
    ['METRICS', '/v1/metrics'],
  ])('sends only %s where only these have an endpoint', async (signal, path) => {
    const lines = run({ [`OTEL_EXPORTER_OTLP_${signal}_ENDPOINT`]: `${endpoint}${path}` });
    await nextLine(lines);
    await nextLine(lines);

    expect(received.map((request) => request.path)).toEqual([path]);
  });

  it('does not let a collector that hangs hold up the shutdown', async () => {
    answer = () => {};
    const lines = run({ OTEL_EXPORTER_OTLP_ENDPOINT: endpoint }, '1');
    await nextLine(lines);

    expect(await nextLine(lines)).toBe('shut down');
  });

  it('shuts down in peace where the collector refuses, and says so in the log', async () => {
    answer = (response) => response.writeHead(400).end();
    const lines = run({ OTEL_EXPORTER_OTLP_ENDPOINT: endpoint });
    await nextLine(lines);

    let line = await nextLine(lines);
    expect(line).toContain('said');
    while (line?.startsWith('{')) line = await nextLine(lines);
    expect(line).toBe('shut down');
    expect(bodyAt('/v1/traces')).toBeDefined();
  });
});
