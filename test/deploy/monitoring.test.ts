import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import { dashboard } from '../../scripts/monitoring/dashboard.ts';
import { ROWS } from '../../scripts/monitoring/panels.ts';
import { prometheusRule, withReasons } from '../../scripts/monitoring/prometheus-rule.ts';
import { ERROR_KINDS } from '../../src/core/error-kinds.ts';
import type { MetricDefinition } from '../../src/telemetry/metric-definition.ts';
import { METRICS } from '../../src/telemetry/metrics.ts';
import { prometheusName } from '../../src/telemetry/prometheus.ts';

interface Rule {
  readonly record?: string;
  readonly alert?: string;
  readonly expr: string;
  readonly labels?: { readonly severity?: string };
  readonly annotations?: Readonly<Record<string, string>>;
}

const text = readFileSync('deploy/prometheus/rules.yaml', 'utf8');
const operations = readFileSync('docs/operations.md', 'utf8');
const { groups }: { readonly groups: readonly { readonly rules: readonly Rule[] }[] } = parse(text);
const rules = groups.flatMap((group) => group.rules);
const alerts = rules.flatMap((rule) =>
  rule.alert === undefined ? [] : [[rule.alert, rule] as const],
);
const recorded = rules.flatMap(({ record }) => record ?? []);

/** What Prometheus itself gives a series, and an alert. */
const OF_PROMETHEUS = ['namespace', 'job', 'instance', 'le'];

/** Labels of each series that a scrape has, by its name. */
const SERIES = new Map<string, readonly string[]>(
  Object.values<MetricDefinition>(METRICS).flatMap((metric) => {
    const name = prometheusName(metric);
    const labels = metric.attributes.map((key) => key.replaceAll('.', '_'));
    const suffixes = metric.kind === 'histogram' ? ['_bucket', '_sum', '_count'] : [''];
    return suffixes.map((suffix) => [`${name}${suffix}`, labels] as const);
  }),
);
SERIES.set('up', []);
for (const name of recorded) SERIES.set(name, []);

const queries = [
  ...rules.map(({ alert, record, expr }) => [alert ?? record ?? '', expr] as const),
  ...ROWS.flatMap(({ panels }) => panels).flatMap(({ title, queries: all }) =>
    all.map(({ expr }) => [title, expr] as const),
  ),
];

/** Words of a query that are neither functions, strings nor durations, with what is selected of them. */
function selectorsOf(expr: string) {
  const plain = expr.replace(/#.*$/gm, '');
  return [...plain.matchAll(/\b([a-z][\w:]*)(?:\{([^}]*)\})?(?!\s*\(|\w)/g)].map(
    ([, name = '', selected = '']) => ({
      name,
      labels: [...selected.matchAll(/(\w+)\s*(?:=|!)/g)].map(([, label = '']) => label),
    }),
  );
}

const isSeries = (name: string) => SERIES.has(name);

describe.each(queries)('the query of "%s"', (_, expr) => {
  const grouped = [...expr.matchAll(/\b(?:by|without|on|ignoring) \(([^)]*)\)/g)].flatMap(
    ([, list = '']) => list.split(/,\s*/),
  );
  const bare = expr
    .replace(/\b(?:by|without|on|ignoring) \([^)]*\)/g, '')
    .replace(/"[^"]*"/g, '""');
  const used = selectorsOf(bare).filter(
    ({ name }) => /[_:]|^up$/.test(name) && !grouped.includes(name),
  );
  const series = used.filter(({ name }) => isSeries(name));

  it('asks for series that a scrape has', () => {
    expect(series.length).toBeGreaterThan(0);
    const functions = /^(\$__rate_interval|histogram_quantile|\w+_over_time)$/;
    const unknown = used.filter(({ name }) => !isSeries(name) && !functions.test(name));
    expect(unknown).toEqual([]);
  });

  it('selects and groups by labels that they have', () => {
    for (const { name, labels } of series) {
      const known = [...OF_PROMETHEUS, ...(SERIES.get(name) ?? [])];
      expect(labels.filter((label) => !known.includes(label))).toEqual([]);
    }
    const all = [...OF_PROMETHEUS, ...series.flatMap(({ name }) => SERIES.get(name) ?? [])];
    expect(grouped.filter((label) => !all.includes(label))).toEqual([]);
  });
});

describe.each(alerts)('%s', (name, { expr, labels, annotations = {} }) => {
  it('says how bad it is, and what it is, and where is written what to do', () => {
    expect(['critical', 'warning']).toContain(labels?.severity);
    const { summary, description, runbook = '' } = annotations;
    expect(summary).toMatch(/^[A-Z].*\.$/);
    expect(description).toMatch(/\.$/);
    const [page, anchor] = runbook.split('#');
    expect(page).toBe('docs/operations.md');
    const section = operations
      .split(/^#{2,4} /m)
      .find((part) => part.split('\n', 1)[0]?.toLowerCase().replaceAll(' ', '-') === anchor);
    expect(section).toContain(`\`${name}\``);
  });

  it('tells by labels that its query leaves', () => {
    const told = [...(annotations.description ?? '').matchAll(/\$labels\.(\w+)/g)];
    for (const [, label = ''] of told) {
      const by = [...expr.matchAll(/\bby \(([^)]*)\)/g)].map(([, list = '']) => list);
      const without = [...expr.matchAll(/\bwithout \(([^)]*)\)/g)].map(([, list = '']) => list);
      expect(without.filter((list) => list.includes(label))).toEqual([]);
      expect(by.filter((list) => !list.includes(label))).toEqual([]);
    }
  });
});

describe('deploy/prometheus/rules.yaml', () => {
  it('counts every reason as a failure or as the affair of the caller', () => {
    expect(text).toBe(withReasons(text));
    for (const { expr } of rules.filter(({ record }) => record?.includes('call_failures'))) {
      const [failed = '', ofCallers = ''] = [...expr.matchAll(/outcome(?:=|!)~"([^"]*)"/g)].map(
        ([, list]) => list,
      );
      expect(failed.split('|')).toEqual(expect.arrayContaining(['INTERNAL', 'TIMEOUT']));
      expect(ofCallers.split('|')).toEqual(
        expect.arrayContaining(['CANCELLED', 'INVALID_REQUEST']),
      );
      const counted = [...failed.split('|'), ...ofCallers.split('|')];
      expect(counted.sort()).toEqual(Object.keys(ERROR_KINDS).sort());
    }
  });

  it('is what the manifest has', () => {
    const manifest = readFileSync('deploy/kubernetes/monitoring/prometheus-rule.yaml', 'utf8');
    expect(manifest).toBe(prometheusRule(text));
    expect(parse(manifest).spec.groups).toEqual(groups);
  });
});

it('deploy/grafana/dashboard.json is what the panels make', () => {
  expect(readFileSync('deploy/grafana/dashboard.json', 'utf8')).toBe(dashboard());
});
