import { OTLPMetricExporter as GrpcExporter } from '@opentelemetry/exporter-metrics-otlp-grpc';
import { OTLPMetricExporter as JsonExporter } from '@opentelemetry/exporter-metrics-otlp-http';
import { OTLPMetricExporter as ProtobufExporter } from '@opentelemetry/exporter-metrics-otlp-proto';
import {
  type AggregationTemporality,
  type CollectionResult,
  type IMetricReader,
  type InstrumentType,
  PeriodicExportingMetricReader,
  type PeriodicExportingMetricReaderOptions,
  type PushMetricExporter,
} from '@opentelemetry/sdk-metrics';
import type { AttributeSets } from './attribute-sets.ts';
import { isOnlyObserved, OF_ONE_COLLECTION } from './observed.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/** Where the variables are absent or no positive numbers, in ms. */
const DEFAULT_EXPORT_INTERVAL_MS = 60_000;
const DEFAULT_EXPORT_TIMEOUT_MS = 30_000;
/** A timer of Node.js that is to wait longer waits 1 ms. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/**
 * Whether a signal is pushed over OTLP: only to an endpoint somebody named. The SDK's own default
 * would push to localhost:4318.
 */
export function exportsOverOtlp(
  signal: 'TRACES' | 'METRICS' | 'LOGS',
  environment: Environment,
): boolean {
  const endpoint =
    environment[`OTEL_EXPORTER_OTLP_${signal}_ENDPOINT`] || environment.OTEL_EXPORTER_OTLP_ENDPOINT;
  const exporters = environment[`OTEL_${signal}_EXPORTER`] || 'otlp';
  return Boolean(endpoint) && exporters.split(',').some((name) => name.trim() === 'otlp');
}

/**
 * Pushes metrics at an interval. The SDK makes such a reader only where it is given none at all, and
 * it is given the one for Prometheus. Endpoint, headers, TLS and time-out come from the environment.
 */
export function createOtlpMetricReader(
  environment: Environment,
  sets: AttributeSets,
): IMetricReader {
  const { OTEL_METRIC_EXPORT_INTERVAL, OTEL_METRIC_EXPORT_TIMEOUT } = environment;
  const exportIntervalMillis = milliseconds(
    OTEL_METRIC_EXPORT_INTERVAL,
    DEFAULT_EXPORT_INTERVAL_MS,
    LONGEST_TIMER_MS,
  );
  const options = {
    exporter: createMetricExporter(environment),
    exportIntervalMillis,
    exportTimeoutMillis: milliseconds(
      OTEL_METRIC_EXPORT_TIMEOUT,
      DEFAULT_EXPORT_TIMEOUT_MS,
      exportIntervalMillis,
    ),
  };
  return new Pushes(options, sets);
}

function milliseconds(text: string | undefined, otherwise: number, most: number): number {
  const given = Number(text);
  return Math.min(given > 0 ? given : otherwise, most);
}

class Pushes extends PeriodicExportingMetricReader {
  readonly #sets: AttributeSets;

  constructor(options: PeriodicExportingMetricReaderOptions, sets: AttributeSets) {
    super(options);
    this.#sets = sets;
  }

  override selectAggregationTemporality(type: InstrumentType): AggregationTemporality {
    return isOnlyObserved(type) ? OF_ONE_COLLECTION : super.selectAggregationTemporality(type);
  }

  override async collect(
    options?: Parameters<PeriodicExportingMetricReader['collect']>[0],
  ): Promise<CollectionResult> {
    return this.#sets.collect(() => super.collect(options));
  }
}

function createMetricExporter(environment: Environment): PushMetricExporter {
  const protocol =
    environment.OTEL_EXPORTER_OTLP_METRICS_PROTOCOL || environment.OTEL_EXPORTER_OTLP_PROTOCOL;
  switch (protocol?.trim()) {
    case 'grpc':
      return new GrpcExporter();
    case 'http/json':
      return new JsonExporter();
    default:
      return new ProtobufExporter();
  }
}
