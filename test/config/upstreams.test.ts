import { describe, expect, it } from '@jest/globals';
import { load, problems } from '../support/config.ts';

const target = (yaml: string) => `targets: {a: {baseUrl: "https://a.test/v1/", ${yaml}}}`;

describe('targets', () => {
  it('need a base URL and nothing else', () => {
    expect(load(target('')).targets).toEqual({
      a: {
        baseUrl: 'https://a.test/v1',
        keys: [],
        api: 'auto',
        batchApi: 'auto',
        insecure: false,
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
