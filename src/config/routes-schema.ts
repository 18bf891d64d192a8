import { z } from 'zod';
import { group, map, token } from './fields.ts';
import { formatPath, type Report } from './problems.ts';
import { wholeNumber } from './quantities.ts';
import type { Settings } from './schema.ts';
import { suggest } from './suggest.ts';

const MOST_TARGETS = 8;

const targetsError = `must be a list of 1 to ${MOST_TARGETS} targets`;

const share = group({
  target: token().describe('default, or one of targets; each once.'),
  weight: wholeNumber('Its share of the calls, in relation to the others.', {
    min: 1,
    max: 1000,
    default: 1,
  }),
});

export const routesSchema = map(
  token(),
  z.array(share, targetsError).min(1, targetsError).max(MOST_TARGETS, targetsError),
  'must have the name or a pattern of models',
)
  .default({})
  .describe(
    'Targets over which calls are spread that name a model and no target, by model or pattern of models; the first that fits counts; default {}.',
  );

/**
 * Reports targets that there are not, and those that a model has twice.
 *
 * @param home see Config
 */
export function checkRoutes(
  { routes, targets }: Settings,
  home: string | undefined,
  source: string,
  report: Report,
): void {
  const known = [...(home === undefined ? ['default'] : []), ...Object.keys(targets)];
  for (const [pattern, shares] of Object.entries(routes)) {
    const names = shares.map(({ target }) => target);
    for (const [index, name] of names.entries()) {
      const message = problemOf(name, known, names.indexOf(name) < index);
      const path = formatPath(['routes', pattern, index, 'target']);
      if (message !== undefined) report({ path, message, source });
    }
  }
}

function problemOf(name: string, known: readonly string[], isAgain: boolean): string | undefined {
  if (isAgain) return 'must not be a target that stands before it';
  if (known.includes(name)) return undefined;
  const meant = suggest(name, known);
  const rule = known.includes('default')
    ? 'must be default or one of targets'
    : 'must be one of targets';
  return meant === undefined ? rule : `${rule}; did you mean ${meant}?`;
}
