import type { Environment } from './environment.ts';
import { type ReadFile, readText } from './files.ts';
import { ENVIRONMENT_SOURCE, formatPath, type Report } from './problems.ts';

/** Where secrets are: in the environment, and in files that it or the configuration file names. */
export interface SecretSources {
  readonly environment: Environment;
  /** What the configuration file says, as it was written; undefined if it could not be read. */
  readonly written: unknown;
  /** The configuration file's path. */
  readonly source: string;
  readonly readFile: ReadFile;
}

/** Notes what is wrong at one place. */
export type Fail = (message: string) => void;

/** Of a key of the configuration file. */
export function failAt(path: readonly PropertyKey[], source: string, report: Report): Fail {
  return (message) => report({ path: formatPath(path), message, source });
}

/** Of an environment variable. */
export function failAtVariable(name: string, report: Report): Fail {
  return (message) => report({ path: name, message, source: ENVIRONMENT_SOURCE });
}

/** What a file holds, without the whitespace around it. Undefined once `fail` was told why not. */
export function fromFile(file: string, readFile: ReadFile, fail: Fail): string | undefined {
  const text = readText(file, readFile, fail)?.trim();
  return text === '' ? void fail('the file is empty') : text;
}
