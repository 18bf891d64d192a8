import { describe, expect, it } from '@jest/globals';
import { configRevision } from '../../src/config/describe.ts';
import { configWarnings } from '../../src/config/warnings.ts';
import { KEY, load } from '../support/config.ts';

const warnings = (yaml: string, environment: Record<string, string> = {}) =>
  configWarnings(load(yaml, { ...KEY, ...environment }, { '/key': 'sk-file' }));

describe('a configuration that is allowed', () => {
  it('is nothing to warn of if it is as most are', () => {
    const yaml = 'drain: {gracePeriod: 0}\ntimeouts: {idle: 45s}\nretryPolicy: {maxAttempts: 2}';
    expect(warnings(yaml, { TAMMA_LOG_LEVEL: 'debug' })).toEqual([]);
    expect(load(yaml).slips).toBeUndefined();
  });

  it.each([
    ['drain: {gracePeriod: 30}', 'drain.gracePeriod: 30 without a unit is 30ms.'],
    ['timeouts: {idle: "45000"}', 'timeouts.idle: 45000 without a unit is 45s.'],
    ['batch: {maxBytesPerFile: 2048}', 'batch.maxBytesPerFile: 2048 without a unit is 2KiB.'],
    ['limits: {maxMessageSize: 2097152}', 'limits.maxMessageSize: 2097152 without a unit is 2MiB.'],
    [
      'timeouts: {models: {"gpt-5*": {firstToken: 9}}}',
      'timeouts.models."gpt-5*".firstToken: 9 without a unit is 9ms.',
    ],
    [
      'targets: {a: {baseUrl: "https://a.test/v1", timeouts: {idle: 7}}}',
      'targets.a.timeouts.idle: 7 without a unit is 7ms.',
    ],
  ])('may have numbers without a unit (%s)', (yaml, warning) => {
    expect(warnings(yaml)).toEqual([warning]);
  });

  it('may say what a variable says', () => {
    const yaml = 'baseUrl: https://a.test/v1\napiKeyFile: /key\nlogLevel: info';
    expect(warnings(yaml, { OPENAI_BASE_URL: 'https://b.test/v1', TAMMA_LOG_LEVEL: '' })).toEqual([
      'baseUrl of the file does not count: OPENAI_BASE_URL wins over it.',
      'apiKeyFile of the file does not count: OPENAI_API_KEY wins over it.',
    ]);
    expect(warnings('', { OPENAI_API_KEY_FILE: '/key' })).toEqual([
      'OPENAI_API_KEY_FILE does not count: OPENAI_API_KEY wins over it.',
    ]);
    const redis = 'store: redis\nredis: {url: "redis://a.test:6379"}\ndataDir: /data';
    expect(warnings(redis, { TAMMA_REDIS_URL: 'redis://b.test:6379' })).toEqual([
      'redis.url of the file does not count: TAMMA_REDIS_URL wins over it.',
    ]);
  });

  it('may go with variables that there are not, but for those of Kubernetes', () => {
    const environment = {
      TAMMA_LOGLEVEL: 'debug',
      TAMMA_COLOUR_OF_THE_SKY: 'blue',
      TAMMA_PROVIDER_SERVICE_HOST: '10.0.0.1',
      TAMMA_PROVIDER_SERVICE_PORT_GRPC: '50051',
      TAMMA_PROVIDER_PORT: 'tcp://10.0.0.1:50051',
      TAMMA_PROVIDER_PORT_50051_TCP_ADDR: '10.0.0.1',
      TAMMA_ADMIN_TOKEN_FILE: '/token',
    };
    expect(warnings('', environment)).toEqual([
      'TAMMA_COLOUR_OF_THE_SKY: there is no such variable.',
      'TAMMA_LOGLEVEL: there is no such variable; did you mean TAMMA_LOG_LEVEL?',
    ]);
  });

  it.each([
    [
      'OPENAI_BASEURL',
      ['OPENAI_BASEURL: there is no such variable; did you mean OPENAI_BASE_URL?'],
    ],
    [
      'OPENAI_API_BASE',
      ['OPENAI_API_BASE: there is no such variable; did you mean OPENAI_BASE_URL?'],
    ],
    ['OPENAI_WEBHOOK_SECRET', []],
    ['BASE_URL', []],
  ])('may go with %s, which may be of another program', (name, expected) => {
    expect(warnings('', { [name]: 'https://a.test/v1' })).toEqual(expected);
  });

  it('has keys read from variables that are named nearly like others', () => {
    const named = { OPENAI_API_KEY_2: 'sk-2', OPENAI_API_KEY_EU: 'sk-3', TAMMA_DOCS_TOKEN: 'a' };
    const yaml = `
keys: [{environment: OPENAI_API_KEY_2}]
targets: {a: {baseUrl: "https://a.test/v1", keys: [{environment: OPENAI_API_KEY_EU}]}}
hostedTools: {mcpServers: {docs: {url: "https://b.test", authorization: {environment: TAMMA_DOCS_TOKEN}}}}`;
    expect(warnings(yaml, named)).toEqual([]);
    expect(warnings('', named)).toHaveLength(3);
  });

  it('may tell of a Redis that is not used', () => {
    expect(warnings('redis: {timeout: 500ms}')).toEqual([
      'redis does not count without store: redis.',
    ]);
  });

  it('may tell of JWTs of which none is a caller, so that nobody is asked who they are', () => {
    const jwt = 'callerJwt: {issuer: a, audience: b, jwksUrl: "https://a.test/jwks"}';
    expect(warnings(jwt)).toEqual(['callerJwt does not count: no caller has a subject.']);
    expect(warnings(`${jwt}\ncallers: [{name: shop, subject: shop}]`)).toEqual([]);
  });

  it('may tell of callers that no listener can know', () => {
    const callers = 'callers: [{name: shop, san: "spiffe://a/*"}]';
    expect(warnings(callers)).toEqual([
      'san of callers does not count: no listener has a clientCaFile.',
    ]);
    const tls = 'tls: {certFile: /a, keyFile: /b, clientCaFile: /c}';
    expect(warnings(`${callers}\nlisten: [{address: "0.0.0.0:50051", ${tls}}]`)).toEqual([]);
  });

  it.each([
    '"sk-a"',
    "'sk-a'",
    '$OPENAI_API_KEY',
    '<your-key>',
    '{{openai_key}}',
    'sk-...',
    'sk-proj-...',
    'sk-xxxxxxxx',
    'sk-***',
    'your-api-key',
    'YOUR_API_KEY_HERE',
    'sk-your-key',
    'changeme',
    'CHANGE_ME',
    'REPLACE_ME',
    'placeholder',
    'api-key',
    'OPENAI_API_KEY',
    'OPENAI_API_KEY=sk-a',
    '{"key":"sk-a"}',
  ])('may have a key that is none: %s', (key) => {
    expect(warnings('', { OPENAI_API_KEY: key })).toEqual([
      'OPENAI_API_KEY: the key is in quotes, behind its name, or a placeholder that nothing was put in for.',
    ]);
    const target = 'targets: {a: {baseUrl: "https://a.test/v1", keys: [{environment: A_KEY}]}}';
    expect(warnings(target, { A_KEY: key })).toEqual([expect.stringMatching(/^A_KEY: /)]);
  });

  it.each([
    'none',
    'local',
    'test',
    'sk-proj-Yourxxx0',
    'EMPTY',
    'ollama',
    'c2stYQ==',
    'YWJjZGVmZ2g=',
  ])('may have the key %s, which some servers take', (key) => {
    expect(warnings('', { OPENAI_API_KEY: key })).toEqual([]);
  });

  const NO_URL = 'is no http or https URL such as http://127.0.0.1:4318: nothing is exported.';

  it.each<[Record<string, string>, readonly string[]]>([
    [{ ENDPOINT: 'http://collector:4318', PROTOCOL: 'http/json' }, []],
    [{ ENDPOINT: 'collector:4317', PROTOCOL: 'grpc' }, []],
    [{ TRACES_ENDPOINT: 'collector:4317', TRACES_PROTOCOL: 'grpc' }, []],
    [{ ENDPOINT: 'unix:///run/collector.sock', PROTOCOL: 'grpc' }, []],
    [{ ENDPOINT: 'unix:///run/collector.sock' }, [`OTEL_EXPORTER_OTLP_ENDPOINT ${NO_URL}`]],
    [{ ENDPOINT: '' }, []],
    [{ ENDPOINT: 'foo' }, [`OTEL_EXPORTER_OTLP_ENDPOINT ${NO_URL}`]],
    [{ ENDPOINT: 'collector:4318' }, [`OTEL_EXPORTER_OTLP_ENDPOINT ${NO_URL}`]],
    [
      { LOGS_ENDPOINT: 'ftp://a', PROTOCOL: 'grpc' },
      [`OTEL_EXPORTER_OTLP_LOGS_ENDPOINT ${NO_URL}`],
    ],
    [
      { PROTOCOL: 'http' },
      ['OTEL_EXPORTER_OTLP_PROTOCOL is none of grpc, http/protobuf, http/json.'],
    ],
  ])('may send telemetry nowhere (%j)', (variables, expected) => {
    const environment = Object.fromEntries(
      Object.entries(variables).map(([name, value]) => [`OTEL_EXPORTER_OTLP_${name}`, value]),
    );
    expect(warnings('', environment)).toEqual(expected);
  });

  it('may have budgets that nothing keeps', () => {
    const budgets = 'budgets: [{name: a, scope: all, limit: "1", period: day}]\n';
    expect(warnings(budgets)).toEqual([expect.stringMatching(/^budgets without a dataDir/)]);
    expect(warnings('costManagement: {budgetLimit: "1"}')).toHaveLength(1);
    expect(warnings(`${budgets}dataDir: /data`)).toEqual([]);
    expect(warnings(`${budgets}store: redis\nredis: {url: "redis://a.test:6379"}`)).toEqual([]);
  });

  it.each([
    ['listen: ["127.0.0.1:1", "127.0.0.1:1"]', 'listen: 127.0.0.1:1 stands there twice'],
    ['adminListen: "127.0.0.1:50051"', 'adminListen: 127.0.0.1:50051 is that of listen, too'],
    ['healthListen: "0.0.0.0:9464"', 'healthListen: 0.0.0.0:9464 is that of adminListen, too'],
    ['listen: unix:/a\nadminListen: unix:/a', 'adminListen: unix:/a is that of listen, too'],
  ])('may listen twice at one place (%s)', (yaml, warning) => {
    expect(warnings(yaml)).toEqual([`${warning}: only one of them can listen there.`]);
  });

  it.each([
    'listen: "127.0.0.1:0, 127.0.0.1:0"',
    'listen: "127.0.0.1:1, [::1]:1"',
    'listen: unix:/a\nadminListen: unix:/b',
  ])('may listen at places that only look alike (%s)', (yaml) => {
    expect(warnings(yaml)).toEqual([]);
  });

  it('has the revision of what it came to, however it was written', () => {
    expect(configRevision(load('drain: {gracePeriod: 30}'))).toBe(
      configRevision(load('drain: {gracePeriod: 30ms}')),
    );
  });
});
