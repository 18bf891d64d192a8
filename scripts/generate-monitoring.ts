/** Writes the dashboard, the reasons in the rules, and the rules for the Prometheus operator. */
import { readFileSync, writeFileSync } from 'node:fs';
import { dashboard } from './monitoring/dashboard.ts';
import { prometheusRule, withReasons } from './monitoring/prometheus-rule.ts';

const deploy = new URL('../deploy/', import.meta.url);
const source = new URL('prometheus/rules.yaml', deploy);
const rules = withReasons(readFileSync(source, 'utf8'));
writeFileSync(source, rules);
writeFileSync(new URL('grafana/dashboard.json', deploy), dashboard());
writeFileSync(new URL('kubernetes/monitoring/prometheus-rule.yaml', deploy), prometheusRule(rules));
