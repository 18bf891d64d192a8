import { createHash } from 'node:crypto';
import { stringify } from 'yaml';
import type { Config, ConfiguredKey, ConfiguredWay } from './config.ts';
import { formatDollars } from './money.ts';
import { BYTE_UNITS, DURATION_UNITS, formatQuantity } from './units.ts';
import { isMapping } from './values.ts';

/** The effective configuration as a configuration file. Of secrets, it says where each is. */
export function describeConfig(config: Config): string {
  const redisUrl = config.redisUrl === undefined ? '' : '# Redis URL: (set)\n';
  const file = asFile(config);
  // What does not count would be warned of where the file is read.
  const isRedisUsed = config.store === 'redis' || !isMapping(file);
  const text = stringify(isRedisUsed ? file : { ...file, redis: undefined });
  return `# revision: ${configRevision(config)}\n${redisUrl}${text}`;
}

/**
 * Tells configurations apart: 12 hexadecimal digits of a hash over everything but the secrets, the
 * same in every process that runs with the same configuration.
 */
export function configRevision(config: Config): string {
  return createHash('sha256')
    .update(canonicalJson(asFile(config)))
    .digest('hex')
    .slice(0, 12);
}

/** What a configuration file says from which this configuration would be read. */
export function asFile({ redisUrl: _url, slips: _slips, home, ...config }: Config): unknown {
  const openTargets = Object.entries(config.targets).map(([name, target]) => {
    return [name, { ...withoutWay(target), keys: openKeys(target) }];
  });
  const openServers = Object.entries(config.hostedTools.mcpServers).map(([name, server]) => {
    const { secrets: _, ...open } = server;
    return [name, open];
  });
  const { baseUrl, ...open } = withoutWay(config);
  return asWritten({
    ...open,
    hostedTools: { ...config.hostedTools, mcpServers: Object.fromEntries(openServers) },
    // Written down, it would describe an upstream.
    ...(home === undefined && { baseUrl }),
    keys: openKeys(config),
    targets: Object.fromEntries(openTargets),
  });
}

/** What was found out of the way to an upstream, by the environment and from files. */
function withoutWay<T extends ConfiguredWay>(upstream: T): Omit<T, keyof ConfiguredWay> {
  const { proxyUrl: _proxyUrl, ca: _ca, ...open } = upstream;
  return open;
}

function openKeys(upstream: {
  readonly keys: readonly ConfiguredKey[];
  readonly bearerTokenFile?: string;
}): readonly Omit<ConfiguredKey, 'secret'>[] {
  return upstream.bearerTokenFile === undefined ? upstream.keys.map(withoutSecret) : [];
}

function withoutSecret({ secret: _, ...open }: ConfiguredKey): Omit<ConfiguredKey, 'secret'> {
  return open;
}

/** With the units that the names tell in the values instead. */
export function asWritten(value: unknown): unknown {
  if (typeof value === 'bigint') return formatDollars(value);
  if (Array.isArray(value)) return value.map(asWritten);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(memberAsWritten));
}

function memberAsWritten([name, value]: [string, unknown]): [string, unknown] {
  if (typeof value === 'number') {
    if (name.endsWith('Ms')) return [name.slice(0, -2), formatQuantity(value, DURATION_UNITS)];
    // Their own names.
    if (name === 'maxBytes' || name === 'maxBytesPerFile')
      return [name, formatQuantity(value, BYTE_UNITS)];
    if (name.endsWith('Bytes')) {
      return [name.replace(/Bytes$/, 'Size'), formatQuantity(value, BYTE_UNITS)];
    }
  }
  if (name.endsWith('Ms') && value === 'auto') return [name.slice(0, -2), value];
  return [name, asWritten(value)];
}

/** Keys in order, so that the text depends on the content alone. */
function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_, member: unknown) =>
    isMapping(member)
      ? Object.fromEntries(Object.entries(member).sort(([a], [b]) => (a < b ? -1 : 1)))
      : member,
  );
}
