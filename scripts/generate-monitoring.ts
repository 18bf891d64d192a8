/** Writes the dashboard, and the rules for the Prometheus operator. Run it after a change of either. */
import { readFileSync, writeFileSync } from 'node:fs';
import { dashboard } from './monitoring/dashboard.ts';
import { prometheusRule } from './monitoring/prometheus-rule.ts';

const deploy = new URL('../deploy/', import.meta.url);
const rules = readFileSync(new URL('prometheus/rules.yaml', deploy), 'utf8');
writeFileSync(new URL('grafana/dashboard.json', deploy), dashboard());
writeFileSync(new URL('kubernetes/monitoring/prometheus-rule.yaml', deploy), prometheusRule(rules));
