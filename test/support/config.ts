import type { Config } from '../../src/config/config.ts';
import { loadConfig } from '../../src/config/load.ts';
import { ConfigError, type ConfigProblem } from '../../src/config/problems.ts';

export const KEY = { OPENAI_API_KEY: 'test-key' };

type Files = Readonly<Record<string, string>>;

/** Reads from memory, and fails like node:fs. */
export function readFrom(files: Files) {
  return (path: string) => {
    const text = files[path];
    if (text === undefined) throw Object.assign(new Error('no such file'), { code: 'ENOENT' });
    return text;
  };
}

/** Loads the text of a `config.yaml`. */
export function load(
  yaml: string,
  environment: Record<string, string> = KEY,
  files: Files = {},
): Config {
  return loadConfig({
    environment,
    configPath: 'config.yaml',
    readFile: readFrom({ 'config.yaml': yaml, ...files }),
  });
}

export function problemsOf(action: () => unknown): readonly ConfigProblem[] {
  try {
    action();
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
}

/** What `load` complains of. */
export const problems = (...args: Parameters<typeof load>) => problemsOf(() => load(...args));
