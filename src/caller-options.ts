import type { Config } from './config/config.ts';
import type { ServerOptions } from './server/options.ts';

type ConfiguredCaller = Config['callers'][number];

/** What the configuration says of callers to the server. */
export function callersOf({ callers, callerJwt }: Config): Pick<ServerOptions, 'callers'> {
  if (callers.length === 0) return {};
  return {
    callers: {
      callers: callers.map(({ projectId, userId, limits: { budget: _, ...limits }, ...same }) => ({
        ...same,
        ...(projectId === ANY ? {} : { projectId }),
        ...(userId === ANY ? {} : { userId }),
        limits,
      })),
      ...(callerJwt === undefined ? {} : { jwt: callerJwt }),
    },
  };
}

const ANY = 'any';

/** The budgets of callers: of the project of each, or of its user if it has none. */
export function callerBudgets({ callers }: Config) {
  return callers.flatMap((caller) => {
    const { budget } = caller.limits;
    return budget === undefined ? [] : [{ ...budget, ...subjectOf(caller) }];
  });
}

function subjectOf({ name, projectId, userId }: ConfiguredCaller) {
  const isOfProject = projectId !== ANY;
  return {
    // Budgets have no dots in their names.
    name: `callers.${name}`,
    scope: isOfProject ? ('project' as const) : ('user' as const),
    match: isOfProject ? projectId : userId,
  };
}
