import { globSync, readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import * as attributes from '../../src/telemetry/attributes.ts';
import type { MetricDefinition } from '../../src/telemetry/metric-definition.ts';
import { METRICS } from '../../src/telemetry/metrics.ts';
import { prometheusName } from '../../src/telemetry/prometheus.ts';

const PAGES = ['README.md', ...globSync('docs/*.md'), ...globSync('docs/clients/*.md')].sort();
const RULES = readFileSync('deploy/prometheus/rules.yaml', 'utf8');

/** Of this program, and of the conventions that it follows, as OpenTelemetry and as Prometheus has them. */
const TOLD = /\b(?:tamma[._]provider|gen_ai|rpc_server|nodejs)[._][a-z0-9_.]*[a-z0-9](?![*\w])/g;

function isDocumented(name: string): boolean {
  return KNOWN.has(name) || name.startsWith('tamma.provider.v1') || WITHDRAWN.includes(name);
}

/** Of which docs/metrics.md says that they are gone, or that others begin with them. */
const WITHDRAWN = [
  'gen_ai.client.token.usage',
  'gen_ai.token.type',
  'gen_ai.client.operation',
  'gen_ai.client.inference',
];

const KNOWN = new Set<string>([
  ...Object.values<MetricDefinition>(METRICS).flatMap((metric) => {
    const name = prometheusName(metric);
    const suffixes = metric.kind === 'histogram' ? ['_bucket', '_sum', '_count'] : [];
    return [metric.name, name, ...suffixes.map((suffix) => name + suffix)];
  }),
  ...Object.values(attributes.ATTRIBUTE).flatMap((name) => [name, name.replaceAll('.', '_')]),
  ...Object.values(attributes).filter((value) => typeof value === 'string'),
]);

/** Keys of the configuration and their defaults, from the page that is generated from its schema. */
const KEYS = new Map(keysOf('docs/configuration.md').toReversed());
const GROUPS = new Set([...KEYS.keys()].map((key) => key.split('.')[0]));

/** What looks like a key: files, hosts, fields of a request, budgets of callers. */
const ELSE = /\.(?:sqlite|json|com)$|^cache\.(?:mode|coalesce)$|^callers\.NAME$/;

/** Words of the program and of its contract: fields of requests, of the log and of what is exported. */
const WORDS = new Set(
  [...globSync('src/**/*.ts'), ...globSync('proto/**/*.proto')].flatMap(
    (file) => readFileSync(file, 'utf8').match(/\w+/g) ?? [],
  ),
);

/** Of gRPC's libraries and tools, of Prometheus, and of compatible servers. */
const FOREIGN = [
  'continuous_usage_stats',
  'enable_retries',
  'fail_duration',
  'fail_timeout',
  'grpc_health_check',
  'grpc_read_timeout',
  'grpc_ssl_protocols',
  'grpc_tools',
  'histogram_quantile',
  'host_selection_retry_max_attempts',
  'large_client_header_buffers',
  'lb_retries',
  'max_retries',
  'previous_hosts',
  'retry_on',
  'tls_maximum_protocol_version',
  'wait_for_ready',
];

function keysOf(page: string): readonly (readonly [string, string])[] {
  return [...readFileSync(page, 'utf8').matchAll(/^\| `([\w.]+)` \| (`[^`]*`|) ?\|/gm)].map(
    ([, key = '', value = '']) => [key, value],
  );
}

describe.each(PAGES)('%s', (page) => {
  const text = readFileSync(page, 'utf8');

  it('names metrics, attributes and alerts that there are', () => {
    const told = [...text.matchAll(TOLD)].map(([name]) => name);
    expect(told.filter((name) => !isDocumented(name))).toEqual([]);
    const alerts = [...text.matchAll(/\bTammaProvider\w+/g)].map(([name]) => name);
    expect(alerts.filter((name) => !RULES.includes(`alert: ${name}\n`))).toEqual([]);
  });

  it('names fields that there are', () => {
    const quoted = [...text.replaceAll(/```.*?```/gs, '').matchAll(/`([^`\n]+)`/g)];
    const names = quoted.flatMap(
      ([, code = '']) => code.match(/(?<![\w./-])[a-z][a-z0-9]*(?:_[a-z0-9]+)+(?![\w./*-])/g) ?? [],
    );
    const isKnown = (name: string) => WORDS.has(name) || KNOWN.has(name) || FOREIGN.includes(name);
    expect(names.filter((name) => !isKnown(name))).toEqual([]);
  });

  it('names keys of the configuration that there are', () => {
    const dotted = [...text.matchAll(/`([a-z]\w+(?:\.\w+)+)(?:: [^`]*)?`/g)].map(
      ([, key = '']) => key,
    );
    const keys = dotted.filter((key) => GROUPS.has(key.split('.')[0]) && !ELSE.test(key));
    expect(keys.filter((key) => !KEYS.has(key) && !isGroup(key))).toEqual([]);
  });

  it('has the defaults of the configuration', () => {
    if (page === 'docs/configuration.md') return;
    const others = keysOf(page).filter(([key, value]) => KEYS.has(key) && value !== '');
    expect(others.filter(([key, value]) => KEYS.get(key) !== value)).toEqual([]);
  });
});

function isGroup(key: string): boolean {
  return [...KEYS.keys()].some((known) => known.startsWith(`${key}.`));
}
