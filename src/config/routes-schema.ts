import { z } from 'zod';
import { byModel, group, token } from './fields.ts';
import type { Report } from './problems.ts';
import { wholeNumber } from './quantities.ts';
import { failAt, type SecretSources } from './secret-sources.ts';
import { suggest } from './suggest.ts';
import { isMapping } from './values.ts';

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

export const routesSchema = byModel(
  z.array(share, targetsError).min(1, targetsError).max(MOST_TARGETS, targetsError),
)
  .default({})
  .describe(
    'Targets over which calls are spread that name a model and no target, by model or pattern of models; the first that fits counts; default {}.',
  );

/**
 * Reports targets that there are not, and those that a model has twice, right beside whatever else the file has
 * wrong: what is no list of targets is left to the schema.
 *
 * @param home see Config
 */
export function checkRoutes(
  { written, source }: Pick<SecretSources, 'written' | 'source'>,
  home: string | undefined,
  report: Report,
): void {
  const { routes, targets } = isMapping(written) ? written : {};
  const names = isMapping(targets) ? Object.keys(targets) : [];
  const known = [...(home === undefined ? ['default'] : []), ...names];
  for (const [pattern, shares] of Object.entries(isMapping(routes) ? routes : {})) {
    const named = namesIn(shares);
    for (const [index, name] of named.entries()) {
      const message = problemOf(name, known, named.indexOf(name) < index);
      const fail = failAt(['routes', pattern, index, 'target'], source, report);
      if (message !== undefined) fail(message);
    }
  }
}

/** Of a list of shares; a name that is none is empty. */
function namesIn(shares: unknown): readonly string[] {
  if (!Array.isArray(shares) || shares.length > MOST_TARGETS) return [];
  return shares.map((share: unknown) =>
    isMapping(share) && token().safeParse(share.target).success ? String(share.target) : '',
  );
}

function problemOf(name: string, known: readonly string[], isAgain: boolean): string | undefined {
  if (name === '') return undefined;
  if (isAgain) return 'must not be a target that stands before it';
  if (known.includes(name)) return undefined;
  const meant = suggest(name, known);
  const rule = known.includes('default')
    ? 'must be default or one of targets'
    : 'must be one of targets';
  return meant === undefined ? rule : `${rule}; did you mean ${meant}?`;
}
