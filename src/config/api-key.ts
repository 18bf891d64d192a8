import type { ConfiguredKey } from './config.ts';
import { variable } from './environment.ts';
import { homeOf } from './home.ts';
import { namesApiKey, type Report } from './problems.ts';
import {
  type Fail,
  failAt,
  failAtVariable,
  fromFile,
  type SecretSources,
} from './secret-sources.ts';
import { isMapping, isText } from './values.ts';

const MISSING =
  'no API key is given: set OPENAI_API_KEY, or OPENAI_API_KEY_FILE to a file that holds it, or apiKeyFile or keys in the configuration file; with targets alone, set defaultModel to target/model; to try it without a key, see tamma-provider-openai simulate --help';

/**
 * The key that is given in one of the ways for those who have one key: the first that is used; the
 * ways after it are not looked at. Undefined if there is none, which is reported unless there is a
 * list of keys, or the calls that name no target go to one. A bearer token takes the place of all keys.
 */
export function readApiKey(sources: SecretSources, report: Report): ConfiguredKey | undefined {
  const { environment, written } = sources;
  if (isMapping(written) && 'bearerTokenFile' in written)
    return readToken(written, [], sources, report);
  const key = variable(environment, 'OPENAI_API_KEY');
  if (key !== undefined) {
    const secret = checkedKey(key, failAtVariable('OPENAI_API_KEY', report));
    return configured({ environment: 'OPENAI_API_KEY' }, secret);
  }
  const file = variable(environment, 'OPENAI_API_KEY_FILE');
  if (file !== undefined) {
    return keyOfFile(file, sources, failAtVariable('OPENAI_API_KEY_FILE', report));
  }
  // A file that was not understood is reported already, and may well have said where the key is.
  if (!isMapping(written)) return undefined;
  const { apiKeyFile } = written;
  if (homeOf(written, environment) !== undefined) return undefined;
  if (isText(apiKeyFile)) {
    return keyOfFile(apiKeyFile, sources, failAt(['apiKeyFile'], sources.source, report));
  }
  return attempted(written) ? undefined : void failAtVariable('OPENAI_API_KEY', report)(MISSING);
}

/** The token of `bearerTokenFile`; undefined if there is none, or none to be had, which was reported. */
export function readToken(
  { bearerTokenFile }: Readonly<Record<string, unknown>>,
  path: readonly PropertyKey[],
  sources: SecretSources,
  report: Report,
): ConfiguredKey | undefined {
  if (!isText(bearerTokenFile)) return undefined;
  const fail = failAt([...path, 'bearerTokenFile'], sources.source, report);
  return keyOfFile(bearerTokenFile, sources, fail);
}

/** The key, unless no header could carry it. */
export function checkedKey(key: string, fail: Fail): string | undefined {
  if (/^[!-~]+$/.test(key)) return key;
  return void fail('the key holds whitespace, a control character or one outside of ASCII');
}

function keyOfFile(file: string, sources: SecretSources, fail: Fail): ConfiguredKey | undefined {
  const text = fromFile(file, sources.readFile, fail);
  return configured({ file }, text === undefined ? undefined : checkedKey(text, fail));
}

function configured(
  place: Pick<ConfiguredKey, 'file' | 'environment'>,
  secret: string | undefined,
): ConfiguredKey | undefined {
  return secret === undefined ? undefined : { ...place, weight: 1, secret };
}

/** Whether the file says in some way where a key is, if only in a wrong one, which is reported. */
function attempted(written: Readonly<Record<string, unknown>>): boolean {
  const { keys = [] } = written;
  const isEmpty = Array.isArray(keys) && keys.length === 0;
  return (
    !isEmpty || Object.keys(written).some((name) => name === 'apiKeyFile' || namesApiKey(name))
  );
}
