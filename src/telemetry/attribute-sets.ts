import { type Attributes, type Counter, type Histogram, ROOT_CONTEXT } from '@opentelemetry/api';
import type { CollectionResult, MetricData } from '@opentelemetry/sdk-metrics';

/** What the SDK is given in the place of a set: no metric has an attribute of this name. */
const NUMBER = 'tamma.attribute_set';

/** Sets with numbers. Beyond them the SDK gets what it is told, and its own limits hold. */
const MAX_SETS = 20_000;

/** Measurements that wait at most: those of a hundred short calls. */
const MAX_WAITING = 1_000;

type Tell = (value: number, attributes: Attributes | undefined) => void;

/** Of one counter. */
interface Sums {
  readonly tell: Tell;
  readonly bySet: Map<Attributes | undefined, { value: number }>;
}

/**
 * Stands between what measures and the SDK. The SDK sorts and serializes the attributes of every measurement to find
 * what it belongs to: of a short call, which makes nineteen, that was a tenth. Here it gets a number, and what it
 * collects gets the attributes back. A set that is frozen is serialized once.
 *
 * Measurements are told to the SDK together, those of a counter as their sum, when there are many or when it collects:
 * one after another they take a third of the time that they take in the middle of other work. Until then nobody
 * may change their attributes. The context is left out: the SDK, which looks the active one up for each measurement, makes nothing of it.
 */
export class AttributeSets {
  readonly #sets: Attributes[] = [];
  readonly #byContent = new Map<string, Attributes>();
  /** Of frozen sets alone. */
  readonly #byObject = new WeakMap<Attributes, Attributes>();
  /** What waits of histograms: a measurement has the same place in all three. */
  readonly #tells: Tell[] = [];
  readonly #values: number[] = [];
  readonly #attributes: (Attributes | undefined)[] = [];
  #waiting = 0;
  /** What waits of counters: sums. */
  readonly #sums: Sums[] = [];

  /** The instrument, whose measurements wait here; one that is observed stays as it is. */
  numbering(instrument: Counter): Counter;
  numbering(instrument: Histogram): Histogram;
  numbering(instrument: object): object;
  numbering(instrument: Counter | Histogram | object): Counter | Histogram | object {
    if ('add' in instrument) {
      const tell: Tell = (value, numbered) => instrument.add(value, numbered, ROOT_CONTEXT);
      const sums: Sums = { tell, bySet: new Map() };
      this.#sums.push(sums);
      return { add: (value, attributes) => this.#sum(sums, value, attributes) } satisfies Counter;
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

  #sum({ bySet }: Sums, value: number, attributes: Attributes | undefined): void {
    const sum = bySet.get(attributes);
    if (sum !== undefined) {
      sum.value += value;
      return;
    }
    bySet.set(attributes, { value });
    this.#oneMore();
  }

  #keep(tell: Tell, value: number, attributes: Attributes | undefined): void {
    this.#tells.push(tell);
    this.#values.push(value);
    this.#attributes.push(attributes);
    this.#oneMore();
  }

  #oneMore(): void {
    this.#waiting += 1;
    if (this.#waiting >= MAX_WAITING) this.#tellAll();
  }

  #tellAll(): void {
    this.#waiting = 0;
    for (const { tell, bySet } of this.#sums) {
      for (const [attributes, sum] of bySet)
        tell(sum.value, attributes && this.#numbered(attributes));
      bySet.clear();
    }
    for (let at = 0; at < this.#tells.length; at += 1) {
      const attributes = this.#attributes[at];
      this.#tells[at]?.(this.#values[at] ?? 0, attributes && this.#numbered(attributes));
    }
    for (const column of [this.#tells, this.#values, this.#attributes]) column.length = 0;
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
