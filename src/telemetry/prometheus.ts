import { PrometheusExporter } from '@opentelemetry/exporter-prometheus';
import { type Resource, resourceFromAttributes } from '@opentelemetry/resources';
import type {
  AggregationTemporality,
  CollectionResult,
  InstrumentType,
  MetricData,
  MetricReader,
} from '@opentelemetry/sdk-metrics';
import type { AttributeSets } from './attribute-sets.ts';
import type { MetricDefinition } from './metric-definition.ts';
import { isOnlyObserved, OF_ONE_COLLECTION } from './observed.ts';

/** What a Collector writes for a unit; what stands in braces is not written. */
const UNITS: Readonly<Record<string, string>> = { s: 'seconds', By: 'bytes', '1': 'ratio' };

/**
 * The name of a metric as an OpenTelemetry Collector would give it to Prometheus, before what the
 * exporter adds (`_total`, `_bucket`): with its unit, unless it ends with it already.
 */
function withUnit(name: string, unit: string): string {
  const word = UNITS[unit];
  const plain = name.replaceAll('.', '_');
  return word === undefined || plain.endsWith(`_${word}`) ? plain : `${plain}_${word}`;
}

/** The name that a scrape shows; a histogram adds `_bucket`, `_sum` and `_count` to it. */
export function prometheusName({ name, unit, kind }: MetricDefinition): string {
  const named = withUnit(name, unit);
  return kind === 'counter' || kind === 'observableCounter' ? `${named}_total` : named;
}

/**
 * A resource whose attributes have names that Prometheus tells apart: those that are one there are joined, and none
 * begins with a digit. It would throw away all of a scrape for one of them, and they are anybody's.
 */
function labelled({ attributes }: Resource): Resource {
  const labels = new Map<string, string>();
  for (const [key, value] of Object.entries(attributes)) {
    const label = key
      .replace(/^\d/, 'key_$&')
      .replaceAll(/[^a-z0-9_]+/gi, '_')
      .replaceAll(/_+/g, '_');
    const said = labels.get(label);
    labels.set(label, said === undefined ? String(value) : `${said};${value}`);
  }
  return resourceFromAttributes(Object.fromEntries(labels));
}

/** Answers scrapes. Its names end with their units, which the exporter alone leaves out. */
export class Scrapes extends PrometheusExporter {
  /** Attribute sets of the last scrape. */
  series = 0;
  readonly #sets: AttributeSets;

  constructor(sets: AttributeSets) {
    super({ preventServerStart: true, withoutScopeInfo: true });
    this.#sets = sets;
  }

  override selectAggregationTemporality(type: InstrumentType): AggregationTemporality {
    return isOnlyObserved(type) ? OF_ONE_COLLECTION : super.selectAggregationTemporality(type);
  }

  override async collect(
    options?: Parameters<MetricReader['collect']>[0],
  ): Promise<CollectionResult> {
    const { resourceMetrics, errors } = await this.#sets.collect(() => super.collect(options));
    this.series = 0;
    const scopeMetrics = resourceMetrics.scopeMetrics.map((scope) => ({
      ...scope,
      metrics: scope.metrics.map((metric) => this.#named(metric)),
    }));
    const resource = labelled(resourceMetrics.resource);
    return { resourceMetrics: { resource, scopeMetrics }, errors };
  }

  #named<Data extends MetricData>(metric: Data): Data {
    this.series += metric.dataPoints.length;
    const { name, unit } = metric.descriptor;
    return { ...metric, descriptor: { ...metric.descriptor, name: withUnit(name, unit) } };
  }
}
