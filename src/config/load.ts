import { z } from 'zod';
import { readApiKey } from './api-key.ts';
import type { Config, ConfiguredKey } from './config.ts';
import { type Environment, variable } from './environment.ts';
import { ENVIRONMENT_KEYS } from './environment-keys.ts';
import { type ReadFile, readYaml } from './files.ts';
import { homeOf } from './home.ts';
import { type ListedSecrets, readListedSecrets, withSecrets } from './key-list.ts';
import { type McpSecrets, readMcpSecrets } from './mcp-secrets.ts';
import {
  ConfigError,
  type ConfigProblem,
  ENVIRONMENT_SOURCE,
  explainIssues,
  formatPath,
  type Report,
} from './problems.ts';
import { checkRoutes } from './routes-schema.ts';
import { configSchema, type Settings } from './schema.ts';
import type { SecretSources } from './secret-sources.ts';
import { type RedisUrl, readRedisUrl } from './shared-store.ts';
import { slipsIn } from './slips.ts';
import { isMapping } from './values.ts';
import { readWays, type Ways } from './ways.ts';

// What it would compile is used once.
z.config({ jitless: true });

export interface ConfigSources {
  readonly environment: Environment;
  /** The YAML file. Default: the one that TAMMA_CONFIG names, else none. */
  readonly configPath?: string;
  readonly readFile: ReadFile;
  /** Whether upstreams are asked. If not, their secrets are neither read nor needed. Default: they are. */
  readonly asksUpstreams?: boolean;
}

/**
 * The effective configuration: the environment wins over the file, the file over the defaults.
 *
 * @param change what is made of the file's content before it is looked at. Default: nothing
 * @throws ConfigError with every problem of file, environment and key at once.
 */
export function loadConfig(
  sources: ConfigSources,
  change: (written: unknown) => unknown = (written) => written,
): Config {
  const { environment, readFile, asksUpstreams = true } = sources;
  const problems: ConfigProblem[] = [];
  const report: Report = (problem) => problems.push(problem);

  const configPath = sources.configPath ?? variable(environment, 'TAMMA_CONFIG');
  const source = configPath ?? ENVIRONMENT_SOURCE;
  const text = configPath === undefined ? {} : readYaml(configPath, readFile, report);
  const written = text === undefined ? undefined : change(text);
  const settings = readSettings({ written: written ?? {}, source, environment }, report);
  const places = { environment, written, source, readFile };
  const redisUrl = readRedisUrl(places, report);
  const secrets = { ...(asksUpstreams ? readSecrets(places, report) : NO_SECRETS), redisUrl };
  const ways = readWays(settings, places, report);
  const home = homeOf(isMapping(written) ? written : {}, environment);
  checkRoutes(places, home, report);

  if (settings === undefined || ways === undefined || problems.length > 0) {
    throw new ConfigError(problems);
  }
  const config = { ...toConfig(settings, secrets, ways), ...(home !== undefined && { home }) };
  const slips = slipsIn(written, environment, config);
  return deepFreeze({ ...config, ...(slips.length > 0 && { slips }) });
}

/** What upstreams ask for. */
interface UpstreamSecrets {
  readonly apiKey: ConfiguredKey | undefined;
  readonly listed: ListedSecrets;
  readonly mcp: ReadonlyMap<string, McpSecrets>;
}

interface Secrets extends UpstreamSecrets {
  readonly redisUrl: RedisUrl | undefined;
}

const NO_SECRETS: UpstreamSecrets = {
  apiKey: undefined,
  listed: { keys: [], targets: new Map(), tokens: new Map() },
  mcp: new Map(),
};

function readSecrets(sources: SecretSources, report: Report): UpstreamSecrets {
  return {
    apiKey: readApiKey(sources, report),
    listed: readListedSecrets(sources, report),
    mcp: readMcpSecrets(sources, report),
  };
}

/** The file's settings with those of the environment laid over them. */
function readSettings(
  { written, source, environment }: { written: unknown; source: string; environment: Environment },
  report: Report,
): Settings | undefined {
  const variables = new Map<PropertyKey, string>();
  const overrides: Record<string, string | boolean> = {};
  for (const [name, key] of Object.entries(ENVIRONMENT_KEYS)) {
    const value = variable(environment, name);
    if (value === undefined) continue;
    variables.set(key, name);
    overrides[key] = key === 'insecureBaseUrl' ? asFlag(value) : value;
  }
  const isGroup = isMapping(written);
  if (!isGroup) report({ path: source, message: 'must be a group of keys', source });
  const result = configSchema.safeParse({ ...(isGroup ? written : {}), ...overrides });
  for (const { path, message } of explainIssues(result.error?.issues ?? [], configSchema)) {
    const name = path[0] === undefined ? undefined : variables.get(path[0]);
    if (name !== undefined) report({ path: name, message, source: ENVIRONMENT_SOURCE });
    else report({ path: formatPath(path), message, source });
  }
  return result.data;
}

/** What stands for true and false; everything else is left for the schema to refuse. */
function asFlag(text: string): string | boolean {
  return text === 'true' ? true : text === 'false' ? false : text;
}

function toConfig(
  settings: Settings,
  { apiKey, listed, redisUrl, mcp }: Secrets,
  ways: Ways,
): Config {
  const { timeout, apiKeyFile: _, ...same } = settings;
  const keys = withSecrets(settings.keys, listed.keys);
  const isListed = keys.some(({ secret }) => secret === apiKey?.secret);
  const targetEntries = Object.entries(settings.targets).map(([name, target]) => {
    const token = listed.tokens.get(name);
    const own = withSecrets(target.keys, listed.targets.get(name));
    const way = ways.targets.get(name);
    return [name, { ...target, ...way, keys: token === undefined ? own : [token] }];
  });
  return {
    ...same,
    ...ways.main,
    // A list that repeats the key is there to give it a weight.
    keys: apiKey === undefined || isListed ? keys : [apiKey, ...keys],
    targets: Object.fromEntries(targetEntries),
    hostedTools: {
      ...settings.hostedTools,
      mcpServers: Object.fromEntries(
        Object.entries(settings.hostedTools.mcpServers).map(([name, server]) => {
          return [name, { ...server, secrets: mcp.get(name) ?? { headers: {} } }];
        }),
      ),
    },
    timeoutMs: timeout,
    redis: usedUrl(settings.redis, redisUrl),
    ...(redisUrl === undefined ? {} : { redisUrl: redisUrl.secret }),
  };
}

/** Without a URL that another one wins over, or that nothing needs. */
function usedUrl({ url, urlFile, ...same }: Settings['redis'], used: RedisUrl | undefined) {
  return {
    ...same,
    ...(used?.key === 'url' && url !== undefined ? { url } : {}),
    ...(used?.key === 'urlFile' && urlFile !== undefined ? { urlFile } : {}),
  };
}

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null) Object.values(value).forEach(deepFreeze);
  return Object.freeze(value);
}
