import type { Config } from './schema.ts';

/** What is allowed and most likely not meant, a sentence each. */
export function configWarnings({ baseUrl, home, targets }: Config): readonly string[] {
  const own: readonly (readonly [string, string])[] = home === undefined ? [['', baseUrl]] : [];
  const all = Object.entries(targets).map(
    ([name, target]) => [`targets.${name}.`, target.baseUrl] as const,
  );
  return [...own, ...all]
    .filter(([, url]) => !namesVersion(url))
    .map(([at]) => `${at}baseUrl names no version such as /v1 in its path: most servers need one.`);
}

/** Azure's deployments have their version in the query. */
function namesVersion(url: string): boolean {
  return /\/v\d|\/openai\/deployments\//.test(new URL(url).pathname);
}
