import { priceOf, questionTokens } from '../support/upstream/bill.ts';
import { LONGEST_ANSWER } from '../support/upstream/billed-answer.ts';
import { decimal, sumOf } from './dollars.ts';
import type { Plan, Planner } from './plan.ts';

/** Calls that want about three times what their budgets have. */
export interface BudgetCase {
  readonly name: string;
  readonly plans: readonly Plan[];
  /** YAML of the configuration. */
  readonly budgets: string;
  /** Nothing is cancelled or broken, so the ledger has what the upstream bills. */
  readonly exact: boolean;
  /** There is one budget, of which no call wants more than a hundredth. */
  readonly single: boolean;
  /** Calls that are sure to have waited before they were answered. */
  readonly waiting: number;
}

const MODEL = 'gpt-4o';
const USERS = 10;
const PROJECTS = 3;
/** Of what the calls want in all. */
const AFFORDED = 1 / 3;
/** Of what a user's or a project's calls want on average. */
const OWN_SHARE = 0.4;
/** As configured by default: an answer is not cut shorter for a budget's sake. */
const MIN_OUTPUT_TOKENS = 256;

/** Every answer is as long as its caller allows. */
export function toTheLimit(planner: Planner, calls: number): BudgetCase {
  const plans = listOf(calls, () => planOf(planner, 16 + planner.upTo(64)));
  return { ...aCase('answers up to their limit', plans), budgets: oneBudget(plans) };
}

/** Callers allow many times what they get, so that most of what is reserved comes back. */
export function shortOfTheLimit(planner: Planner, calls: number): BudgetCase {
  const maxTokens = calls / 2;
  const plans = listOf(calls, () => ({ ...planOf(planner, 10 + planner.upTo(50)), maxTokens }));
  return {
    ...aCase('answers short of their limit', plans),
    budgets: oneBudget(plans),
    waiting: calls / 10,
  };
}

/** No caller sets a limit, and the model thinks unseen for as long as it may. */
export function withoutLimit(planner: Planner, calls: number): BudgetCase {
  const plans = listOf(calls, () => {
    const { maxTokens: _maxTokens, ...plan } = planOf(planner, 10);
    return { ...plan, scripts: [planner.script({ tokens: 10, hiddenTokens: LONGEST_ANSWER })] };
  });
  return { ...aCase('answers without a limit', plans), budgets: oneBudget(plans) };
}

/** A call must fit its user's budget, its project's and that of all. */
export function hierarchical(planner: Planner, calls: number): BudgetCase {
  const plans = listOf(calls, () => ({
    ...planOf(planner, 16 + planner.upTo(32)),
    // Some have many calls, others few.
    userId: `user-${Math.floor(USERS * planner.chance() ** 2)}`,
    projectId: `project-${planner.upTo(PROJECTS)}`,
  }));
  const wanted = sumOf(plans, needOf);
  return {
    ...aCase('user, project and all', plans),
    budgets: `
costManagement: { budgetLimit: "${limitOf(wanted, AFFORDED)}", budgetPeriod: total }
budgets:
  - { name: people, scope: user, limit: "${limitOf(wanted, OWN_SHARE / USERS)}", period: total }
  - { name: projects, scope: project, limit: "${limitOf(wanted, OWN_SHARE / PROJECTS)}", period: total }
`,
    single: false,
  };
}

/** A third is cancelled, many are broken. */
export function withCancels(planner: Planner, calls: number): BudgetCase {
  const plans = listOf(calls, () => ({ ...planner.wild(), model: MODEL, maxTokens: 100 }));
  return {
    ...aCase('cancelled and broken ones among them', plans),
    budgets: oneBudget(plans),
    exact: false,
  };
}

/** What a call costs if it is answered, by the upstream's own count, in pico-dollars. */
function needOf(plan: Plan): bigint {
  return costWith(plan, outputOf(plan));
}

/** The same with the shortest answer that is of use, if that is shorter. */
export function leastOf(plan: Plan): bigint {
  return costWith(plan, Math.min(outputOf(plan), MIN_OUTPUT_TOKENS));
}

function costWith({ model, question }: Plan, output: number): bigint {
  return priceOf(model, { input: questionTokens(question), output });
}

function outputOf({ scripts, maxTokens = LONGEST_ANSWER }: Plan): number {
  const { tokens = 0, hiddenTokens = 0 } = scripts.at(-1) ?? {};
  return Math.min(tokens + hiddenTokens, maxTokens);
}

function aCase(name: string, plans: readonly Plan[]): Omit<BudgetCase, 'budgets'> {
  return { name, plans, exact: true, single: true, waiting: 0 };
}

function planOf(planner: Planner, tokens: number): Plan {
  const quick = { headersAfterMs: planner.upTo(5), firstTokenAfterMs: planner.upTo(5), paceMs: 4 };
  const script = planner.script({ ...quick, tokens, hiddenTokens: 3, cachedShare: 0 });
  return planner.plain({ model: MODEL, maxTokens: tokens, scripts: [script] });
}

function oneBudget(plans: readonly Plan[]): string {
  const limit = limitOf(sumOf(plans, needOf), AFFORDED);
  return `costManagement: { budgetLimit: "${limit}", budgetPeriod: total }`;
}

/** In whole nano-dollars, as limits go over the wire. */
function limitOf(wanted: bigint, share: number): string {
  const pico = BigInt(Math.floor(Number(wanted) * share));
  return decimal(pico - (pico % 1_000n));
}

function listOf<T>(length: number, make: () => T): readonly T[] {
  return Array.from({ length }, make);
}
