import { z } from 'zod';
import { choice, flag, group, inMs, label, onceRight } from './fields.ts';
import { dollars, duration, share, wholeNumber } from './quantities.ts';
import { HOUR, MINUTE } from './units.ts';
import { isMapping } from './values.ts';

const matchError = 'must be a text of 1 to 256 characters, none of them a control character';
const thresholdsError = 'must be a number above 0, at most 1, or a list of these';

export function period() {
  return choice(
    'Time over which the limit counts; days and months begin at midnight UTC.',
    ['day', 'month', 'total'],
    'month',
  );
}

function thresholds(error: string) {
  return z.array(share(), error).transform((shares) => [...new Set(shares)].sort((a, b) => a - b));
}

export const costManagementSchema = group({
  trackingEnabled: flag('Whether usage and cost are written to the ledger.', true),
  budgetLimit: dollars()
    .exactOptional()
    .describe('US dollars that all calls together may cost in a budgetPeriod. No default.'),
  budgetPeriod: period(),
  alertThreshold: z
    .union([share().transform((one) => [one]), thresholds(thresholdsError)], thresholdsError)
    .prefault(0.8)
    .describe(
      'Shares of a budget at which an alert is raised, once per period. A number above 0, at most 1, or a list of these; default 0.8.',
    ),
  unpriced: choice(
    'Calls to models without a known price; auto refuses them where a budget applies and marks them elsewhere.',
    ['auto', 'refuse', 'mark'],
    'auto',
  ),
  minOutputTokens: wholeNumber(
    'Output limit below which it is not lowered to what a budget can still afford.',
    { min: 16, max: 1_000_000, default: 256 },
  ),
  maxWait: duration(
    'Longest wait of an attempt for what other calls have reserved of a budget and give back.',
    { min: 0, max: HOUR, default: MINUTE },
  ),
}).transform(({ maxWait, ...same }) => ({ ...same, ...inMs({ maxWait }) }));

const budget = group({
  name: label().describe('Name in errors, alerts and metrics; unique. No default.'),
  scope: choice(
    'Whose calls count together; other than all: each user, project or model has the limit.',
    ['all', 'user', 'project', 'model'],
    'all',
  ),
  match: z
    .string(matchError)
    .regex(/^[^\p{Cc}]{1,256}$/u, matchError)
    .exactOptional()
    .describe('Users, projects or models it is for, with * and ?; default: all of them.'),
  limit: dollars().describe('US dollars. No default.'),
  period: period(),
  alertThresholds: thresholds('must be a list')
    .exactOptional()
    .describe('As costManagement.alertThreshold; default: that.'),
})
  .refine(({ scope, match }) => scope !== 'all' || match === undefined, {
    path: ['match'],
    error: 'needs the scope user, project or model',
    when: onceRight('scope', 'match'),
  })
  .meta({
    dependentSchemas: {
      match: { required: ['scope'], properties: { scope: { not: { const: 'all' } } } },
    },
  });

export const budgetsSchema = z
  .array(budget, 'must be a list')
  .superRefine(refuseDoubles, { when: onceList })
  .prefault([])
  .describe('Limits to what calls may cost; a call must fit all that apply; default [].');

/** As soon as it is a list, whatever is wrong with its members. */
function onceList({ issues }: z.core.ParsePayload): boolean {
  return issues.every(({ path = [] }) => path.length > 0);
}

/** Also of budgets that are wrong otherwise, so they may be anything. */
function refuseDoubles(budgets: readonly unknown[], context: z.core.$RefinementCtx): void {
  const names = budgets.map((budget) => (isMapping(budget) ? budget.name : undefined));
  for (const [index, name] of names.entries()) {
    const first = names.indexOf(name);
    if (typeof name !== 'string' || first === index) continue;
    const message = `must differ from that of budgets[${first}]`;
    context.addIssue({ code: 'custom', path: [index, 'name'], message });
  }
}
