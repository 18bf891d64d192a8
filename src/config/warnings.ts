import type { Config } from './schema.ts';

/** What is allowed and most likely not meant, a sentence each. */
export function configWarnings(config: Config): readonly string[] {
  return [...versionWarnings(config), ...storedWarnings(config)];
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
