import { globSync, readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { KEY, problems } from '../support/config.ts';

/** Not of the sidecar: Kubernetes, the catalogue, a script of the simulator. */
const ELSE = /^(?:volumes|components|models:\n +- id|seed|rules):?/m;

const ENVIRONMENT = { ...KEY, AZURE_OPENAI_API_KEY: 'azure-key', DOCS_TOKEN: 'token' };
const TOKEN = '0123456789abcdef0123456789abcdef';
const SECRET = /: (\/(?:run|var|etc)\/[\w./-]+)/g;

/** For those that name a target and leave out where it is. */
const AZURE =
  'targets: { azure: { baseUrl: "https://a.test/openai/v1", keys: [{ environment: AZURE_OPENAI_API_KEY }] } }';

const examples = globSync('docs/*.md')
  .filter((page) => page !== 'docs/configuration.md')
  .flatMap((page) => {
    const blocks = [...readFileSync(page, 'utf8').matchAll(/```yaml\n(.*?)```/gs)];
    return blocks.map(([, yaml = '']) => [page, yaml] as const);
  })
  .filter(([, yaml]) => !ELSE.test(yaml));

/** What a file holds, by its name. */
function contentOf(path: string): string {
  if (path.includes('redis')) return 'rediss://user:password@redis.example:6380/0';
  return TOKEN;
}

describe('an example of the configuration loads', () => {
  it('and there are some', () => expect(examples.length).toBeGreaterThan(10));

  it.each(examples)('in %s: %s', (_page, yaml) => {
    const paths = [...yaml.matchAll(SECRET)].map(([, path = '']) => path);
    const files = Object.fromEntries(paths.map((path) => [path, contentOf(path)]));
    const whole = /^targets:/m.test(yaml) ? yaml : `${yaml}${AZURE}\n`;
    expect(problems(whole, ENVIRONMENT, files)).toEqual([]);
  });
});
