import { readApiKey } from './api-key.ts';
import { ENVIRONMENT_KEYS, type Environment, variable } from './environment.ts';
import { type ReadFile, readYaml } from './files.ts';
import {
  ConfigError,
  type ConfigProblem,
  ENVIRONMENT_SOURCE,
  explainIssue,
  formatPath,
  type Report,
} from './problems.ts';
import { type Config, configSchema, type Settings } from './schema.ts';

export interface ConfigSources {
  readonly environment: Environment;
  /** The YAML file. Default: the one that TAMMA_CONFIG names, else none. */
  readonly configPath?: string;
  readonly readFile: ReadFile;
}

/**
 * The effective configuration: the environment wins over the file, the file over the defaults.
 *
 * @throws ConfigError with every problem of file, environment and key at once.
 */
export function loadConfig(sources: ConfigSources): Config {
  const { environment, readFile } = sources;
  const problems: ConfigProblem[] = [];
  const report: Report = (problem) => problems.push(problem);

  const configPath = sources.configPath ?? variable(environment, 'TAMMA_CONFIG');
  const source = configPath ?? ENVIRONMENT_SOURCE;
  const written = configPath === undefined ? {} : readYaml(configPath, readFile, report);
  const settings = readSettings({ written: written ?? {}, source, environment }, report);
  const apiKey = readApiKey({ environment, written, source, readFile }, report);

  if (settings === undefined || apiKey === undefined || problems.length > 0) {
    throw new ConfigError(problems);
  }
  return deepFreeze(toConfig(settings, apiKey));
}

/** The file's settings with those of the environment laid over them. */
function readSettings(
  { written, source, environment }: { written: unknown; source: string; environment: Environment },
  report: Report,
): Settings | undefined {
  const variables = new Map<PropertyKey, string>();
  const overrides: Record<string, string> = {};
  for (const [name, key] of Object.entries(ENVIRONMENT_KEYS)) {
    const value = variable(environment, name);
    if (value === undefined) continue;
    variables.set(key, name);
    overrides[key] = value;
  }
  const isGroup = typeof written === 'object' && !Array.isArray(written);
  if (!isGroup) report({ path: source, message: 'must be a group of keys', source });
  const result = configSchema.safeParse({ ...(isGroup ? written : {}), ...overrides });
  for (const { path, message } of (result.error?.issues ?? []).flatMap(explainIssue)) {
    const name = path[0] === undefined ? undefined : variables.get(path[0]);
    if (name !== undefined) report({ path: name, message, source: ENVIRONMENT_SOURCE });
    else report({ path: formatPath(path), message, source });
  }
  return result.data;
}

function toConfig(settings: Settings, apiKey: string): Config {
  const { timeout, timeouts, limits, drain, apiKeyFile: _, ...same } = settings;
  return {
    ...same,
    apiKey,
    timeoutMs: timeout,
    timeouts: {
      connectMs: timeouts.connect,
      headersMs: timeouts.headers,
      firstTokenMs: timeouts.firstToken,
      idleMs: timeouts.idle,
    },
    limits: {
      maxMessageBytes: limits.maxMessageSize,
      maxConcurrentStreams: limits.maxConcurrentStreams,
      maxDeadlineMs: limits.maxDeadline,
    },
    drain: { gracePeriodMs: drain.gracePeriod },
  };
}

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null) Object.values(value).forEach(deepFreeze);
  return Object.freeze(value);
}
