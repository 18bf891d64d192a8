/** Writes the table of docs/metrics.md. Run it after a change of src/telemetry/metrics.ts. */
import { readFileSync, writeFileSync } from 'node:fs';
import { withMetrics } from './metrics-doc.ts';

const page = new URL('../docs/metrics.md', import.meta.url);
writeFileSync(page, withMetrics(readFileSync(page, 'utf8')));
