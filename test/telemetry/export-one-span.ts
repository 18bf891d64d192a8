/**
 * A process that makes one span and one measurement, then shuts down, for otlp-export.test.ts: the
 * exporters load node:http in a way that jest's module system does not support.
 *
 * Prints the span's trace id, and `shut down` once the shutdown is over; before, what telemetry
 * had to say of its troubles.
 */
import { startTelemetry } from '../../src/telemetry/sdk.ts';

const [shutdownTimeoutMs = '2000'] = process.argv.slice(2);

const telemetry = startTelemetry({
  serviceName: 'test-service',
  serviceVersion: '1.2.3',
  environment: process.env,
  logger: { warn: (fields: object) => process.stdout.write(`${JSON.stringify(fields)}\n`) },
  shutdownTimeoutMs: Number(shutdownTimeoutMs),
});
const span = telemetry.tracer.startSpan('the span');
span.end();
telemetry.instruments.attempts.add(1, { measured: 'with this' });
process.stdout.write(`${span.spanContext().traceId}\n`);
await telemetry.shutdown();
process.stdout.write('shut down\n');
