import { expect, it } from '@jest/globals';
import { newCallRecord } from '../../../src/core/call-record.ts';
import { logCall } from '../../../src/server/telemetry/call-log.ts';
import { createLogger } from '../../../src/telemetry/logger.ts';
import { LogRecorder } from '../../support/running-server.ts';

const IDENTITY = { code: 'OK', call_id: 'call-1' } as const;
const destination = new LogRecorder();
const logger = createLogger({ level: 'warn', destination });

it('makes nothing of a line that nobody reads', () => {
  const unread = () => {
    throw new Error('the record was read');
  };
  const record = new Proxy(newCallRecord(0), { get: unread });
  logCall({ logger }, { record, lastSequence: 0 }, IDENTITY);
  expect(destination.lines).toEqual([]);
});

it('has an event told whatever the level of the log is', () => {
  const told: object[] = [];
  const outcome = { record: newCallRecord(0), lastSequence: 3 };
  logCall({ logger }, outcome, IDENTITY, (event, severity, fields) =>
    told.push({ event, severity, ...fields }),
  );
  expect(told).toMatchObject([
    { event: 'completed', severity: 'info', call_id: 'call-1', last_sequence: 3 },
  ]);
  expect(destination.lines).toEqual([]);
});
