import { type DiagLogger, DiagLogLevel, diag } from '@opentelemetry/api';
import type { Logger } from './logger.ts';

/** As much of what OpenTelemetry says as goes into a log line, in characters. */
const MAX_LENGTH = 1000;

/**
 * Lets OpenTelemetry tell of its own troubles, a collector that is away for instance, in the log.
 * Not where OTEL_LOG_LEVEL is set: the SDK then writes to the console at that level.
 */
export function logDiagnostics(logger: Pick<Logger, 'warn'>): void {
  const warn: DiagLogger['warn'] = (...words) => {
    const said = words.map(String).join(' ').slice(0, MAX_LENGTH).toWellFormed();
    logger.warn({ said }, 'telemetry is in trouble');
  };
  const nothing = () => undefined;
  diag.setLogger(
    { error: warn, warn, info: nothing, debug: nothing, verbose: nothing },
    { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true },
  );
}
