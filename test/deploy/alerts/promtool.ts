import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { ScrapedSeries } from './scraped-series.ts';

/** Plain rules, as a Prometheus reads them. */
export const RULES = 'deploy/prometheus/rules.yaml';

export interface Expectation {
  readonly expr: string;
  /** After the first scrape, in minutes. */
  readonly atMinute: number;
  /** Label sets of what the query finds, each with the value 1. */
  readonly finds: readonly string[];
}

export interface RuleTest {
  /** Minutes between two scrapes. */
  readonly interval: number;
  readonly series: readonly ScrapedSeries[];
  readonly expectations: readonly Expectation[];
}

export const hasPromtool = spawnSync('promtool', ['--version']).status === 0;

/** Lets Prometheus' own engine evaluate rules and queries. Returns what it found otherwise, or nothing. */
export function testRules({ interval, series, expectations }: RuleTest): string {
  const directory = mkdtempSync(join(tmpdir(), 'promtool-'));
  try {
    const path = join(directory, 'test.json');
    // JSON is YAML.
    const file = {
      rule_files: [resolve(RULES)],
      evaluation_interval: '1m',
      tests: [
        {
          interval: `${interval}m`,
          input_series: series.flatMap(({ input }) => input),
          promql_expr_test: expectations.map(({ expr, atMinute, finds }) => ({
            expr,
            eval_time: `${atMinute}m`,
            exp_samples: finds.map((labels) => ({ labels, value: 1 })),
          })),
        },
      ],
    };
    writeFileSync(path, JSON.stringify(file));
    const { stdout, stderr, status } = spawnSync('promtool', ['test', 'rules', path], {
      encoding: 'utf8',
    });
    return status === 0 ? '' : `${stdout}\n${stderr}`;
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** That exactly these alerts fire. */
export function firing(atMinute: number, alerts: readonly string[]): Expectation {
  return {
    expr: 'group by (alertname) (ALERTS{alertstate="firing"})',
    atMinute,
    finds: alerts.map((name) => `{alertname="${name}"}`),
  };
}
