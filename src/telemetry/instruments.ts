import type {
  Counter,
  Histogram,
  Meter,
  MetricOptions,
  ObservableCounter,
  ObservableGauge,
  ObservableUpDownCounter,
  UpDownCounter,
} from '@opentelemetry/api';
import type { AttributeSets } from './attribute-sets.ts';
import type { MetricDefinition, MetricKind } from './metric-definition.ts';
import { METRICS, type MetricKey } from './metrics.ts';

interface ByKind {
  readonly counter: Counter;
  readonly upDownCounter: UpDownCounter;
  readonly histogram: Histogram;
  readonly observableCounter: ObservableCounter;
  readonly observableUpDownCounter: ObservableUpDownCounter;
  readonly observableGauge: ObservableGauge;
}

/** One instrument for each of METRICS, which says what it measures. */
export type Instruments = {
  readonly [Key in MetricKey]: ByKind[(typeof METRICS)[Key]['kind']];
};

const CREATE: Readonly<{
  [Kind in MetricKind]: (meter: Meter, name: string, options: MetricOptions) => ByKind[Kind];
}> = {
  counter: (meter, name, options) => meter.createCounter(name, options),
  upDownCounter: (meter, name, options) => meter.createUpDownCounter(name, options),
  histogram: (meter, name, options) => meter.createHistogram(name, options),
  observableCounter: (meter, name, options) => meter.createObservableCounter(name, options),
  observableUpDownCounter: (meter, name, options) =>
    meter.createObservableUpDownCounter(name, options),
  observableGauge: (meter, name, options) => meter.createObservableGauge(name, options),
};

/**
 * Makes them from a meter of a started SDK; one made earlier measures nothing, for ever.
 *
 * @param sets numbers what is measured: whoever collects has to expand it. Default: the SDK gets it as it is
 */
export function createInstruments(meter: Meter, sets?: AttributeSets): Instruments {
  const made = Object.entries<MetricDefinition>(METRICS).map(([key, definition]) => {
    const { name, kind, unit, description, buckets } = definition;
    const advice = buckets && { advice: { explicitBucketBoundaries: [...buckets] } };
    const instrument = CREATE[kind](meter, name, { unit, description, ...advice });
    return [key, sets === undefined ? instrument : sets.numbering(instrument)];
  });
  return Object.fromEntries(made) as Instruments;
}
