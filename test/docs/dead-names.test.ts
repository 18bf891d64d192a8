import { globSync, readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { ERROR_KINDS } from '../../src/core/error-kinds.ts';
import { ATTRIBUTE } from '../../src/telemetry/attributes.ts';
import { METRICS } from '../../src/telemetry/metrics.ts';

/** Words of src but for what is generated and the files where the names are declared. */
function wordsOutside(declared: RegExp): ReadonlySet<string> {
  const files = globSync('src/**/*.ts').filter(
    (file) => !file.startsWith('src/gen/') && !declared.test(file),
  );
  expect(files.length).toBeGreaterThan(100);
  return new Set(files.flatMap((file) => readFileSync(file, 'utf8').match(/\w+/g) ?? []));
}

/** Read while the configuration is loaded, and by nobody behind it. */
const READ_BY_CONFIG = ['apiKeyFile', 'redis.urlFile'];

describe('nothing is told of that nobody uses:', () => {
  it('each key of the configuration is read outside of it', () => {
    const words = wordsOutside(/^src\/config\//);
    const page = readFileSync('docs/configuration.md', 'utf8');
    const keys = [...page.matchAll(/^\| `([\w.]+)` \|/gm)].map(([, key = '']) => key);
    expect(keys.length).toBeGreaterThan(150);
    // Durations and sizes have their units in their names once they are read.
    const isRead = (key: string) => {
      const name = key.split('.').at(-1) ?? '';
      return [name, `${name}Ms`, `${name.replace(/Size$/, '')}Bytes`].some((as) => words.has(as));
    };
    expect(keys.filter((key) => !isRead(key))).toEqual(READ_BY_CONFIG);
  });

  it('each reason of an error is somewhere told', () => {
    const words = wordsOutside(/^src\/core\/error-kinds\.ts$/);
    expect(Object.keys(ERROR_KINDS).filter((reason) => !words.has(reason))).toEqual([]);
  });

  it('each metric and attribute is somewhere recorded', () => {
    const words = wordsOutside(/^src\/telemetry\/(?:metrics|attributes)/);
    const names = [...Object.keys(METRICS), ...Object.keys(ATTRIBUTE)];
    expect(names.filter((name) => !words.has(name))).toEqual([]);
  });

  it('each variable of the environment is on a page, and each on a page is read', () => {
    const variables = (text: string) => new Set(text.match(/\bTAMMA_[A-Z_]+\b/g));
    const pages = ['README.md', ...globSync('docs/*.md')];
    const told = variables(pages.map((page) => readFileSync(page, 'utf8')).join('\n'));
    // Beside them the variables of examples, which are no slips of the configuration's.
    const sources = globSync('{src/**/*.ts,examples/testing/*.sh}').filter(
      (file) => file !== 'src/config/slips.ts',
    );
    const read = variables(sources.map((file) => readFileSync(file, 'utf8')).join('\n'));
    expect([...read].filter((name) => name !== 'TAMMA_ADMIN' && !told.has(name))).toEqual([]);
    // Those of the command are made of a prefix.
    const made = /^TAMMA(?:_ADMIN)?_(?:ADDRESS|CA|CERT|KEY|TOKEN|TOKEN_FILE)$/;
    expect([...told].filter((name) => !read.has(name) && !made.test(name))).toEqual([]);
  });
});
