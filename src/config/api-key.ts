import { type Environment, variable } from './environment.ts';
import { type ReadFile, readText } from './files.ts';
import { ENVIRONMENT_SOURCE, namesApiKey, type Report } from './problems.ts';

const MISSING =
  'no API key is given: set OPENAI_API_KEY, or name a file that holds it in OPENAI_API_KEY_FILE or, in the configuration file, in apiKeyFile';

export interface ApiKeySources {
  readonly environment: Environment;
  /** What the configuration file says, as it was written; undefined if it could not be read. */
  readonly written: unknown;
  /** The configuration file's path. */
  readonly source: string;
  readonly readFile: ReadFile;
}

/** The first key that is given; the ways after it are not looked at. Undefined if there is none. */
export function readApiKey(sources: ApiKeySources, report: Report): string | undefined {
  const { environment, readFile } = sources;
  const key = variable(environment, 'OPENAI_API_KEY');
  const fail = (path: string, source: string) => (message: string) =>
    void report({ path, message, source });
  if (key !== undefined) return checked(key, fail('OPENAI_API_KEY', ENVIRONMENT_SOURCE));

  const file = variable(environment, 'OPENAI_API_KEY_FILE');
  if (file !== undefined) {
    return fromFile(file, readFile, fail('OPENAI_API_KEY_FILE', ENVIRONMENT_SOURCE));
  }

  // A file that was not understood is reported already, and may well have said where the key is.
  if (!isMapping(sources.written)) return undefined;
  const { apiKeyFile } = sources.written;
  if (typeof apiKeyFile === 'string' && apiKeyFile !== '') {
    return fromFile(apiKeyFile, readFile, fail('apiKeyFile', sources.source));
  }
  const attempted = Object.keys(sources.written).some(
    (name) => name === 'apiKeyFile' || namesApiKey(name),
  );
  return attempted ? undefined : fail('OPENAI_API_KEY', ENVIRONMENT_SOURCE)(MISSING);
}

function fromFile(
  file: string,
  readFile: ReadFile,
  fail: (message: string) => void,
): string | undefined {
  const text = readText(file, readFile, fail);
  if (text === undefined) return undefined;
  const key = text.trim();
  return key === '' ? void fail('the file is empty') : checked(key, fail);
}

function checked(key: string, fail: (message: string) => void): string | undefined {
  // Nothing else survives the Authorization header.
  if (/^[!-~]+$/.test(key)) return key;
  return void fail('the key holds whitespace, a control character or one outside of ASCII');
}

function isMapping(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
