import type { IncomingMessage, ServerResponse } from 'node:http';
import { context, diag, logs, metrics, propagation, type Tracer, trace } from '@opentelemetry/api';
import {
  defaultResource,
  envDetector,
  resourceFromAttributes,
  serviceInstanceIdDetector,
} from '@opentelemetry/resources';
import { InstrumentType } from '@opentelemetry/sdk-metrics';
import { NodeSDK } from '@opentelemetry/sdk-node';
import { AttributeSets } from './attribute-sets.ts';
import { ATTRIBUTE, INSTRUMENTATION_SCOPE, SCHEMA_URL } from './attributes.ts';
import { CallEvents } from './call-events.ts';
import { datedTracer, type SpanTime } from './dated-tracer.ts';
import { hideExporterSecrets, logDiagnostics } from './diagnostics.ts';
import { createInstruments, type Instruments } from './instruments.ts';
import type { Logger } from './logger.ts';
import { createOtlpMetricReader, type Environment, exportsOverOtlp } from './otlp.ts';
import { observeProcess } from './process-metrics.ts';
import { Scrapes } from './prometheus.ts';
import { unexportedTracer } from './unexported-tracer.ts';

export interface TelemetryOptions {
  /** `service.name`, unless OTEL_SERVICE_NAME or OTEL_RESOURCE_ATTRIBUTES names another. */
  readonly serviceName: string;
  readonly serviceVersion: string;
  /**
   * The OTEL_* variables, which decide what is exported. What concerns the exporters and the
   * sampler alone the SDK reads from the process's environment itself.
   */
  readonly environment: Environment;
  /** Whether calls are told of as log records, where these have an endpoint. Default false. */
  readonly events?: boolean;
  /** Told of OpenTelemetry's own troubles, unless OTEL_LOG_LEVEL is set. */
  readonly logger: Pick<Logger, 'warn'>;
  /** What spans are told by. Default: the SDK's own time. */
  readonly time?: SpanTime;
  /** How long shutdown() waits for the last export, in ms. Default 2000. */
  readonly shutdownTimeoutMs?: number;
}

export interface Telemetry {
  readonly tracer: Tracer;
  readonly instruments: Instruments;
  /** Absent: nobody wants them, or there is nowhere to send them. */
  readonly events?: CallEvents;
  /** Answers a scrape in the Prometheus text format. */
  handleMetrics(request: IncomingMessage, response: ServerResponse): void;
  /** Exports what has ended; what still runs is lost, so drain first. Never rejects. */
  shutdown(): Promise<void>;
}

/**
 * Attribute sets per instrument; further ones are summed under `otel_metric_overflow="true"`. A histogram
 * has twenty series for each, and a scrape stops everything else meanwhile.
 */
const MAX_HISTOGRAM_SETS = 200;
const MAX_SETS = 1_000;

const NOWHERE = 'telemetry.events is on, and no OTEL_EXPORTER_OTLP_* says where events go';

const SCOPE = { schemaUrl: SCHEMA_URL };

const PROMETHEUS_TEXT = 'text/plain; version=0.0.4; charset=utf-8';

const DEFAULT_SHUTDOWN_TIMEOUT_MS = 2000;

/**
 * Starts tracing and metrics, once per process. Nothing is sent anywhere unless the environment
 * names an OTLP endpoint, yet spans have real ids, for the log and for error details.
 * OTEL_SDK_DISABLED=true turns all of it off.
 */
