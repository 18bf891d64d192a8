import { pico } from './dollars.ts';
import type { MoneyHouse } from './money-sidecar.ts';

/** A record of the ledger, as `ledger` exports it. */
export interface LedgerRow {
  readonly traceId: string;
  readonly attempt: number;
  readonly model: string;
  readonly userId: string;
  readonly projectId: string;
  readonly outcome: string;
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly estimated: boolean;
  /** Pico-dollars. */
  readonly cost: bigint;
}

/** What the ledger calls an attempt that the process did not survive. */
export const PROCESS_DIED = 'PROCESS_DIED';

export async function readRecords(house: MoneyHouse): Promise<readonly LedgerRow[]> {
  return recordsIn(await house.exportLedger());
}

/** @param exported JSON Lines */
export function recordsIn(exported: string): readonly LedgerRow[] {
  const lines = exported.trimEnd().split('\n');
  return lines.filter((line) => line !== '').map((line) => recordOf(JSON.parse(line)));
}

interface ExportedRecord {
  readonly [column: string]: string | number | boolean | null;
}

function recordOf(row: ExportedRecord): LedgerRow {
  return {
    traceId: String(row.trace_id),
    attempt: Number(row.attempt),
    model: String(row.model),
    userId: String(row.user_id),
    projectId: String(row.project_id),
    outcome: String(row.outcome),
    inputTokens: Number(row.input_tokens),
    outputTokens: Number(row.output_tokens),
    estimated: row.usage_estimated === true,
    cost: pico(String(row.cost_usd)),
  };
}
