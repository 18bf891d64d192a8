import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { catalogueJsonSchema } from '../../scripts/catalogue-json-schema.ts';
import { withKeyTables } from '../../scripts/config-doc.ts';
import { ENVIRONMENT_KEYS } from '../../src/config/environment-keys.ts';
import { configJsonSchema } from '../../src/config/json-schema.ts';
import { loadConfig } from '../../src/config/load.ts';
import { DEFAULT_PROFILES } from '../../src/request/profiles/defaults.ts';
import { KEY, load, problems } from '../support/config.ts';

const ROOT = join(__dirname, '../..');
const DOCUMENT = readFileSync(join(ROOT, 'docs/configuration.md'), 'utf8');

interface JsonSchema {
  readonly additionalProperties?: JsonSchema;
  readonly items?: JsonSchema;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly default?: unknown;
  readonly description?: string;
}

interface Leaf {
  readonly key: string;
  readonly fallback: string;
  readonly description: string;
}

function leaves({ properties = {} }: JsonSchema, prefix = ''): readonly Leaf[] {
  return Object.entries(properties).flatMap(([name, schema]) => {
    const key = `${prefix}${name}`;
    if (schema.properties !== undefined) return leaves(schema, `${key}.`);
    const fallback = textOf(schema.default);
    return [{ key, fallback, description: schema.description ?? '' }];
  });
}

function textOf(fallback: unknown): string {
  if (fallback === undefined) return '';
  if (Array.isArray(fallback) && fallback.length > 0) return fallback.join(', ');
  return typeof fallback === 'object' ? JSON.stringify(fallback) : String(fallback);
}

const EXAMPLES = [...DOCUMENT.matchAll(/```yaml\n(.*?)```/gs)].map(([, yaml = '']) => yaml);

const SCHEMA: JsonSchema = JSON.parse(configJsonSchema());
const KEYS = leaves(SCHEMA);

describe('models.schema.json', () => {
  it('is up to date (node scripts/generate-config.ts), and published beside the other', () => {
    expect(readFileSync(join(ROOT, 'models.schema.json'), 'utf8')).toBe(catalogueJsonSchema());
    const { files } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
    expect(files).toEqual(expect.arrayContaining(['config.schema.json', 'models.schema.json']));
  });
});

describe('config.schema.json', () => {
  it('is up to date (node scripts/generate-config.ts)', () => {
    expect(readFileSync(join(ROOT, 'config.schema.json'), 'utf8')).toBe(configJsonSchema());
  });

  it('says which it is', () => {
    expect(SCHEMA).toMatchObject({
      $schema: 'https://json-schema.org/draft/2020-12/schema',
      $id: 'https://provider.tamma.dev/config.schema.json',
    });
  });

  it('describes every key, with its default', () => {
    for (const { description, fallback } of KEYS) {
      expect(description).toContain(fallback === '' ? 'No default' : `default ${fallback}.`);
    }
    for (const { description } of Object.values(SCHEMA.properties ?? {})) {
      expect(description).toMatch(/^[A-Z].*\.$/);
    }
  });
});

describe('docs/configuration.md', () => {
  it('has the tables of keys that the schema makes (npm run generate)', () => {
    expect(DOCUMENT).toBe(withKeyTables(DOCUMENT));
    for (const { key } of KEYS) expect(DOCUMENT).toContain(`\n| \`${key}\` |`);
    for (const name of ['targets', 'budgets', 'callers'])
      expect(DOCUMENT).toContain(`<!-- keys of ${name} -->`);
  });

  it('names every environment variable, and no other', () => {
    const named = new Set(DOCUMENT.match(/\b(?:OPENAI|TAMMA)_[A-Z_]+\b/g));
    const known = ['OPENAI_API_KEY', 'OPENAI_API_KEY_FILE', 'TAMMA_CONFIG', 'TAMMA_REDIS_URL'];
    expect([...named].sort()).toEqual([...known, ...Object.keys(ENVIRONMENT_KEYS)].sort());
  });

  it('shows the built-in profiles', () => {
    const [{ profiles = {}, tasks = {} } = {}] = EXAMPLES.filter((yaml) =>
      /^profiles:/.test(yaml),
    ).map((yaml) => load(yaml));
    expect({ models: profiles, tasks }).toEqual(DEFAULT_PROFILES);
  });

  it('shows only examples that load', () => {
    expect(EXAMPLES.length).toBeGreaterThan(2);
    const environment = { ...KEY, AZURE_OPENAI_API_KEY: 'azure-key' };
    const files = {
      '/run/secrets/openai-api-key': 'test-key',
      '/run/secrets/openai-api-key-a': 'key-a',
      '/run/secrets/openai-api-key-b': 'key-b',
      '/run/secrets/azure-token': 'token',
      '/run/secrets/redis-url': 'rediss://user:password@redis.example:6380/0',
    };
    for (const yaml of EXAMPLES) expect(problems(yaml, environment, files)).toEqual([]);
  });

  it('shows a whole configuration', () => {
    const yaml = EXAMPLES.at(-1) ?? '';
    const files = new Map([
      ['example', yaml],
      ['/run/secrets/openai-api-key', 'test-key'],
    ]);
    const readFile = (path: string) => files.get(path) ?? '';
    expect(loadConfig({ environment: {}, configPath: 'example', readFile })).toMatchObject({
      keys: [{ secret: 'test-key' }],
      timeoutMs: 300_000,
      listen: ['127.0.0.1:50051', 'unix:/run/tamma/provider.sock'],
    });
  });
});
