import { CALLS } from './metrics-of-calls.ts';
import { CONVENTIONAL } from './metrics-of-conventions.ts';
import { MONEY } from './metrics-of-money.ts';
import { SIDECAR } from './metrics-of-sidecar.ts';

/** All there are, in the order of docs/metrics.md. */
export const METRICS = { ...CONVENTIONAL, ...CALLS, ...MONEY, ...SIDECAR } as const;

export type MetricKey = keyof typeof METRICS;
