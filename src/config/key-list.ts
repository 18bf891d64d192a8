import { checkedKey, readToken } from './api-key.ts';
import type { ConfiguredKey } from './config.ts';
import { variable } from './environment.ts';
import { VARIABLE_NAME } from './fields.ts';
import type { Report } from './problems.ts';
import type { Settings } from './schema.ts';
import { failAt, fromFile, type SecretSources } from './secret-sources.ts';
import { isMapping, isText } from './values.ts';

/** By position in the list. Undefined: not to be had, which was reported. */
type Secrets = readonly (string | undefined)[];

/** The secrets of every list of keys. */
export interface ListedSecrets {
  readonly keys: Secrets;
  /** By name of the target. */
  readonly targets: ReadonlyMap<string, Secrets>;
  /** Bearer tokens of targets that take them in place of keys, by name. */
  readonly tokens: ReadonlyMap<string, ConfiguredKey>;
}

/**
 * Reads every secret that a list of keys names, right beside whatever else the file has wrong: what
 * is no list of keys at all is left to the schema.
 */
export function readListedSecrets(sources: SecretSources, report: Report): ListedSecrets {
  const { keys, targets } = isMapping(sources.written) ? sources.written : {};
  const written = isMapping(targets) ? Object.entries(targets) : [];
  const named = written.filter(hasKeys);
  return {
    keys: readList(keys, ['keys'], sources, report),
    targets: new Map(
      named.map(([name, target]) => {
        return [name, readList(target.keys, ['targets', name, 'keys'], sources, report)];
      }),
    ),
    tokens: new Map(
      written.flatMap(([name, target]) => {
        const path = ['targets', name];
        const token = isMapping(target) ? readToken(target, path, sources, report) : undefined;
        return token === undefined ? [] : [[name, token] as const];
      }),
    ),
  };
}

/** The keys of a list with their secrets. */
export function withSecrets(
  keys: Settings['keys'],
  secrets: Secrets = [],
): readonly ConfiguredKey[] {
  return keys.flatMap((key, index) => {
    const secret = secrets[index];
    return secret === undefined ? [] : [{ ...key, secret }];
  });
}

function hasKeys(entry: [string, unknown]): entry is [string, { readonly keys: unknown }] {
  return isMapping(entry[1]) && 'keys' in entry[1];
}

function readList(
  list: unknown,
  path: readonly PropertyKey[],
  sources: SecretSources,
  report: Report,
): Secrets {
  if (!Array.isArray(list)) return [];
  const secrets = list.map((entry, index) => readEntry(entry, [...path, index], sources, report));
  for (const [index, secret] of secrets.entries()) {
    const first = secrets.indexOf(secret);
    if (secret === undefined || first === index) continue;
    // Set aside in one place and used in the other, it would be refused over and over.
    const fail = failAt([...path, index], sources.source, report);
    fail(`holds the same API key as the entry ${first + 1} of the list`);
  }
  return secrets;
}

function readEntry(
  entry: unknown,
  path: readonly PropertyKey[],
  { environment: variables, readFile, source }: SecretSources,
  report: Report,
): string | undefined {
  const { file, environment }: Readonly<Record<string, unknown>> = isMapping(entry) ? entry : {};
  if (isText(file) && environment === undefined) {
    const fail = failAt([...path, 'file'], source, report);
    const text = fromFile(file, readFile, fail);
    return text === undefined ? undefined : checkedKey(text, fail);
  }
  if (isText(environment) && VARIABLE_NAME.test(environment) && file === undefined) {
    const fail = failAt([...path, 'environment'], source, report);
    const text = variable(variables, environment);
    // Without its name: somebody may have written the key in place of it.
    if (text === undefined) return void fail('the variable is not set, or empty');
    return checkedKey(text, fail);
  }
  return undefined;
}
