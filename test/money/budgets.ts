import type { WireMessage } from '../support/grpc-client.ts';
import { makeCalls } from '../support/storm/calls.ts';
import type { Finding } from '../support/storm/finding.ts';
import type { Bill } from '../support/upstream/bill.ts';
import { type BudgetCase, leastOf } from './budget-cases.ts';
import { makeCall, type Outcome } from './caller.ts';
import { nanos, sumOf } from './dollars.ts';
import { MoneyHouse, type MoneySidecar } from './money-sidecar.ts';
import type { Plan } from './plan.ts';
import { readRecords } from './records.ts';
import { budgetFindings, metricFindings } from './totals.ts';
import { BilledUpstream } from './upstream.ts';

/** Of a budget, at least as much is spent before a call is refused that wants a hundredth of it. */
const USED_BEFORE_REFUSAL = 0.95;
/** What the upstream may bill beyond a budget for what it wrote when its client was gone already. */
const TOLERANCE = 0.05;
/** As much would be spent at least if a call that was refused had been made. */
const NEVER_REFUSED_BELOW = 0.8;

/** All calls of a case at once; then no budget may be overspent, nor refuse too early. */
export async function stormOnBudgets(of: BudgetCase): Promise<readonly Finding[]> {
  const upstream = await BilledUpstream.start();
  const house = new MoneyHouse(upstream.url, of.budgets);
  try {
    const sidecar = await house.start();
    for (const plan of of.plans) upstream.expect(plan);
    const { connections } = sidecar;
    const outcomes = await makeCalls(of.plans, { atOnce: of.plans.length, connections }, makeCall);
    await upstream.settle();
    await sidecar.settle();
    const rows = await readRecords(house);
    const findings = [
      ...spendingFindings(await budgetsOf(sidecar), upstream, of),
      ...refusalFindings(outcomes, of),
      ...(await budgetFindings(sidecar, rows)),
      ...(await metricFindings(sidecar, rows)),
    ];
    await sidecar.stop();
    return findings.map((finding) => ({ ...finding, name: `${of.name}: ${finding.name}` }));
  } finally {
    await house.close();
    await upstream.close();
  }
}

async function budgetsOf({ client }: MoneySidecar): Promise<readonly WireMessage[]> {
  const { budgets } = await client.usage.unary('GetBudgets');
  return budgets as readonly WireMessage[];
}

function spendingFindings(
  budgets: readonly WireMessage[],
  upstream: BilledUpstream,
  { exact }: BudgetCase,
): readonly Finding[] {
  const most = exact ? 1 : 1 + TOLERANCE;
  const bySidecar = budgets.map(({ spent, limit }) => share(nanos(spent), nanos(limit)));
  const byUpstream = budgets.map((budget) =>
    share(billedTo(budget, upstream), 1_000n * nanos(budget.limit)),
  );
  return [
    percent('spent of the fullest budget, by the sidecar', Math.max(...bySidecar), { atMost: 1 }),
    percent('spent of the fullest budget, by the upstream’s bill', Math.max(...byUpstream), {
      atMost: most,
      atLeast: USED_BEFORE_REFUSAL,
    }),
  ];
}

/** Pico-dollars of the calls that a budget counts. */
function billedTo({ scope, subject }: WireMessage, upstream: BilledUpstream): bigint {
  const counts = ({ userId, projectId }: Plan): boolean => {
    if (scope === 'BUDGET_SCOPE_USER') return userId === subject;
    return scope === 'BUDGET_SCOPE_PROJECT' ? projectId === subject : true;
  };
  const { bill }: { bill: Bill } = upstream;
  const lines = bill.lines.filter(({ question }) => counts(upstream.planOf(question)));
  return sumOf(lines, ({ cost }) => cost);
}

function refusalFindings(
  outcomes: readonly Outcome[],
  { exact, single, waiting }: BudgetCase,
): readonly Finding[] {
  const refusals = outcomes.filter(isRefusal).toSorted((a, b) => a.endedAt - b.endedAt);
  const answered = outcomes.filter(({ completed }) => completed !== undefined);
  const waited = answered.filter(({ completed }) => completed && queuedFor(completed) > 0);
  const names = new Set(refusals.map(({ failure }) => budgetIn(failure)?.name));
  const needed = refusals.map(({ failure, plan }) => {
    const { spent, limit } = budgetIn(failure) ?? {};
    return share(1_000n * nanos(spent) + leastOf(plan), 1_000n * nanos(limit));
  });
  const used = refusals.map(({ failure }) => {
    const { spent, limit } = budgetIn(failure) ?? {};
    return share(nanos(spent), nanos(limit));
  });
  return [
    { name: 'calls', value: outcomes.length },
    { name: 'calls answered', value: answered.length, atLeast: 1 },
    { name: 'calls that waited, and were answered', value: waited.length, atLeast: waiting },
    { name: 'calls refused', value: refusals.length, atLeast: 1 },
    { name: 'budgets that refused', value: names.size, atLeast: single ? 1 : 2 },
    ...(exact
      ? [
          {
            name: 'calls that ended otherwise',
            value: outcomes.length - answered.length - refusals.length,
            atMost: 0,
          },
        ]
      : []),
    ...(single
      ? [percent('spent at the first refusal', used[0] ?? 0, { atLeast: USED_BEFORE_REFUSAL })]
      : []),
    percent('spent and needed, least at any refusal', Math.min(...needed), {
      atLeast: NEVER_REFUSED_BELOW,
    }),
  ];
}

function isRefusal({ failure }: Outcome): boolean {
  return failure?.reason === 'ERROR_REASON_BUDGET_EXCEEDED';
}

function budgetIn(failure: WireMessage | undefined): WireMessage | undefined {
  return failure?.budget as WireMessage | undefined;
}

/** Seconds. */
function queuedFor({ timings }: WireMessage): number {
  const { queue } = timings as { readonly queue: WireMessage | null };
  return Number(queue?.seconds ?? 0) + Number(queue?.nanos ?? 0) / 1e9;
}

function share(part: bigint, whole: bigint): number {
  return Number(part) / Number(whole);
}

function percent(
  name: string,
  value: number,
  bounds: { readonly atMost?: number; readonly atLeast?: number },
): Finding {
  const { atMost, atLeast } = bounds;
  return {
    name: `${name}, %`,
    value: 100 * value,
    digits: 2,
    ...(atMost === undefined ? {} : { atMost: 100 * atMost }),
    ...(atLeast === undefined ? {} : { atLeast: 100 * atLeast }),
  };
}
