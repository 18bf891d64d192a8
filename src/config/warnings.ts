import type { Config } from './config.ts';

/** What is allowed and most likely not meant, a sentence each. */
export function configWarnings(config: Config): readonly string[] {
  return [
    ...(config.slips ?? []),
    ...keyWarnings(config),
    ...versionWarnings(config),
    ...storedWarnings(config),
    ...budgetWarnings(config),
    ...listenerWarnings(config),
  ];
}

function budgetWarnings({ budgets, costManagement, dataDir, store }: Config): readonly string[] {
  const isLimited = budgets.length > 0 || costManagement.budgetLimit !== undefined;
  if (!isLimited || dataDir !== undefined || store === 'redis') return [];
  return [
    'budgets without a dataDir or store: redis begin anew whenever this process does: nothing keeps what was spent.',
  ];
}

/** Where two listeners cannot be: at the same socket, or at the same port of the same or of all addresses. */
function listenerWarnings(config: Config): readonly string[] {
  const { listen, adminListen, healthListen, metricsListen } = config;
  const all = Object.entries({
    listen,
    adminListen: [adminListen],
    healthListen: healthListen === undefined ? [] : [healthListen],
    metricsListen: metricsListen === undefined ? [] : [metricsListen],
  }).flatMap(([key, ones]) => {
    return ones.map((one) => ({ key, address: typeof one === 'string' ? one : one.address }));
  });
  return all.flatMap(({ key, address }, at) => {
    const other = all.slice(0, at).find((before) => collide(before.address, address));
    if (other === undefined) return [];
    const where = other.key === key ? 'stands there twice' : `is that of ${other.key}, too`;
    return [`${key}: ${address} ${where}: only one of them can listen there.`];
  });
}

function collide(one: string, other: string): boolean {
  if (one === other) return !one.endsWith(':0');
  const [[host, port], [otherHost, otherPort]] = [split(one), split(other)];
  if (port !== otherPort || port === '0' || one.startsWith('unix:')) return false;
  return ALL_ADDRESSES.includes(host) || ALL_ADDRESSES.includes(otherHost);
}

const ALL_ADDRESSES: readonly string[] = ['0.0.0.0', '[::]'];

function split(address: string): readonly [host: string, port: string] {
  const colon = address.lastIndexOf(':');
  return [address.slice(0, colon), address.slice(colon + 1)];
}

/** What is no key, though a header could carry it. */
const NO_KEYS: readonly RegExp[] = [
  // Of a shell or a template that did nothing.
  /^["'].*["']$|^\$|^<.*>$|\{\{/,
  // A line of a file of variables, or JSON. Base64 has its equals signs at the end.
  /^[A-Z_]+=[^=]|^\{/i,
  // What documentation has in the place of one.
  /\.\.\.|^(?:sk-)?(?:your|placeholder|(?:[a-z]+-)?[x*]{3,}$)/i,
  /^(?:sk-)?(?:change|replace|insert)[-_]?(?:me|this|it|here|with)|^(?:openai[-_])?api[-_]?key$/i,
];

function keyWarnings({ keys, targets }: Config): readonly string[] {
  const all = [keys, ...Object.values(targets).map((target) => target.keys)].flat();
  return all
    .filter(({ secret }) => NO_KEYS.some((pattern) => pattern.test(secret)))
    .map(({ environment, file }) => {
      return `${environment ?? file}: the key is in quotes, behind its name, or a placeholder that nothing was put in for.`;
    });
}

function versionWarnings({ baseUrl, home, targets }: Config): readonly string[] {
  const own: readonly (readonly [string, string])[] = home === undefined ? [['', baseUrl]] : [];
  const all = Object.entries(targets).map(
    ([name, target]) => [`targets.${name}.`, target.baseUrl] as const,
  );
  return [...own, ...all]
    .filter(([, url]) => !namesVersion(url))
    .map(([at]) => `${at}baseUrl names no version such as /v1 in its path: most servers need one.`);
}

/** Nobody deletes what was stored by a process that was killed and remembers nothing. */
function storedWarnings(config: Config): readonly string[] {
  const { allowStored, targets, dataDir, costManagement } = config;
  const isAllowed = allowStored || Object.values(targets).some((target) => target.allowStored);
  if (!isAllowed || (dataDir !== undefined && costManagement.trackingEnabled)) return [];
  return [
    'allowStored without a dataDir and costManagement.trackingEnabled: if this process is killed, answers of its calls stay stored at the upstream.',
  ];
}

/** Azure's deployments have their version in the query. */
function namesVersion(url: string): boolean {
  return /\/v\d|\/openai\/deployments\//.test(new URL(url).pathname);
}
