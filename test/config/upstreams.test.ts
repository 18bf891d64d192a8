import { describe, expect, it } from '@jest/globals';
import { configWarnings } from '../../src/config/warnings.ts';
import { KEY, load, problems } from '../support/config.ts';

const target = (yaml: string) => `targets: {a: {baseUrl: "https://a.test/v1/", ${yaml}}}`;

describe('targets', () => {
  it.each(['', 'targets: {a: {baseUrl: "https://a.test/v1", caFile: /none}}'])(
    'and the top level are refused with a file of authorities that is not there (%s)',
    (yaml) => {
      const path = yaml === '' ? 'caFile' : 'targets.a.caFile';
      const gone = { path, message: 'the file cannot be read (ENOENT)', source: 'config.yaml' };
      expect(problems(yaml || 'caFile: /none')).toEqual([gone]);
      // Not only once everything else is right.
      expect(problems(`${yaml || 'caFile: /none'}\ntimeuot: 1s`)).toEqual([
        expect.objectContaining({ path: 'timeuot' }),
        gone,
      ]);
    },
  );

  it('have circuits of their own as far as they say so', () => {
    const yaml = target('circuitBreaker: {firstOpenFor: 1s, openFor: 2s}');
    expect(load(yaml).targets.a?.circuitBreaker).toEqual({
      firstOpenForMs: 1_000,
      openForMs: 2_000,
    });
  });

  it('that store answers are warned of where nobody remembers to delete them', () => {
    const stored = target('allowStored: true');
    const warned = [expect.stringMatching(/^allowStored without a dataDir/)];
    const untracked = 'dataDir: /data\ncostManagement: {trackingEnabled: false}';
    expect(configWarnings(load(stored))).toEqual(warned);
    expect(configWarnings(load(`${stored}\n${untracked}`))).toEqual(warned);
    expect(configWarnings(load(`${stored}\ndataDir: /data`))).toEqual([]);
  });

  it('need a base URL and nothing else', () => {
    expect(load(target('')).targets).toEqual({
      a: {
        baseUrl: 'https://a.test/v1',
        keys: [],
        api: 'auto',
        batchApi: 'auto',
        insecure: false,
        allowStored: false,
        keyHeader: 'auto',
        models: {},
        unknownModels: 'auto',
        timeouts: { models: {} },
        rateLimiting: { enabled: true, maxConcurrent: 1_000, maxQueued: 1_000, maxHoldMs: 120_000 },
        circuitBreaker: {},
      },
    });
  });

  it('take nothing over from the top level that they do not say', () => {
    const yaml = `
organization: org-1
timeouts: {idle: 1s, models: {a: {idle: 2s}}}
rateLimiting: {requestsPerMinute: 5}
circuitBreaker: {openFor: 1s}
${target('timeouts: {connect: 1s, firstToken: auto}, circuitBreaker: {enabled: false, window: 1m}')}
`;
    expect(load(yaml).targets.a).toMatchObject({
      timeouts: { connectMs: 1_000, firstTokenMs: 'auto', models: {} },
      rateLimiting: { enabled: true, maxConcurrent: 1_000, maxQueued: 1_000, maxHoldMs: 120_000 },
      circuitBreaker: { enabled: false, windowMs: 60_000 },
    });
    expect(load(yaml).targets.a).not.toHaveProperty('organization');
  });

  it('say all that is particular to them', () => {
    const particular = {
      organization: 'org-1',
      project: 'proj_1',
      api: 'responses',
      apiVersion: '2024-10-21',
      keyHeader: 'api-key',
      models: { 'gpt-5.4-mini': 'mini' },
      unknownModels: 'refuse',
      rateLimiting: { requestsPerMinute: 1, tokensPerMinute: 2, requestsPerDay: 3 },
    };
    const yaml = JSON.stringify(particular).slice(1, -1);
    expect(load(target(yaml)).targets.a).toMatchObject(particular);
  });

  it.each(['a', '0', 'azure-eu', 'a'.repeat(63), 'defaults'])('may be called %s', (name) => {
    expect(load(`targets: {"${name}": {baseUrl: "https://a"}}`).targets).toHaveProperty(name);
  });

  it.each(['default', 'A', '-a', 'a_b', 'a/b', 'a'.repeat(64), ''])(
    'may not be called "%s"',
    (name) => {
      expect(problems(`targets: {"${name}": {baseUrl: "https://a"}}`)).toMatchObject([
        {
          path: expect.stringMatching(/^targets\./),
          message: expect.stringMatching(/^must have a name/),
        },
      ]);
    },
  );

  it.each([
    ['baseUrl: ftp://a', '.baseUrl', 'must be an http or https URL'],
    ['{}', '.baseUrl', 'must be an http or https URL'],
    [target('keyHeader: bearer'), '.keyHeader', 'must be one of auto, authorization, api-key'],
    [target('apiVersion: "a b"'), '.apiVersion', 'must be an API version, such as 2024-10-21'],
    [target('models: {"a b": c}'), '.models."a b"', 'must have the name of a model'],
    [target('models: {a: ""}'), '.models.a', 'must be visible ASCII characters'],
    [target('timeouts: {firstToken: never}'), '.timeouts.firstToken', 'must be auto, or a'],
    [target('timeouts: {idel: 1s}'), '.timeouts.idel', 'unknown key; did you mean idle?'],
    [target('circuitBreaker: {openfor: 1}'), '.circuitBreaker.openfor', 'did you mean openFor?'],
    [target('apiKey: sk-secret'), '.apiKey', 'name a file or a variable that holds it in keys'],
  ])('are explained where they are wrong (%s)', (yaml, path, message) => {
    const written = yaml.startsWith('targets') ? yaml : `targets: {a: {${yaml.replace('{}', '')}}}`;
    expect(problems(written)).toEqual([
      {
        path: `targets.a${path}`,
        message: expect.stringContaining(message),
        source: 'config.yaml',
      },
    ]);
  });
});

