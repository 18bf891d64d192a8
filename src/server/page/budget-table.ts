import type { BudgetScope, BudgetState } from '../../core/budget-state.ts';
import { toDollars } from '../../money/pricing/money.ts';
import { type Content, html, type Markup } from './html.ts';
import { ahead, soft, table } from './page-parts.ts';

const SCOPES: Readonly<Record<BudgetScope, string>> = {
  all: 'all calls',
  user: 'user',
  project: 'project',
  model: 'model',
};

/** Made when a page is drawn: it reads the data of languages, a twentieth of a start. */
let dollars: Intl.NumberFormat | undefined;

/** How much of each budget is spent; nothing if there are none. */
export function budgetTable(budgets: readonly BudgetState[], count: number): Content {
  if (budgets.length === 0) return [];
  return table(
    budgets.length < count
      ? `Budgets, ${budgets.length} of ${count.toLocaleString('en-US')}`
      : 'Budgets',
    ['Budget', 'For', 'Share', 'Spent', 'Limit', 'Reserved', 'Reset'],
    budgets.map(budgetRow),
  );
}

function budgetRow(budget: BudgetState): readonly Content[] {
  const { name, spent, reserved, limit, resetsAt } = budget;
  return [
    name,
    subject(budget),
    bar(budget),
    usd(spent),
    usd(limit),
    usd(reserved),
    ahead(resetsAt),
  ];
}

function subject({ scope, subject }: BudgetState): Content {
  if (scope === 'all') return SCOPES.all;
  return html`${SCOPES[scope]} ${subject === '' ? soft('none named') : html`<code>${subject}</code>`}`;
}

/** The share that is spent; it changes its colour at the first alert. */
function bar({ name, spent, limit, alertThresholds }: BudgetState): Markup {
  const share = limit > 0n ? Math.min(toDollars(spent) / toDollars(limit), 1) : 1;
  const percent = `${Math.floor(share * 100)} %`;
  return html`<meter aria-label="${name}" title="${percent}" value="${share.toFixed(4)}" high="${alertThresholds[0] ?? 1}" optimum="0">${percent}</meter>`;
}

export function usd(picoDollars: bigint): string {
  dollars ??= new Intl.NumberFormat('en-US', {
    style: 'currency',
    currency: 'USD',
    maximumFractionDigits: 6,
  });
  return dollars.format(toDollars(picoDollars));
}
