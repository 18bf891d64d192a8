import { expect, it } from '@jest/globals';
import { type LogRecord, ROOT_CONTEXT, SeverityNumber } from '@opentelemetry/api';
import { CallEvents } from '../../src/telemetry/call-events.ts';

it('tells of a call by name, without what is not known of it', () => {
  const records: LogRecord[] = [];
  const logger = { emit: (record: LogRecord) => void records.push(record), enabled: () => true };
  const fields = {
    call_id: 'c',
    model: undefined,
    upstream_error: { status: 503, code: undefined },
  };
  new CallEvents(logger).tell('failed', 'warn', fields, ROOT_CONTEXT);
  expect(records).toStrictEqual([
    {
      eventName: 'AI.RESPONSE.FAILED',
      severityNumber: SeverityNumber.WARN,
      severityText: 'WARN',
      attributes: { call_id: 'c', upstream_error: { status: 503 } },
      context: ROOT_CONTEXT,
    },
  ]);
});
