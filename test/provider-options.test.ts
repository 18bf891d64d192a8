import { describe, expect, it } from '@jest/globals';
import { DEFAULT_BREAKER } from '../src/policies/breaker/options.ts';
import { DEFAULT_HEDGE } from '../src/policies/hedge/options.ts';
import { DEFAULT_RATE_LIMIT } from '../src/policies/rate-limit/options.ts';
import { DEFAULT_RETRY } from '../src/policies/retry/options.ts';
import { DEFAULT_TIMEOUTS } from '../src/policies/timeouts/options.ts';
import { providerOptions } from '../src/provider-options.ts';
import { DEFAULT_PROFILES } from '../src/request/profiles/defaults.ts';
import { DEFAULT_FALLBACK } from '../src/request/route/options.ts';
import { KEY, load } from './support/config.ts';

const options = (yaml: string, environment?: Record<string, string>) =>
  providerOptions(load(yaml, environment), '1.2.3');

const DOLLAR = 10n ** 12n;

describe('providerOptions', () => {
  it('holds what a configuration says that says nothing', () => {
    expect(options('')).toStrictEqual({
      keys: [{ secret: 'test-key', weight: 1 }],
      baseUrl: 'https://api.openai.com/v1',
      batchApi: true,
      keyHeader: 'authorization',
      allowStored: false,
      modelNames: {},
      version: '1.2.3',
      warnings: [],
      defaultModel: 'gpt-5.4-mini',
      timeouts: DEFAULT_TIMEOUTS,
      rateLimit: DEFAULT_RATE_LIMIT,
      breaker: DEFAULT_BREAKER,
      retry: DEFAULT_RETRY,
      hedge: DEFAULT_HEDGE,
      fallback: DEFAULT_FALLBACK,
      shared: [],
      targets: {},
      cache: {
        enabled: false,
        ttlMs: 3_600_000,
        maxBytes: 67_108_864,
        maxEntries: 10_000,
        models: [],
        share: 'project',
        storage: 'memory',
        tasks: {},
        deterministicOnly: true,
        allowToolCalls: false,
      },
      costs: { trackingEnabled: true, unpriced: 'auto' },
      budgets: { budgets: [], minOutputTokens: 256, maxWaitMs: 60_000 },
      ledger: { retentionMs: 7_776_000_000, onCorruption: 'refuse', reserveBytes: 16 * 2 ** 20 },
      resolve: {
        openAI: true,
        regional: false,
        unknownModels: 'refuse',
        shutDownModels: 'refuse',
        declared: [],
      },
      profiles: DEFAULT_PROFILES,
      dropUnsupported: false,
      upstreamMessages: true,
      traceState: false,
      hostedTools: { allow: [], mcpServers: {} },
      promptCache: 'off',
    });
  });

  it('holds what is configured', () => {
    const yaml = `
organization: org-1
project: proj_1
api: responses
dropUnsupported: true
catalogue: {file: models.yaml, shutDownModels: redirect}
profiles: {gpt-4: null}
tasks: {planning: {maxTokens: 9}}
`;
    const { 'gpt-4': _, ...models } = DEFAULT_PROFILES.models;
    expect(options(yaml)).toMatchObject({
      organization: 'org-1',
      project: 'proj_1',
      surface: 'responses',
      dropUnsupported: true,
      catalogueFile: 'models.yaml',
      resolve: { shutDownModels: 'redirect' },
      profiles: { models, tasks: { ...DEFAULT_PROFILES.tasks, planning: { maxTokens: 9 } } },
    });
    expect(options(yaml).profiles?.models).not.toHaveProperty('gpt-4');
  });

  it.each([
    ['https://eu.api.openai.com/v1', 'auto', true],
    ['https://a.openai.azure.com/openai/v1', 'auto', undefined],
    ['https://a.openai.azure.com/openai/v1', 'on', true],
    ['https://a.openai.azure.com/openai/deployments/mini', 'on', false],
    ['http://localhost:8000/v1', 'auto', undefined],
    ['http://localhost:8000/v1', 'on', true],
    ['https://api.openai.com/v1', 'off', false],
  ])('takes the Batch API of %s, which is %s, for %s', (baseUrl, batchApi, expected) => {
    expect(options(`{baseUrl: "${baseUrl}", batchApi: ${batchApi}}`).batchApi).toBe(expected);
  });

  it.each([
    ['https://api.openai.com/v1', 'auto', 'refuse'],
    ['https://eu.api.openai.com/v1', 'auto', 'refuse'],
    ['http://localhost:11434/v1', 'auto', 'allow'],
    ['https://api.openai.com/v1', 'allow', 'allow'],
    ['http://localhost:11434/v1', 'refuse', 'refuse'],
  ])(
    'at %s, %s means that unknown models are subject to: %s',
    (baseUrl, unknownModels, expected) => {
      const { resolve } = options(
        `{baseUrl: "${baseUrl}", catalogue: {unknownModels: ${unknownModels}}}`,
      );
      expect(resolve?.unknownModels).toBe(expected);
    },
  );

  it('takes declared models, whose tokenizer is not a guess once it is named', () => {
    const { resolve } = options(`
catalogue:
  declared:
    - {pattern: "a*", contextWindow: 9}
    - {pattern: b, tokenizer: cl100k_base}
`);
    expect(resolve?.declared).toEqual([
      { pattern: 'a*', fields: { contextWindow: 9 } },
      { pattern: 'b', fields: { tokenizer: 'cl100k_base', tokenizerAssumed: false } },
    ]);
  });

  it('says how attempts are made and made again', () => {
    const yaml = `
keys: [{environment: OTHER_KEY, weight: 3}]
timeouts: {idle: 1s, models: {"o*": {firstToken: 1h}, "*": {connect: 1s}}}
retryPolicy: {maxAttempts: 5, budget: {ratio: 0.5}}
circuitBreaker: {window: 1m}
rateLimiting: {tokensPerMinute: 9}
hedge: {after: p90, models: {"o*": {after: off}, "*": {to: same}}}
fallback: {on: [TIMEOUT], chains: {"a*": [b, c]}, maxWait: 0}
routes: {"a*": [{target: default, weight: 2}]}
`;
    expect(options(yaml, { ...KEY, OTHER_KEY: 'other' })).toMatchObject({
      keys: [
        { secret: 'test-key', weight: 1 },
        { secret: 'other', weight: 3 },
      ],
      timeouts: {
        idleMs: 1_000,
        models: [
          { pattern: 'o*', firstTokenMs: 3_600_000 },
          { pattern: '*', connectMs: 1_000 },
        ],
      },
      retry: { ...DEFAULT_RETRY, maxAttempts: 5, budgetRatio: 0.5 },
      hedge: {
        ...DEFAULT_HEDGE,
        after: { share: 0.9 },
        models: [
          { pattern: 'o*', after: 'off' },
          { pattern: '*', to: 'same' },
        ],
      },
      breaker: { ...DEFAULT_BREAKER, windowMs: 60_000 },
      rateLimit: { ...DEFAULT_RATE_LIMIT, tokensPerMinute: 9 },
      fallback: {
        on: ['TIMEOUT'],
        chains: [{ pattern: 'a*', routes: ['b', 'c'] }],
        maxWaitMs: 0,
      },
      shared: [{ pattern: 'a*', targets: [{ target: 'default', weight: 2 }] }],
    });
  });

  it('gives targets what they say, and of the top level what is the same everywhere', () => {
    const yaml = `
organization: org-1
catalogue: {shutDownModels: redirect, declared: [{pattern: a}]}
timeouts: {idle: 1s, headers: 2s, models: {"*": {connect: 1s}}}
circuitBreaker: {failureShare: 0.9}
rateLimiting: {requestsPerMinute: 1}
targets:
  azure:
    baseUrl: https://a.openai.azure.com/openai/v1
    keys: [{environment: AZURE_KEY}]
    project: p
    api: chat_completions
    apiVersion: preview
    models: {gpt-4: deployment}
    timeouts: {idle: 3s, models: {a: {idle: 4s}}}
    circuitBreaker: {openFor: 1s}
`;
    expect(options(yaml, { ...KEY, AZURE_KEY: 'azure' }).targets).toStrictEqual({
      azure: {
        keys: [{ secret: 'azure', weight: 1 }],
        baseUrl: 'https://a.openai.azure.com/openai/v1',
        project: 'p',
        apiVersion: 'preview',
        keyHeader: 'api-key',
        allowStored: false,
        modelNames: { 'gpt-4': 'deployment' },
        resolve: {
          openAI: false,
          regional: false,
          unknownModels: 'allow',
          shutDownModels: 'redirect',
          declared: [{ pattern: 'a', fields: {} }],
        },
        surface: 'chat_completions',
        timeouts: {
          ...DEFAULT_TIMEOUTS,
          headersMs: 2_000,
          idleMs: 3_000,
          models: [
            { pattern: 'a', idleMs: 4_000 },
            { pattern: '*', connectMs: 1_000 },
          ],
        },
        rateLimit: DEFAULT_RATE_LIMIT,
        breaker: { ...DEFAULT_BREAKER, failureShare: 0.9, openForMs: 1_000 },
      },
    });
  });

  it.each([
    ['https://a.openai.azure.com/openai/v1', 'auto', 'api-key'],
    ['https://a.services.ai.azure.com/openai/v1', 'auto', 'api-key'],
    ['https://a.cognitiveservices.azure.com./openai/v1', 'auto', 'api-key'],
    ['https://openai.azure.com.example.test', 'auto', 'authorization'],
    ['https://openai.azure.com', 'auto', 'authorization'],
    ['https://a.openai.azure.com', 'authorization', 'authorization'],
    ['http://localhost:8080', 'api-key', 'api-key'],
  ])('sends keys to %s under the header that suits %s: %s', (baseUrl, keyHeader, expected) => {
    const { targets } = options(`targets: {a: {baseUrl: "${baseUrl}", keyHeader: ${keyHeader}}}`);
    expect(targets?.a?.keyHeader).toBe(expected);
  });

  it('sends the keys of the default upstream under the header that suits it, too', () => {
    const { keyHeader } = options('baseUrl: https://a.openai.azure.com/openai/v1');
    expect(keyHeader).toBe('api-key');
  });

  it('makes a budget of budgetLimit, before those of the list', () => {
    const yaml = `
costManagement: {budgetLimit: 10, budgetPeriod: total, alertThreshold: [0.5, 1], minOutputTokens: 99}
budgets:
  - {name: a, limit: 1}
  - {name: b, limit: 2, scope: user, match: "u*", period: day, alertThresholds: []}
`;
    expect(options(yaml).budgets).toStrictEqual({
      minOutputTokens: 99,
      maxWaitMs: 60_000,
      budgets: [
        {
          name: 'costManagement',
          scope: 'all',
          match: '*',
          limit: 10n * DOLLAR,
          period: 'total',
          alertThresholds: [0.5, 1],
        },
        {
          name: 'a',
          scope: 'all',
          match: '*',
          limit: DOLLAR,
          period: 'month',
          alertThresholds: [0.5, 1],
        },
        {
          name: 'b',
          scope: 'user',
          match: 'u*',
          limit: 2n * DOLLAR,
          period: 'day',
          alertThresholds: [],
        },
      ],
    });
  });

  it('says where the ledger is, and which store is shared', () => {
    const yaml = `
costManagement: {trackingEnabled: false, unpriced: refuse}
dataDir: /var/lib/tamma
ledger: {retention: 1h}
store: redis
`;
    const environment = { ...KEY, TAMMA_REDIS_URL: 'redis://:password@a.test' };
    const sharedStore = {
      url: 'redis://:password@a.test',
      keyPrefix: 'tamma:',
      leaseMs: 30_000,
      timeoutMs: 1_000,
      onOutage: 'refuse',
    };
    expect(options(yaml, environment)).toMatchObject({
      costs: { trackingEnabled: false, unpriced: 'refuse' },
      ledger: {
        directory: '/var/lib/tamma',
        retentionMs: 3_600_000,
        onCorruption: 'refuse',
        reserveBytes: 16 * 2 ** 20,
      },
    });
    expect(options(yaml, environment).sharedStore).toStrictEqual(sharedStore);
    const named = options(`${yaml}redis: {name: a}`, environment).sharedStore;
    expect(named).toStrictEqual({ ...sharedStore, name: 'a' });
  });
});
