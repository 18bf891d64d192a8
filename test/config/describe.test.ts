import { describe, expect, it } from '@jest/globals';
import type { Config } from '../../src/config/config.ts';
import { configRevision, describeConfig } from '../../src/config/describe.ts';
import { loadConfig } from '../../src/config/load.ts';

const FILES: Readonly<Record<string, string>> = {
  '/run/second': 'sk-secret-2',
  '/run/redis': 'redis://:secret-password@a.test',
};

function load(yaml: string, environment: Record<string, string> = {}): Config {
  return loadConfig({
    environment: { OPENAI_API_KEY: 'sk-secret', AZURE_KEY: 'azure-secret', ...environment },
    configPath: 'config.yaml',
    readFile: (path) => FILES[path] ?? yaml,
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
keys: [{file: /run/second, weight: 7}]
retryPolicy: {baseDelay: 20s, maxDelay: 1m}
targets:
  azure:
    baseUrl: https://a.openai.azure.com/openai/v1
    keys: [{environment: AZURE_KEY}]
    models: {gpt-4: deployment}
    timeouts: {firstToken: 5s, models: {"*": {firstToken: auto, connect: 1d}}}
    circuitBreaker: {openFor: 5s, window: 1m}
fallback: {chains: {"*": [azure]}, maxWait: 0}
costManagement: {budgetLimit: 0.1, alertThreshold: [1, 0.5]}
budgets: [{name: a, scope: user, match: "*", limit: "1000000.000000000001", alertThresholds: []}]
dataDir: /var/lib/tamma
store: redis
redis: {urlFile: /run/redis, name: a}
catalogue: {declared: [{pattern: "a*", prices: {standard: {input: "1.25"}}}]}
`;

describe('describeConfig', () => {
  it('is a configuration file that says the same', () => {
    const config = load(YAML);
    const { slips: _, ...same } = config;
    expect(load(describeConfig(config))).toEqual(same);
  });

  it.each(['', YAML])('is nothing to warn of', (yaml) => {
    const { slips } = load(describeConfig(load(yaml)));
    expect(slips).toBeUndefined();
  });

  it('writes durations and sizes with their units', () => {
    expect(describeConfig(load(YAML))).toContain('connect: 1500ms\n  headers: auto\n');
    expect(describeConfig(load(YAML))).toContain('maxWait: 0ms\n');
    expect(describeConfig(load(''))).toContain('maxMessageSize: 32MiB\n');
    expect(describeConfig(load(''))).toContain('maxBytesPerFile: 190MiB\n');
  });

  it('writes money as decimals', () => {
    const description = describeConfig(load(YAML));
    expect(description).toContain('budgetLimit: "0.1"\n');
    expect(description).toContain('limit: "1000000.000000000001"\n');
  });

  it('says where the secrets are, and nothing else of them', () => {
    const description = describeConfig(load(YAML));
    expect(description).toContain('environment: OPENAI_API_KEY\n    weight: 1\n');
    expect(description).toContain('file: /run/second\n');
    expect(description).toContain('environment: AZURE_KEY\n');
    expect(description).toContain('# Redis URL: (set)\n');
    expect(description).toContain('urlFile: /run/redis\n');
    expect(description).not.toContain('secret');
  });

  it('does not show the URL of a Redis server that the environment names', () => {
    const environment = { TAMMA_REDIS_URL: 'redis://u:secret-password@b.test' };
    const config = load('{store: redis, redis: {url: "redis://a.test"}}', environment);
    expect(describeConfig(config)).not.toMatch(/secret|a\.test|b\.test/);
    const { slips: _, ...same } = config;
    expect(load(describeConfig(config), environment)).toEqual(same);
  });

  it('shows a URL of a Redis server that holds no secret', () => {
    const config = load('{store: redis, redis: {url: "redis://a.test"}}');
    expect(describeConfig(config)).toContain('url: redis://a.test\n');
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
    const environment = { OPENAI_API_KEY: 'another-key' };
    expect(configRevision(load('timeout: 1m\nlogLevel: warn', environment))).toBe(revision);
  });

  it('does not depend on the secrets of targets and stores', () => {
    const environment = { AZURE_KEY: 'x', TAMMA_REDIS_URL: 'redis://:x@a.test' };
    const other = { AZURE_KEY: 'y', TAMMA_REDIS_URL: 'redis://:y@a.test' };
    expect(configRevision(load(YAML, environment))).toBe(configRevision(load(YAML, other)));
  });

  it('does not depend on the order of keys', () => {
    const config = load(YAML);
    const turned = Object.fromEntries(Object.entries(config).reverse()) as unknown as Config;
    expect(configRevision(turned)).toBe(configRevision(config));
  });

  it.each([
    'timeout: 1m',
    'timeouts: {idle: 31s}',
    'listen: localhost:1',
    'project: p',
    'keys: [{environment: AZURE_KEY}]',
  ])('changes with %s', (yaml) => {
    expect(configRevision(load(yaml))).not.toBe(configRevision(load('')));
  });
});
