import type { Logger } from './logger.ts';

const AREAS = ['calls', 'server', 'provider', 'batches'] as const;

export type Area = (typeof AREAS)[number];

export type AreaLoggers = Readonly<Record<Area, Logger>>;

type Levels = { readonly [A in Area]?: string | undefined };

/** The parts of a log that have levels of their own. */
export function areaLoggers(logger: Logger): AreaLoggers {
  const of = (area: Area) => [area, logger.child({})] as const;
  return Object.fromEntries(AREAS.map(of)) as Record<Area, Logger>;
}

/** From now on; an area without a level has that of the log. */
export function setLevels(areas: AreaLoggers, levels: Levels, { level }: Logger): void {
  for (const area of AREAS) areas[area].level = levels[area] ?? level;
}
