/** Of an instrument of the OpenTelemetry API. */
export type MetricKind =
  | 'counter'
  | 'upDownCounter'
  | 'histogram'
  | 'observableCounter'
  | 'observableUpDownCounter'
  | 'observableGauge';

/** One metric: all that is told of it, here and in docs/metrics.md. */
export interface MetricDefinition {
  readonly name: string;
  readonly kind: MetricKind;
  /** UCUM: `s`, `By`, or what is counted, in braces. */
  readonly unit: string;
  readonly description: string;
  /** Those it may have. None of them is an id, a tenant or a model's raw name (see ModelLabels). */
  readonly attributes: readonly string[];
  /** Upper bounds of a histogram's buckets. */
  readonly buckets?: readonly number[];
}

/** By the name they have in the code. */
export type Metrics = Readonly<Record<string, MetricDefinition>>;

/** Seconds: the buckets of the RPC conventions, which end at 10, and on: answers take minutes. */
export const RPC_SECONDS = [
  0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10, 20, 40, 80, 160, 320,
  640,
];

type Kind = Exclude<MetricKind, 'histogram'>;

/** A metric of this program. */
export const own = <K extends Kind>(
  kind: K,
  name: string,
  unit: string,
  description: string,
  attributes: readonly string[] = [],
) => ({ name: `tamma.provider.${name}`, kind, unit, description, attributes }) as const;

/** A histogram of times of this program. */
export const ownSeconds = (
  name: string,
  description: string,
  attributes: readonly string[],
  buckets: readonly number[] = RPC_SECONDS,
) =>
  ({
    name: `tamma.provider.${name}`,
    kind: 'histogram',
    unit: 's',
    description,
    attributes,
    buckets,
  }) as const;
