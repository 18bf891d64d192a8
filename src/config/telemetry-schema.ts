import { choice, group } from './fields.ts';

export const telemetrySchema = group({
  events: choice(
    'Whether AI.REQUEST.STARTED, AI.RESPONSE.COMPLETED and AI.RESPONSE.FAILED are sent as log records of OpenTelemetry, to where OTEL_* says.',
    ['off', 'on'],
    'off',
  ),
});
