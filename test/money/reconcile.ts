import type { Finding } from '../support/storm/finding.ts';
import type { Bill, BillLine } from '../support/upstream/bill.ts';
import { deviation, sumOf } from './dollars.ts';
import type { Plan } from './plan.ts';
import type { LedgerRow } from './records.ts';

/** A record of the ledger and what the upstream billed for the same attempt. */
export interface Pair {
  readonly row: LedgerRow;
  readonly line: BillLine;
}

export interface Reconciliation {
  readonly pairs: readonly Pair[];
  /** Records of attempts that the upstream does not know. */
  readonly unseen: readonly LedgerRow[];
  /** Records beyond the first of the same attempt. */
  readonly doubles: number;
  /** What the upstream billed, and the ledger has not. */
  readonly missing: readonly BillLine[];
  /** Records of what the upstream did not bill, unless the caller left while it refused. */
  readonly unbilled: readonly Pair[];
}

/** Finds for each record its line: attempts of one call come to the upstream in their order. */
export function reconcile(rows: readonly LedgerRow[], bill: Bill): Reconciliation {
  const pairs = new Map<BillLine, Pair>();
  const unseen: LedgerRow[] = [];
  let doubles = 0;
  for (const row of rows) {
    const line = bill.ofTrace(row.traceId)[row.attempt - 1];
    if (line === undefined) unseen.push(row);
    else if (pairs.has(line)) doubles += 1;
    else pairs.set(line, { row, line });
  }
  const billed = bill.lines.filter(({ ending }) => ending !== 'refused');
  return {
    pairs: [...pairs.values()],
    unseen,
    doubles,
    missing: billed.filter((line) => !pairs.has(line)),
    unbilled: [...pairs.values()].filter(
      ({ row, line }) => line.ending === 'refused' && !endedByCaller(row),
    ),
  };
}

export function endedByCaller({ outcome }: LedgerRow): boolean {
  return outcome === 'CANCELLED' || outcome === 'DEADLINE_EXCEEDED';
}

/** Whether the ledger claims to know it exactly. */
export function isExact({ row }: Pair): boolean {
  return row.outcome === 'completed' && !row.estimated;
}

/** Whether it does. */
export function agrees({ row, line }: Pair): boolean {
  return (
    row.inputTokens === line.inputTokens &&
    row.outputTokens === line.outputTokens &&
    row.cost === line.cost
  );
}

/** Whether record and plan tell the same spender. */
export function isHis({ row }: Pair, plan: Plan | undefined): boolean {
  return (
    row.model === plan?.model && row.userId === plan.userId && row.projectId === plan.projectId
  );
}

/**
 * What is told of sums that are estimates.
 *
 * @param tolerance how far they may be from what the upstream produced, as a share of it
 */
export function estimateFindings(
  what: string,
  pairs: readonly Pair[],
  tolerance: number,
): readonly Finding[] {
  const bounds = { atMost: 100 * tolerance, atLeast: -100 * tolerance };
  const tokens = beside(
    pairs,
    ({ row }) => BigInt(row.inputTokens + row.outputTokens),
    ({ line }) => BigInt(line.inputTokens + line.outputTokens),
  );
  const money = beside(
    pairs,
    ({ row }) => row.cost,
    ({ line }) => line.cost,
  );
  return [
    { name: `${what}: attempts`, value: pairs.length, atLeast: 1 },
    { ...outputFinding(what, pairs), ...bounds },
    { name: `${what}: all tokens, ledger to bill, %`, ...tokens, ...bounds },
    { name: `${what}: money, ledger to bill, %`, ...money, ...bounds },
  ];
}

/** For information. */
export function outputFinding(what: string, pairs: readonly Pair[]): Finding {
  const output = beside(
    pairs,
    ({ row }) => BigInt(row.outputTokens),
    ({ line }) => BigInt(line.outputTokens),
  );
  return { name: `${what}: output tokens, ledger to bill, %`, ...output };
}

type Amount = (pair: Pair) => bigint;

function beside(pairs: readonly Pair[], ledger: Amount, bill: Amount) {
  return { value: 100 * deviation(sumOf(pairs, ledger), sumOf(pairs, bill)), digits: 2 };
}
