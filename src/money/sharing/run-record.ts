import type { CallRecord } from '../../core/call-record.ts';
import { sumOf } from '../ledger/accounting.ts';

/**
 * The record of a shared call, which begins with what is known of the call that began it. What a status
 * tells of the usage before it is counted is told to the one who pays.
 */
export function runRecord(begun: CallRecord, payer: () => CallRecord): CallRecord {
  const record: CallRecord = {
    ...begun,
    numbers: { ...begun.numbers },
    failedAttempts: [...begun.failedAttempts],
    attemptLog: [...begun.attemptLog],
    charges: [...begun.charges],
  };
  let usage = begun.usage;
  return Object.defineProperty(record, 'usage', {
    enumerable: true,
    get: () => usage,
    set: (own: typeof usage) => {
      usage = own;
      if (own !== undefined) payer().usage = own;
    },
  });
}

/** What was billed to the caller who paid so far stays in its record, and is not told to the next. */
export function handOver(record: CallRecord, run: CallRecord): void {
  const charges = run.charges.splice(0);
  adopt(record, { ...run, charges, ...sumOf(charges) });
}

/** What was done for the caller who pays, into its record. */
export function adopt(record: CallRecord, run: CallRecord): void {
  const { startedAt: _, warnings: _told, firstOutputAt: _seen, finishReason: _end, ...done } = run;
  Object.assign(record, done);
}
