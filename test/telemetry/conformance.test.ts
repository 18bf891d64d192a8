import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { withMetrics } from '../../scripts/metrics-doc.ts';
import type { MetricDefinition } from '../../src/telemetry/metric-definition.ts';
import { METRICS } from '../../src/telemetry/metrics.ts';
import { prometheusName } from '../../src/telemetry/prometheus.ts';
import { collect } from '../support/grpc-client.ts';
import { aRequest, type RunningApp, startApp } from '../support/running-app.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { answer, httpError, resetAfter } from '../support/upstream/index.ts';

const DEFINITIONS = Object.entries<MetricDefinition>(METRICS);
const directory = tempFolder();
const CONFIG = `
dataDir: ${directory}
defaultModel: gpt-5.4
retryPolicy: { baseDelay: 1ms, maxDelay: 1ms }
cache: { enabled: true }
budgets: [{ name: everyone, scope: all, limit: 100, period: day }]
targets: { backup: { baseUrl: 'http://127.0.0.1:1/v1' } }
`;

const NOT_SEEN: readonly MetricDefinition[] = [
  METRICS.queueDuration,
  METRICS.circuitState,
  METRICS.rateLimitHold,
  METRICS.refusedConnections,
  METRICS.sharedStoreOutage,
  METRICS.sharedStoreDuration,
];

let running: RunningApp;
let atStart: string;
let scraped: string;

/** One scripted day: answers, tools, structured outputs, refusals, a retry, a break, a bad request. */
beforeAll(async () => {
  running = await startApp(CONFIG);
  atStart = await scrape();
  const { stub } = running;
  await send();
  stub.enqueue(httpError(503), answer({ text: 'again and again', paceMs: 2 }));
  await send();
  stub.enqueue(resetAfter(1));
  await send();
  stub.enqueue(answer({ text: '' }));
  await send();
  stub.enqueue(answer({ text: '{"n":"many"}' }));
  const schema = JSON.stringify({
    type: 'object',
    properties: { n: { type: 'integer' } },
    required: ['n'],
    additionalProperties: false,
  });
  await send({ responseFormat: { jsonSchema: { name: 'count', schema, strict: true } } });
  await send({ temperature: 99 });
  scraped = await scrape();
});
afterAll(async () => {
  await running.stop();
});

async function send(fields: object = {}) {
  await collect(running.client.provider.stream('SendMessage', aRequest(fields)));
}

async function scrape(): Promise<string> {
  return (await fetch(`http://${running.app.adminAddress}/metrics`)).text();
}

/** Labels and value of each sample of a name. */
function samples(text: string, name: string) {
  return text
    .split('\n')
    .map((line) => /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)$/.exec(line))
    .filter((match) => match?.[1] === name)
    .map((match) => ({
      labels: Object.fromEntries(
        [...(match?.[2] ?? '').matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)].map(([, key, value]) => [
          key,
          value,
        ]),
      ),
      value: Number(match?.[3]),
    }));
}

describe('a scrape', () => {
  it.each(DEFINITIONS)('has %s with its type, its text and no other attribute', (_, metric) => {
    const name = prometheusName(metric);
    const type = { upDownCounter: 'gauge', observableUpDownCounter: 'gauge' } as const;
    const kinds: Readonly<Record<string, string>> = {
      counter: 'counter',
      observableCounter: 'counter',
      histogram: 'histogram',
      observableGauge: 'gauge',
      ...type,
    };
    if (!scraped.includes(`# TYPE ${name} `)) {
      // Waits, holds, refusals and what others share are no part of the day.
      expect(NOT_SEEN).toContain(metric);
      return;
    }
    expect(scraped).toContain(`# HELP ${name} ${metric.description}\n`);
    expect(scraped).toContain(`# TYPE ${name} ${kinds[metric.kind]}\n`);
    const allowed = new Set(metric.attributes.map((key) => key.replaceAll('.', '_')));
    const found = samples(scraped, metric.kind === 'histogram' ? `${name}_count` : name);
    const others = found.flatMap(({ labels }) =>
      Object.keys(labels).filter((key) => !allowed.has(key)),
    );
    expect(others).toEqual([]);
  });

  it.each(DEFINITIONS.filter(([, { kind }]) => kind === 'histogram'))(
    'has the buckets of %s',
    (_, metric) => {
      const all = samples(scraped, `${prometheusName(metric)}_bucket`).map(
        ({ labels }) => labels.le,
      );
      if (all.length === 0) return;
      expect([...new Set(all)]).toEqual([...(metric.buckets ?? []).map(String), '+Inf']);
    },
  );

  it.each(DEFINITIONS.filter(([, { kind }]) => kind === 'counter'))(
    'has %s from the start, at 0',
    (key, metric) => {
      if (key === 'refusedConnections') return;
      const values = samples(atStart, prometheusName(metric)).map(({ value }) => value);
      expect([...new Set(values)]).toEqual([0]);
    },
  );

  it('has what the GenAI conventions require of every attempt', () => {
    for (const { labels } of samples(scraped, 'gen_ai_client_inference_duration_seconds_count')) {
      expect(labels).toMatchObject({
        gen_ai_operation_name: 'chat',
        gen_ai_provider_name: 'openai',
        gen_ai_request_model: 'gpt-5.4',
        server_address: '127.0.0.1',
        server_port: expect.stringMatching(/^\d+$/),
      });
    }
  });

  it('tells what became of the answers', () => {
    const faults = samples(scraped, 'tamma_provider_answer_faults_total');
    const counted = (fault: string) =>
      faults
        .filter(({ labels }) => labels.tamma_provider_fault === fault)
        .reduce((sum, { value }) => sum + value, 0);
    expect(counted('empty')).toBe(1);
    expect(counted('schema')).toBe(1);
    expect(counted('refusal')).toBe(0);
  });

  it('tells what calls took in this process', () => {
    const groups = samples(scraped, 'tamma_provider_overhead_duration_seconds_count');
    expect(groups.map(({ labels, value }) => [labels.tamma_provider_stage_group, value])).toEqual([
      ['before', 5],
      ['after', 5],
      ['between', 1],
    ]);
  });
});

it('docs/metrics.md lists every metric', () => {
  const page = readFileSync('docs/metrics.md', 'utf8');
  expect(page).toBe(withMetrics(page));
});