export function startTelemetry(options: TelemetryOptions): Telemetry {
  const { environment, serviceVersion, shutdownTimeoutMs = DEFAULT_SHUTDOWN_TIMEOUT_MS } = options;
  const disabled = environment.OTEL_SDK_DISABLED?.trim().toLowerCase() === 'true';
  const sets = new AttributeSets();
  const prometheus = new Scrapes(sets);
  hideExporterSecrets(environment);
  if (!environment.OTEL_LOG_LEVEL) logDiagnostics(options.logger);
  const tellsOfCalls = sendsEvents(options);
  if (options.events && !tellsOfCalls) options.logger.warn({}, NOWHERE);
  const sdk = disabled ? undefined : createSdk(options, prometheus, sets);
  sdk?.start();

  // Only now: an instrument made before the start measures nothing, for ever.
  const meter = metrics.getMeter(INSTRUMENTATION_SCOPE, serviceVersion, SCOPE);
  const instruments = createInstruments(meter, sets);
  const stopObserving = observeProcess(instruments);
  instruments.series.addCallback((result) => result.observe(prometheus.series));

  return {
    tracer: tracerOf(options, disabled),
    instruments,
    ...(tellsOfCalls &&
      !disabled && {
        events: new CallEvents(logs.getLogger(INSTRUMENTATION_SCOPE, serviceVersion, SCOPE)),
      }),
    handleMetrics(request, response) {
      if (disabled) {
        response.setHeader('content-type', PROMETHEUS_TEXT);
        response.end('# OTEL_SDK_DISABLED is set\n');
        return;
      }
      prometheus.getMetricsRequestHandler(request, response);
      // After the exporter, which names neither version nor charset, and answers asynchronously.
      response.setHeader('content-type', PROMETHEUS_TEXT);
    },
    async shutdown() {
      stopObserving();
      if (sdk !== undefined) await settle(sdk.shutdown(), shutdownTimeoutMs);
      unregister();
    },
  };
}

function tracerOf(
  { environment, serviceVersion, time }: TelemetryOptions,
  disabled: boolean,
): Tracer {
  if (!disabled && !exportsOverOtlp('TRACES', environment)) return unexportedTracer;
  const provider = trace.getTracerProvider();
  const tracer = provider.getTracer(INSTRUMENTATION_SCOPE, serviceVersion, SCOPE);
  return time === undefined ? tracer : datedTracer(tracer, time);
}

function sendsEvents({ events = false, environment }: TelemetryOptions): boolean {
  return events && exportsOverOtlp('LOGS', environment);
}

function createSdk(options: TelemetryOptions, prometheus: Scrapes, sets: AttributeSets): NodeSDK {
  const { environment } = options;
  return new NodeSDK({
    resource: defaultResource().merge(
      resourceFromAttributes({
        [ATTRIBUTE.serviceName]: options.serviceName,
        [ATTRIBUTE.serviceVersion]: options.serviceVersion,
      }),
    ),
    // The other detectors publish the command line, the owner and the host.
    resourceDetectors: [envDetector, serviceInstanceIdDetector],
    // Left out, the SDK makes its exporter from the environment.
    ...(exportsOverOtlp('TRACES', environment) ? {} : { spanProcessors: [] }),
    metricReaders: [
      prometheus,
      ...(exportsOverOtlp('METRICS', environment)
        ? [createOtlpMetricReader(environment, sets)]
        : []),
    ],
    views: Object.values(InstrumentType).map((instrumentType) => ({
      instrumentType,
      aggregationCardinalityLimit:
        instrumentType === InstrumentType.HISTOGRAM ? MAX_HISTOGRAM_SETS : MAX_SETS,
    })),
    ...(sendsEvents(options) ? {} : { logRecordProcessors: [] }),
    // See propagation.ts: no global propagator means that nothing can send baggage on.
    textMapPropagator: null,
  });
}

/** Waits for a shutdown, but not long: with the collector away it takes many seconds, and fails. */
async function settle(shutdown: Promise<void>, timeoutMs: number): Promise<void> {
  const timeout = Promise.withResolvers<void>();
  const timer = setTimeout(timeout.resolve, timeoutMs);
  const reported = shutdown.catch((error: unknown) => diag.error('Telemetry was lost', error));
  await Promise.race([reported, timeout.promise]);
  clearTimeout(timer);
}

/** The globals keep the first SDK of a process; without this a second one would be ignored. */
function unregister(): void {
  trace.disable();
  metrics.disable();
  logs.disable();
  context.disable();
  propagation.disable();
  diag.disable();
}
