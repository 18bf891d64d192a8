import { isDeepStrictEqual } from 'node:util';
import type { Config } from './config.ts';
import { asWritten } from './describe.ts';
import { isMapping } from './values.ts';

type Names = Readonly<Record<string, readonly string[]>>;

/** Under which keys stands in the file what was found elsewhere, by names of Config. */
const WAY: Names = { proxyUrl: ['proxy'], ca: ['caFile'] };
/** How it was written is no key: what it came to is compared. */
const TOP: Names = { ...WAY, redisUrl: ['redis'], home: ['targets'], slips: [] };
const SERVER: Names = { secrets: [] };

/**
 * Paths of the keys of the file in which two configurations differ, secrets included; a list is one key.
 * Sorted, each once.
 */
export function differences(one: Config, other: Config): readonly (readonly string[])[] {
  const paths = between(asWritten(one), asWritten(other), []).filter((path) => path.length > 0);
  const found = new Map(paths.map((path) => [path.join('\0'), path]));
  return [...found].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, path]) => path);
}

function between(one: unknown, other: unknown, path: readonly string[]): readonly string[][] {
  if (!isMapping(one) || !isMapping(other)) {
    return isDeepStrictEqual(one, other) ? [] : [[...path]];
  }
  const names = new Set([...Object.keys(one), ...Object.keys(other)]);
  const foundElsewhere = namesAt(path);
  return [...names].flatMap((name) => {
    const written = foundElsewhere[name];
    if (written === undefined) return between(one[name], other[name], [...path, name]);
    return isDeepStrictEqual(one[name], other[name]) ? [] : [[...path, ...written]];
  });
}

function namesAt([key, ...rest]: readonly string[]): Names {
  if (key === undefined) return TOP;
  if (key === 'targets' && rest.length === 1) return WAY;
  return key === 'hostedTools' && rest.length === 2 ? SERVER : {};
}
