import { sum } from '../../bench/sidecar.ts';
import type { WireMessage } from '../support/grpc-client.ts';
import { type Finding, none } from '../support/storm/finding.ts';
import { deviation, dollars, nanos, sumOf, toNanos } from './dollars.ts';
import type { MoneySidecar } from './money-sidecar.ts';
import type { LedgerRow } from './records.ts';

/** How GetUsage tells rows apart, and the same of an exported record. */
const GROUPINGS = [
  { dimension: 'USAGE_DIMENSION_USER', label: 'userId' },
  { dimension: 'USAGE_DIMENSION_PROJECT', label: 'projectId' },
  { dimension: 'USAGE_DIMENSION_MODEL', label: 'model' },
  { dimension: 'USAGE_DIMENSION_OUTCOME', label: 'outcome' },
] as const;

/** What the sidecar says in all its ways must be what the exported ledger adds up to. */
export async function totalFindings(
  { client }: MoneySidecar,
  rows: readonly LedgerRow[],
): Promise<readonly Finding[]> {
  const { total } = await client.usage.unary('GetUsage');
  const different = await Promise.all(
    GROUPINGS.map(async ({ dimension, label }) => {
      const answer = await client.usage.unary('GetUsage', { groupBy: [dimension] });
      return differences(answer, rows, label);
    }),
  );
  const told = total as WireMessage;
  return [
    none('GetUsage: attempts beside the export', Number(told.attempts) - rows.length),
    none(
      'GetUsage: nano-dollars beside the export',
      Number(nanos(costOf(told)) - toNanos(sumOf(rows, ({ cost }) => cost))),
    ),
    none(
      'GetUsage: groups that do not add up',
      different.reduce((all, one) => all + one, 0),
    ),
  ];
}

/** Budgets that count all of it and, since the process started, the metrics. */
export async function budgetFindings(
  sidecar: MoneySidecar,
  rows: readonly LedgerRow[],
): Promise<readonly Finding[]> {
  const { budgets } = await sidecar.client.usage.unary('GetBudgets');
  const spent = (budgets as WireMessage[]).map((budget) =>
    Number(nanos(budget.spent) - toNanos(sumOf(rowsOf(budget, rows), ({ cost }) => cost))),
  );
  const reserved = sumOf(budgets as WireMessage[], (budget) => nanos(budget.reserved));
  return [
    { name: 'GetBudgets: budgets', value: spent.length, atLeast: 1 },
    none(
      'GetBudgets: budgets whose spending is not the ledger’s',
      spent.filter((difference) => difference !== 0).length,
    ),
    none('GetBudgets: nano-dollars still reserved', Number(reserved)),
  ];
}

/** Of a process that began with an empty ledger. */
export async function metricFindings(
  sidecar: MoneySidecar,
  rows: readonly LedgerRow[],
): Promise<readonly Finding[]> {
  const metrics = await sidecar.metrics();
  const { budgets } = await sidecar.client.usage.unary('GetBudgets');
  const booked = dollars(1_000n * sumOf(budgets as WireMessage[], ({ spent }) => nanos(spent)));
  return [
    same('metrics: cost', sum(metrics, 'tamma_provider_cost_total'), dollars(total(rows))),
    same('metrics: budget spent', sum(metrics, 'tamma_provider_budget_spent'), booked),
    none('metrics: budget reserved, dollars', sum(metrics, 'tamma_provider_budget_reserved')),
  ];
}

function total(rows: readonly LedgerRow[]): bigint {
  return sumOf(rows, ({ cost }) => cost);
}

function differences(
  answer: WireMessage,
  rows: readonly LedgerRow[],
  label: (typeof GROUPINGS)[number]['label'],
): number {
  const told = answer.rows as WireMessage[];
  const groups = Map.groupBy(rows, (row) => row[label]);
  const wrong = told.filter((group) => {
    const members = groups.get(String(group[label])) ?? [];
    return (
      Number(group.attempts) !== members.length ||
      nanos(costOf(group)) !== toNanos(sumOf(members, ({ cost }) => cost))
    );
  });
  const listed = answer.truncated === true ? told.length : groups.size;
  return wrong.length + Math.abs(listed - told.length);
}

function costOf(group: WireMessage): unknown {
  return (group.cost as WireMessage | null)?.total;
}

function rowsOf({ scope, subject }: WireMessage, rows: readonly LedgerRow[]): readonly LedgerRow[] {
  switch (scope) {
    case 'BUDGET_SCOPE_USER':
      return rows.filter(({ userId }) => userId === subject);
    case 'BUDGET_SCOPE_PROJECT':
      return rows.filter(({ projectId }) => projectId === subject);
    case 'BUDGET_SCOPE_MODEL':
      return rows.filter(({ model }) => model === subject);
    default:
      return rows;
  }
}

/** But for the floating point of metrics. */
function same(name: string, value: number, expected: number): Finding {
  const difference = Math.abs(deviation(value, expected));
  return {
    name: `${name} beside the ledger, parts per million`,
    value: difference * 1e6,
    atMost: 1,
  };
}
