import { restartPart } from './changes.ts';
import type { Config } from './config.ts';
import { asFile } from './describe.ts';
import { differences } from './differences.ts';
import type { ReadFile } from './files.ts';
import { type ConfigSources, loadConfig } from './load.ts';
import { ConfigError, formatPath } from './problems.ts';
import { isMapping } from './values.ts';

/** What the configuration has become. */
export interface RereadConfig {
  /** To be in force from now on: what waits for a restart is in it as it was. */
  readonly config: Config;
  /** Keys in which it differs from the one before, by their paths. */
  readonly changed: readonly string[];
  /** Keys whose change waits for a restart. */
  readonly needsRestart: readonly string[];
}

/**
 * Reads the configuration again.
 *
 * @param inForce the one that is
 * @throws ConfigError with every problem, also where it would be wrong without a change that waits for a
 *   restart
 */
export function rereadConfig(sources: ConfigSources, inForce: Config): RereadConfig {
  const same = { ...sources, readFile: onlyOnce(sources.readFile) };
  const wanted = loadConfig(same);
  const waiting = differences(inForce, wanted).filter((path) => restartPart(path) !== undefined);
  const config = waiting.length === 0 ? wanted : withoutRestart(same, inForce, waiting);
  return {
    config,
    changed: differences(inForce, config).map(formatPath),
    needsRestart: waiting.map(formatPath),
  };
}

function withoutRestart(
  sources: ConfigSources,
  inForce: Config,
  waiting: readonly (readonly string[])[],
): Config {
  try {
    return loadConfig(sources, (written) =>
      waiting.reduce((file, path) => kept(file, restartPart(path) ?? [], asFile(inForce)), written),
    );
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const names = waiting.map(formatPath).join(', ');
    throw new ConfigError(
      error.problems.map((problem) => ({
        ...problem,
        message: `${problem.message} (as long as ${names} waits for a restart)`,
      })),
    );
  }
}

/** With what another file says there. */
function kept(file: unknown, [key, ...rest]: readonly string[], other: unknown): unknown {
  if (key === undefined) return other;
  const [own, its] = [file, other].map((one) => (isMapping(one) ? one : {}));
  const value = kept(own?.[key], rest, its?.[key]);
  const { [key]: _, ...others } = own ?? {};
  return value === undefined ? others : { ...others, [key]: value };
}

/** All that is read is of one moment. */
function onlyOnce(readFile: ReadFile): ReadFile {
  const texts = new Map<string, string>();
  return (path) => {
    const text = texts.get(path) ?? readFile(path);
    texts.set(path, text);
    return text;
  };
}
