import { describe, expect, it } from '@jest/globals';
import { configRevision, describeConfig } from '../../src/config/describe.ts';
import { loadConfig } from '../../src/config/load.ts';
import type { Config } from '../../src/config/schema.ts';

function load(yaml: string, apiKey = 'sk-secret'): Config {
  return loadConfig({
    environment: { OPENAI_API_KEY: apiKey },
    configPath: 'config.yaml',
    readFile: () => yaml,
  });
}

const YAML = `
organization: org-1
timeouts: {connect: 1500, idle: 2m}
limits: {maxMessageSize: 65537, maxDeadline: 576h}
listen: ["[::1]:0", "unix:/run/a.sock"]
drain: {gracePeriod: 0}
allowDispose: true
profiles: {gpt-4: null, "gpt-5*": {maxTokens: 9}}
tasks: {analysis: null}
catalogue: {declared: [{pattern: "a*", prices: {standard: {input: "1.25"}}}]}
`;

describe('describeConfig', () => {
  it('is a configuration file that says the same', () => {
    const config = load(YAML);
    expect(load(describeConfig(config))).toEqual(config);
  });

  it('writes durations and sizes with their units', () => {
    expect(describeConfig(load(YAML))).toContain('connect: 1500ms\n  headers: 30s\n');
    expect(describeConfig(load(''))).toContain('maxMessageSize: 32MiB\n');
  });

  it('says that there is a key, and nothing else of it', () => {
    const description = describeConfig(load(YAML));
    expect(description).toContain('# API key: (set)\n');
    expect(description).not.toContain('secret');
  });

  it('names the revision', () => {
    const config = load(YAML);
    expect(describeConfig(config)).toContain(`# revision: ${configRevision(config)}\n`);
  });
});

describe('configRevision', () => {
  it('is twelve hexadecimal digits', () => {
    expect(configRevision(load(''))).toMatch(/^[0-9a-f]{12}$/);
  });

  it('depends neither on the key nor on how the same is written', () => {
    const revision = configRevision(load('{logLevel: warn, timeout: 60s}'));
    expect(configRevision(load('timeout: 1m\nlogLevel: warn', 'another-key'))).toBe(revision);
  });

  it('does not depend on the order of keys', () => {
    const config = load(YAML);
    const turned = Object.fromEntries(Object.entries(config).reverse()) as unknown as Config;
    expect(configRevision(turned)).toBe(configRevision(config));
  });

  it.each(['timeout: 1m', 'timeouts: {idle: 31s}', 'listen: a:1', 'project: p'])(
    'changes with %s',
    (yaml) => {
      expect(configRevision(load(yaml))).not.toBe(configRevision(load('')));
    },
  );
});
