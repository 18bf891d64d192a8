import type { Attributes, Tracer } from '@opentelemetry/api';
import {
  type DataPoint,
  type ExponentialHistogram,
  type Histogram,
  MeterProvider,
  MetricReader,
} from '@opentelemetry/sdk-metrics';
import {
  InMemorySpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor,
  TracerProvider,
} from '@opentelemetry/sdk-trace';
import { createInstruments, type Instruments } from '../../src/telemetry/instruments.ts';

type Point = DataPoint<number | Histogram | ExponentialHistogram>;

class ManualReader extends MetricReader {
  protected override async onForceFlush(): Promise<void> {}
  protected override async onShutdown(): Promise<void> {}
}

export interface Measurement {
  readonly attributes: Attributes;
  /** Sum of a counter; sum of the recorded values of a histogram. */
  readonly value: number;
  /** How often a histogram was recorded. */
  readonly count: number | undefined;
}

/** Tracer and instruments whose output stays in memory. */
export class TelemetryProbe {
  readonly tracer: Tracer;
  readonly instruments: Instruments;
  readonly #spans = new InMemorySpanExporter();
  readonly #reader = new ManualReader();

  constructor() {
    const traces = new TracerProvider({
      spanProcessors: [new SimpleSpanProcessor({ exporter: this.#spans })],
    });
    this.tracer = traces.getTracer('test');
    this.instruments = createInstruments(
      new MeterProvider({ readers: [this.#reader] }).getMeter('test'),
    );
  }

  /** Those that have ended. */
  get spans(): readonly ReadableSpan[] {
    return this.#spans.getFinishedSpans();
  }

  /** The one span that has ended. */
  get span(): ReadableSpan {
    const [span, ...more] = this.spans;
    if (span === undefined || more.length > 0) throw new Error(`${this.spans.length} spans ended`);
    return span;
  }

  /** What an instrument holds, empty if nothing was recorded. */
  async measured(name: string): Promise<readonly Measurement[]> {
    const { resourceMetrics } = await this.#reader.collect();
    return resourceMetrics.scopeMetrics
      .flatMap((scope) => scope.metrics)
      .filter((metric) => metric.descriptor.name === name)
      .flatMap((metric): readonly Point[] => metric.dataPoints)
      .map(({ attributes, value }) =>
        typeof value === 'number'
          ? { attributes, value, count: undefined }
          : { attributes, value: value.sum ?? 0, count: value.count },
      );
  }
}
