import type { Attributes, Counter, Histogram } from '@opentelemetry/api';
import type { CollectionResult, MetricData } from '@opentelemetry/sdk-metrics';

/** What the SDK is given in the place of a set: no metric has an attribute of this name. */
const NUMBER = 'tamma.attribute_set';

/** Sets with numbers. Beyond them the SDK gets what it is told, and its own limits hold. */
const MAX_SETS = 20_000;

/**
 * Numbers for sets of attributes. The SDK sorts and serializes the attributes of every measurement to find what it
 * belongs to: of a short call, which makes nineteen, that was a tenth. Here it gets a number, and what it collects gets
 * the attributes back. A set that is frozen is serialized once.
 */
export class AttributeSets {
  readonly #sets: Attributes[] = [];
  readonly #byContent = new Map<string, Attributes>();
  /** Of frozen sets alone. */
  readonly #byObject = new WeakMap<Attributes, Attributes>();

  /** The instrument, which hands numbers on; one that is observed stays as it is. */
  numbering(instrument: Counter): Counter;
  numbering(instrument: Histogram): Histogram;
  numbering(instrument: object): object;
  numbering(instrument: Counter | Histogram | object): Counter | Histogram | object {
    if ('add' in instrument) {
      return {
        add: (value, attributes, context) =>
          instrument.add(value, attributes && this.#numbered(attributes), context),
      } satisfies Counter;
    }
    if ('record' in instrument) {
      return {
        record: (value, attributes, context) =>
          instrument.record(value, attributes && this.#numbered(attributes), context),
      } satisfies Histogram;
    }
    return instrument;
  }

  /** What was collected, with the attributes that were measured. */
  expand({ resourceMetrics, errors }: CollectionResult): CollectionResult {
    const scopeMetrics = resourceMetrics.scopeMetrics.map((scope) => ({
      ...scope,
      metrics: scope.metrics.map((metric) => this.#expanded(metric)),
    }));
    return { resourceMetrics: { ...resourceMetrics, scopeMetrics }, errors };
  }

  #numbered(attributes: Attributes): Attributes {
    const known = this.#byObject.get(attributes);
    if (known !== undefined) return known;
    const numbered = this.#byContentOf(attributes);
    if (Object.isFrozen(attributes)) this.#byObject.set(attributes, numbered);
    return numbered;
  }

  #byContentOf(attributes: Attributes): Attributes {
    const content = JSON.stringify(Object.entries(attributes).sort(byName));
    const known = this.#byContent.get(content);
    if (known !== undefined) return known;
    if (this.#sets.length >= MAX_SETS) return attributes;
    const numbered = { [NUMBER]: this.#sets.length };
    this.#sets.push({ ...attributes });
    this.#byContent.set(content, numbered);
    return numbered;
  }

  #expanded<Data extends MetricData>(metric: Data): Data {
    const dataPoints = metric.dataPoints.map((point) => {
      const attributes = this.#sets[Number(point.attributes[NUMBER] ?? -1)];
      return attributes === undefined ? point : { ...point, attributes };
    });
    return { ...metric, dataPoints };
  }
}

function byName([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  return a < b ? -1 : 1;
}
