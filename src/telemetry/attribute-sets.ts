import { type Attributes, type Counter, type Histogram, ROOT_CONTEXT } from '@opentelemetry/api';
import type { CollectionResult, MetricData } from '@opentelemetry/sdk-metrics';

/** What the SDK is given in the place of a set: no metric has an attribute of this name. */
const NUMBER = 'tamma.attribute_set';

/** Sets with numbers. Beyond them the SDK gets what it is told, and its own limits hold. */
const MAX_SETS = 20_000;

/** Measurements that wait at most: those of fifty short calls. */
const MAX_WAITING = 1_000;

type Tell = (value: number, attributes: Attributes | undefined) => void;

/**
 * Stands between what measures and the SDK. The SDK sorts and serializes the attributes of every measurement to find
 * what it belongs to: of a short call, which makes nineteen, that was a tenth. Here it gets a number, and what it
 * collects gets the attributes back. A set that is frozen is serialized once.
 *
 * Measurements are told to the SDK together, when there are many or when it collects: one after another they take a
 * third of the time that they take in the middle of other work. Until then nobody may change their attributes. The
 * context is left out: the SDK, which looks the active one up for each measurement, makes nothing of it.
 */
export class AttributeSets {
  readonly #sets: Attributes[] = [];
  readonly #byContent = new Map<string, Attributes>();
  /** Of frozen sets alone. */
  readonly #byObject = new WeakMap<Attributes, Attributes>();
  /** What waits: a measurement has the same place in all three. */
  readonly #tells: Tell[] = [];
  readonly #values: number[] = [];
  readonly #attributes: (Attributes | undefined)[] = [];
  #waiting = 0;

  /** The instrument, whose measurements wait here; one that is observed stays as it is. */
  numbering(instrument: Counter): Counter;
  numbering(instrument: Histogram): Histogram;
  numbering(instrument: object): object;
  numbering(instrument: Counter | Histogram | object): Counter | Histogram | object {
    if ('add' in instrument) {
      const tell: Tell = (value, numbered) => instrument.add(value, numbered, ROOT_CONTEXT);
      return { add: (value, attributes) => this.#keep(tell, value, attributes) } satisfies Counter;
    }
    if ('record' in instrument) {
      const tell: Tell = (value, numbered) => instrument.record(value, numbered, ROOT_CONTEXT);
      return {
        record: (value, attributes) => this.#keep(tell, value, attributes),
      } satisfies Histogram;
    }
    return instrument;
  }

  /** Has the SDK collect all that was measured. @returns with the attributes of the measurements */
  async collect(collect: () => Promise<CollectionResult>): Promise<CollectionResult> {
    this.#tellAll();
    const { resourceMetrics, errors } = await collect();
    const scopeMetrics = resourceMetrics.scopeMetrics.map((scope) => ({
      ...scope,
      metrics: scope.metrics.map((metric) => this.#expanded(metric)),
    }));
    return { resourceMetrics: { ...resourceMetrics, scopeMetrics }, errors };
  }

  #keep(tell: Tell, value: number, attributes: Attributes | undefined): void {
    const at = this.#waiting;
    this.#tells[at] = tell;
    this.#values[at] = value;
    this.#attributes[at] = attributes;
    this.#waiting += 1;
    if (this.#waiting >= MAX_WAITING) this.#tellAll();
  }

  #tellAll(): void {
    const count = this.#waiting;
    this.#waiting = 0;
    for (let at = 0; at < count; at += 1) {
      const attributes = this.#attributes[at];
      this.#tells[at]?.(this.#values[at] ?? 0, attributes && this.#numbered(attributes));
    }
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