describe('a top level without an upstream', () => {
  const TARGETS = '{a: {baseUrl: "https://a.test/v1"}, b: {baseUrl: "https://b.test/v1"}}';

  it('needs no key where it is clear which target is asked', () => {
    expect(load(`targets: ${TARGETS}\ndefaultModel: b/gpt-5.5`, {}).home).toBe('b');
    expect(load('targets: {a: {baseUrl: "https://a.test/v1"}}', {})).toMatchObject({
      home: 'a',
      keys: [],
    });
  });

  it.each([
    ['nobody can tell which target is asked', `targets: ${TARGETS}`, {}],
    ['it has a base URL', `{baseUrl: "https://c.test/v1", targets: ${TARGETS}}`, {}],
    ['there are no targets', '{}', {}],
    [
      'the environment has a base URL',
      'targets: {a: {baseUrl: "https://a.test/v1"}}',
      { OPENAI_BASE_URL: 'https://c.test/v1' },
    ],
  ])('is no such top level where %s', (_, yaml, environment) => {
    expect(problems(yaml, environment as Record<string, string>)).toMatchObject([
      { path: 'OPENAI_API_KEY' },
    ]);
  });

  it('is not there with a key, with which the upstream is OpenAI', () => {
    expect(load('targets: {a: {baseUrl: "https://a.test/v1"}}')).not.toHaveProperty('home');
  });
});

describe('a bearer token', () => {
  const FILES = { '/t': 'token-of-workload\n' };

  it('takes the place of keys', () => {
    const yaml = 'targets: {a: {baseUrl: "https://a.test/v1", bearerTokenFile: /t}}';
    expect(load(yaml, undefined, FILES).targets.a?.keys).toEqual([
      { file: '/t', weight: 1, secret: 'token-of-workload' },
    ]);
    expect(load('bearerTokenFile: /t', undefined, FILES).keys).toHaveLength(1);
  });

  it.each([
    ['bearerTokenFile', 'bearerTokenFile: /t\nkeys: [{file: /t}]'],
    ['bearerTokenFile', 'bearerTokenFile: /none'],
    [
      'targets.a.bearerTokenFile',
      'targets: {a: {baseUrl: "https://a.test", bearerTokenFile: /none}}',
    ],
    [
      'targets.a.bearerTokenFile',
      'targets: {a: {baseUrl: "https://a.test", bearerTokenFile: /t, keys: [{file: /t}]}}',
    ],
  ])('is refused at %s: %s', (path, yaml) => {
    expect(problems(yaml, undefined, FILES)).toMatchObject([{ path }]);
  });
});

describe('a base URL', () => {
  it.each([
    ' https://a.test/v1\n',
    'https://a.test/v1/',
    'https://a.test/v1/chat/completions',
    'https://a.test/v1/chat/completions/ ',
    'https://a.test/v1/responses',
    'https://a.test/v1/models',
    'https://a.test/v1/embeddings',
    'https://a.test/v1/completions\r\n',
  ])('is mended: %j', (url) => {
    expect(load('', { ...KEY, OPENAI_BASE_URL: url }).baseUrl).toBe('https://a.test/v1');
    expect(load(`baseUrl: ${JSON.stringify(url)}`).baseUrl).toBe('https://a.test/v1');
  });

  it.each(['https://a.test/v 1', 'https://a.te\nst/v1', 'https://a.test /v1'])(
    'is refused by its name: %j',
    (url) => {
      expect(problems('', { ...KEY, OPENAI_BASE_URL: url })).toMatchObject([
        { path: 'OPENAI_BASE_URL' },
      ]);
    },
  );

  it('without a version is a warning', () => {
    const warnings = (yaml: string) => configWarnings(load(yaml));
    expect(warnings('baseUrl: https://a.test')).toEqual([
      'baseUrl names no version such as /v1 in its path: most servers need one.',
    ]);
    expect(warnings('targets: {a: {baseUrl: "https://a.test/api"}}')).toHaveLength(1);
    expect(warnings('baseUrl: https://a.test/openai/deployments/x')).toEqual([]);
    expect(warnings('baseUrl: https://a.test/api/v4')).toEqual([]);
    expect(warnings('')).toEqual([]);
  });
});

describe('the environment', () => {
  it('names organization and project as the SDKs do', () => {
    const environment = { ...KEY, OPENAI_ORG_ID: 'org-1', OPENAI_PROJECT_ID: 'proj-1' };
    expect(load('organization: other', environment)).toMatchObject({
      organization: 'org-1',
      project: 'proj-1',
    });
    expect(problems('', { ...KEY, OPENAI_ORG_ID: 'a b' })).toMatchObject([
      { path: 'OPENAI_ORG_ID' },
    ]);
  });
});

describe('TAMMA_INSECURE_BASE_URL', () => {
  const of = (value: string) =>
    ['baseUrl: http://upstream.test/v1', { ...KEY, TAMMA_INSECURE_BASE_URL: value }] as const;

  it('says that http beyond this machine is meant', () => {
    expect(load(...of('true'))).toMatchObject({ insecureBaseUrl: true });
    expect(problems(...of('false'))).toMatchObject([{ path: 'baseUrl' }]);
  });

  it('is true or false, and nothing else', () => {
    expect(problems(...of('yes'))).toContainEqual({
      path: 'TAMMA_INSECURE_BASE_URL',
      message: 'must be true or false',
      source: 'environment',
    });
  });
});
