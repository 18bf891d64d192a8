import { type Environment, variable } from './environment.ts';
import { isMapping, isText } from './values.ts';

/**
 * The target that is asked where none is named, if the top level describes no upstream: it names neither a
 * base URL nor an API key, nor does the environment. That of `defaultModel`, else the only one.
 * Undefined: the top level describes one, or nobody can tell which target is meant.
 */
export function homeOf(
  written: Readonly<Record<string, unknown>>,
  environment: Environment,
): string | undefined {
  const { targets, keys = [], defaultModel } = written;
  const says = ['baseUrl', 'apiKeyFile', 'bearerTokenFile'].some((name) => name in written);
  const isSet = ['OPENAI_BASE_URL', 'OPENAI_API_KEY', 'OPENAI_API_KEY_FILE'].some(
    (name) => variable(environment, name) !== undefined,
  );
  const hasKeys = !Array.isArray(keys) || keys.length > 0;
  if (says || isSet || hasKeys || !isMapping(targets)) return undefined;
  const names = Object.keys(targets);
  const [named = ''] = isText(defaultModel) ? defaultModel.split('/') : [];
  if (names.includes(named)) return named;
  return names.length === 1 ? names[0] : undefined;
}
