import { describe, expect, it } from '@jest/globals';
import { Ajv2020 } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import { parse, stringify } from 'yaml';
import { catalogueJsonSchema } from '../../scripts/catalogue-json-schema.ts';
import { configJsonSchema } from '../../src/config/json-schema.ts';
import { loadConfig } from '../../src/config/load.ts';
import { applyCatalogue, CatalogueError } from '../../src/request/catalogue/rows.ts';
import { catalogueSchema } from '../../src/request/catalogue/schema.ts';
import { problemsOf } from '../support/config.ts';
import { fewOrMany } from '../support/long.ts';

interface JsonSchema {
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly additionalProperties?: JsonSchema | false;
  readonly propertyNames?: { readonly enum?: readonly string[] };
  readonly items?: JsonSchema;
  readonly anyOf?: readonly JsonSchema[];
  readonly oneOf?: readonly { readonly required: readonly string[] }[];
  readonly required?: readonly string[];
}

const ajv = new Ajv2020({ strictTypes: true });
const CONFIG: JsonSchema = JSON.parse(configJsonSchema());
const CATALOGUE: JsonSchema = JSON.parse(catalogueJsonSchema());
const matchesConfig = ajv.compile(CONFIG);
const matchesCatalogue = ajv.compile(CATALOGUE);

/** Every file can be read and every variable is set, as far as anything here names them. */
const NAMES = ['A', 'B', 'x', 'auto', 'none', 'null'];
const ENVIRONMENT = {
  OPENAI_API_KEY: 'k',
  ...Object.fromEntries(NAMES.map((name) => [name, `key-${name}`])),
};

function programTakes(yaml: string, environment = ENVIRONMENT): boolean {
  const readFile = (path: string) => (path === 'config.yaml' ? yaml : `key-in-${path.length}`);
  const sources = { environment, configPath: 'config.yaml', readFile };
  return problemsOf(() => loadConfig(sources)).length === 0;
}

const schemaTakes = (yaml: string) => matchesConfig(parse(yaml, { stringKeys: true }));

/** What both say: it must be the same. */
function verdict(yaml: string): boolean {
  const [program, schema] = [programTakes(yaml), schemaTakes(yaml)];
  expect({ yaml, schema }).toEqual({ yaml, schema: program });
  return program;
}

const V6 = '2001:db8::1';

describe('config.schema.json says what the program says', () => {
  it.each([
    '',
    '# nothing\n',
    '~',
    '{}',
    'defaultModel: gpt-5.5',
    'apiKeyFile: /run/secrets/key',
    'keys: []',
    'keys: [{file: /a, weight: 1000}, {environment: B}]',
    'baseUrl: http://localhost:11434/v1',
    'baseUrl: HTTPS://api.example.test/',
    `{baseUrl: "http://[${V6}]:8080/v1/@/x", insecureBaseUrl: true}`,
    'baseUrl: "HTTP://127.0.0.2:65535/v1"',
    'baseUrl: "http://[::1]/v1"',
    'baseUrl: https://bücher.example/v1',
    'organization: org-1',
    'project: proj_1',
    'api: responses',
    'dropUnsupported: true',
    'catalogue: {file: models.yaml, unknownModels: allow, shutDownModels: redirect}',
    'catalogue: {declared: [{pattern: "llama-*", contextWindow: 8192, supports: {tools: true}}]}',
    'catalogue: {declared: [{pattern: a, supports: {toolsOnChatCompletions: without_reasoning}}]}',
    'catalogue: {declared: [{pattern: a, prices: {standard: {input: "1.25"}}}]}',
    'profiles: {"gpt-5*": {temperature: 2, systemPrompt: x}, gpt-4: null}',
    'tasks: {planning: {temperatureFactor: 0}, analysis: null}',
    'timeout: 60m',
    'timeout: 0000001s',
    'timeout: "600000"',
    'timeouts: {connect: 24d, headers: 1, firstToken: auto, idle: 576h}',
    'timeouts: {models: {"*-nano": {firstToken: 5s}, "*": {firstToken: auto}}}',
    'retryPolicy: {maxAttempts: 10, baseDelay: 1ms, maxDelay: 24d, budget: {ratio: 0, minimum: 0}}',
    'circuitBreaker: {enabled: false, failureShare: 1, minimumAttempts: 1, window: 1s, openFor: 1}',
    'circuitBreaker: {window: 1d}',
    'rateLimiting: {requestsPerMinute: 1, tokensPerMinute: 2147483647, maxQueued: 0}',
    'targets: {azure: {baseUrl: "https://a.test/openai/v1", apiVersion: preview, keyHeader: api-key}}',
    'targets: {a-1: {baseUrl: "https://b", keys: [{environment: A}], models: {m: n}, timeouts: {idle: 1s}}}',
    'fallback: {on: [TIMEOUT], chains: {"*": [a, b/c]}, maxWait: 0}',
    'fallback: {on: []}',
    'fallback: {chains: {a: [], "*": [b]}}',
    'routes: {"gpt-5*": [{target: default, weight: 1000}], a: [{target: default}]}',
    'costManagement: {budgetLimit: 0.000001, alertThreshold: [0.5, 1], unpriced: mark}',
    'costManagement: {budgetLimit: "0000000.000000000001", alertThreshold: 0.01}',
    'costManagement: {budgetLimit: "9000000.000", alertThreshold: []}',
    'costManagement: {trackingEnabled: false}',
    '{costManagement: {trackingEnabled: false}, budgets: []}',
    'budgets: [{name: a, limit: 9000000}, {name: b, limit: "99.50", scope: user, match: "user-*"}]',
    'budgets: [{name: a, limit: 1, scope: model, period: total, alertThresholds: [1]}]',
    'dataDir: /var/lib/tamma',
    'ledger: {retention: 3650d}',
    'ledger: {retention: 60m}',
    '{store: redis, redis: {url: "redis://redis.test:6379/0", keyPrefix: "t:", name: pod-1}}',
    `redis: {url: "rediss://[${V6}]/", leaseDuration: 24h, onOutage: allow}`,
    'redis: {urlFile: /run/redis}',
    'limits: {maxMessageSize: 64KiB, maxConcurrentStreams: 1, maxDeadline: 24d}',
    'limits: {maxMessageSize: 1073741824}',
    'limits: {maxMessageSize: 1024MiB}',
    'overload: {maxCalls: 1000000, maxEventLoopDelay: 1, maxHeapShare: 1}',
    'listen: 127.0.0.1:0',
    'listen: "127.0.0.1:1, unix:/run/a.sock"',
    `listen: [{address: "[${V6}]:65535", insecure: true}, " localhost:00080 ", "unix:/run/a,b.sock"]`,
    'listen: [{address: "0.0.0.0:1", tls: {certFile: a, keyFile: b, clientCaFile: c, clientNames: ["spiffe://a/*"]}}]',
    'listen: [{address: "localhost:1", tls: {certFile: a, keyFile: b, minVersion: "1.2"}}]',
    `listen: unix:/${'a'.repeat(106)}`,
    'listen: [{address: "[fe80::1%eth0]:1", insecure: true}]',
    'adminListen: {address: "[::]:9464", insecure: true}',
    'adminListen: unix:/run/admin.sock',
    '{adminListen: {address: "a:1", tls: {certFile: a, keyFile: b}}, admin: {tokenFile: c, hosts: [a.test]}}',
    '{healthListen: "0.0.0.0:1", metricsListen: "unix:/run/metrics.sock"}',
    'targets: {a: {baseUrl: "http://b", insecure: true}}',
    'drain: {gracePeriod: 0}',
    'allowDispose: true',
    'cache: {enabled: true, ttl: 1s, maxBytes: 1MiB, maxEntries: 1, storage: memory, share: all}',
    'cache: {models: {gpt-5*: {enabled: true, ttl: 1h}}, tasks: {analysis: {deterministicOnly: false, allowToolCalls: true}}}',
    'cache: {deterministicOnly: false, allowToolCalls: true, allowInvalidate: true, ttl: 365d}',
    'callers: [{name: a, tokenFile: /a}, {name: b, san: "spiffe://a/*", rights: [], projectId: p}]',
    'callers: [{name: a, tokenFile: /a, userId: u, limits: {concurrent: 1, budget: {limit: 1}}}]',
    '{callers: [{name: a, subject: "a:*"}], callerJwt: {issuer: i, audience: a, jwksFile: /j}}',
    'callerJwt: {issuer: i, audience: a, jwksUrl: "https://a.test/x?y", algorithms: [EdDSA]}',
    'reflection: false',
    'logLevel: silent',
  ])('takes %s', (yaml) => {
    expect(verdict(yaml)).toBe(true);
  });

  it.each([
    '[]',
    'false',
    '0',
    'just text',
    'colour: red',
    'api_key: sk-1',
    'defaultModel: "a b"',
    'apiKeyFile: ""',
    'keys: {}',
    'keys: [{}]',
    'keys: [{weight: 1}]',
    'keys: [{file: /a, environment: A}]',
    'keys: [{file: /a, weight: 0}]',
    'keys: [{environment: 1A}]',
    'keys: [sk-1]',
    'baseUrl: api.openai.com/v1',
    'baseUrl: ftp://example.test',
    'baseUrl: https://user:secret@example.test/v1',
    'baseUrl: https://user@example.test/v1',
    'baseUrl: https://@example.test/v1',
    'baseUrl: https://example.test/v1?a=1',
    'baseUrl: "https://example.test/v1#part"',
    'baseUrl: https://example.test:65536',
    'baseUrl: "https://"',
    'baseUrl: "http:///example.test"',
    'baseUrl: "http://256.0.0.1"',
    'baseUrl: "http://[::1"',
    'organization: 3',
    'api: chat',
    'dropUnsupported: "yes"',
    'catalogue: {unknownModels: warn}',
    'catalogue: {declared: [{contextWindow: 1}]}',
    'catalogue: {declared: [{pattern: a, maxOutputTokens: -1}]}',
    'catalogue: {declared: [{pattern: a, prices: {standard: {input: 1.25}}}]}',
    'profiles: {a: {temperature: 2.1}}',
    'profiles: {a: {maxTokens: 1.5}}',
    'tasks: {codeGeneration: {}}',
    'tasks: {planning: {temperatureFactor: -1}}',
    'timeout: -1',
    'timeout: 1.5s',
    'timeout: 30S',
    'timeouts: {connect: 0}',
    'timeouts: {connect: 0s}',
    'timeouts: {connect: 577h}',
    'timeouts: {idle: "2073600001"}',
    'timeouts: {idle: 2073600001}',
    'timeouts: {idel: 1s}',
    'timeouts: {models: {a: {connect: 25d}}}',
    'retryPolicy: {maxAttempts: 11}',
    'retryPolicy: {budget: {ratio: 1.1}}',
    'circuitBreaker: {window: 999}',
    'circuitBreaker: {window: 25h}',
    'circuitBreaker: {failureShare: 0}',
    'rateLimiting: {requestsPerDay: -1}',
    'rateLimiting: {requestsPerDay: 2147483648}',
    'targets: {default: {baseUrl: "https://a"}}',
    'targets: {azure: {}}',
    'targets: {Azure: {baseUrl: "https://a"}}',
    'targets: {a: {baseUrl: "https://u:p@a"}}',
    'targets: {a: {baseUrl: "https://a", circuitBreaker: {openFor: 0}}}',
    'fallback: {on: [CONTENT_FILTERED]}',
    'routes: {a: []}',
    'routes: {a: [{weight: 1}]}',
    'routes: {a: [{target: default, weight: 0}]}',
    'routes: {a: [{target: default, weight: 1001}]}',
    'routes: {a: [{target: default, weight: 1.5}]}',
    'routes: {"a b": [{target: default}]}',
    'fallback: {chains: {a: [a, a, a, a, a, a, a, a, a]}}',
    'costManagement: {budgetLimit: 0}',
    'costManagement: {budgetLimit: -5}',
    'costManagement: {budgetLimit: 0.0000001}',
    'costManagement: {budgetLimit: "0.0"}',
    'costManagement: {budgetLimit: "9000000.01"}',
    'costManagement: {budgetLimit: 9000001}',
    'costManagement: {alertThreshold: 1.1}',
    'costManagement: {trackingEnabled: false, budgetLimit: 1}',
    '{costManagement: {trackingEnabled: false}, budgets: [{name: a, limit: 1}]}',
    'budgets: [{name: a, limit: 1, match: "user-*"}]',
    'budgets: [{name: a, limit: 1, scope: all, match: "user-*"}]',
    'budgets: [{name: A, limit: 1}]',
    'dataDir: ""',
    'ledger: {retention: 59m}',
    'ledger: {retention: 3651d}',
    'store: memory',
    'redis: {url: "redis://u:p@redis.test"}',
    'redis: {url: "redis://redis.test/x"}',
    'redis: {url: "http://redis.test"}',
    'redis: {url: "redis://redis.test", urlFile: /run/redis}',
    'redis: {name: "a b"}',
    'limits: {maxMessageSize: 1KiB}',
    'limits: {maxMessageSize: 2GiB}',
    'limits: {maxMessageSize: 32MB}',
    'limits: {maxMessageSize: 65535}',
    'limits:',
    'overload: {maxHeapShare: 0}',
    'overload: {maxEventLoopDelay: 0}',
    'listen: []',
    'listen: localhost',
    'listen: "localhost:65536"',
    'listen: "localhost:1,b"',
    'listen: "a:1"',
    'listen: 0.0.0.0:1',
    'listen: [{address: "[::]:1"}]',
    'listen: [{address: "a:1", insecure: false}]',
    'listen: [{address: "localhost:1", tls: {certFile: a}}]',
    'listen: [{address: "localhost:1", tls: {certFile: a, keyFile: b, clientNames: [c]}}]',
    'listen: [{address: "localhost:1", tls: {certFile: a, keyFile: b, minVersion: "1.1"}}]',
    'listen: {address: "localhost:1"}',
    'adminListen: "[::]:9464"',
    'adminListen: {address: "a:9464"}',
    'adminListen: {address: localhost}',
    'admin: {hosts: ["a b"]}',
    'healthListen: localhost',
    'baseUrl: "http://192.0.2.1:65535"',
    'baseUrl: "http://localhost.example/v1"',
    'targets: {a: {baseUrl: "http://127.0.0.1.example"}}',
    'listen: ["[::g]:1"]',
    'listen: ["256.0.0.1:1"]',
    'listen: unix:relative.sock',
    'listen: unix:/run/',
    'listen: "unix:/ "',
    `listen: unix:/${'a'.repeat(107)}`,
    'adminListen: unix:admin.sock',
    'adminListen: "localhost:1,localhost:2"',
    'drain: {gracePeriod: -1}',
    'allowDispose: 1',
    'callers: {}',
    'callers: [{name: a}]',
    'callers: [{name: A, tokenFile: /a}]',
    'callers: [{name: a, tokenFile: /a, san: b}]',
    'callers: [{name: a, tokenFile: /a, rights: [everything]}]',
    'callers: [{name: a, tokenFile: /a, projectId: "p*"}]',
    'callers: [{name: a, tokenFile: /a, limits: {concurrent: 0}}]',
    'callers: [{name: a, tokenFile: /a, limits: {budget: {limit: 1}}}]',
    'callers: [{name: a, tokenFile: /a, userId: any, limits: {budget: {limit: 1}}}]',
    'callers: [{name: a, subject: b}]',
    'callerJwt: {issuer: i, audience: a}',
    'callerJwt: {issuer: i, audience: a, jwksFile: /a, jwksUrl: "https://a"}',
    'callerJwt: {issuer: i, audience: a, jwksUrl: "http://a"}',
    'callerJwt: {issuer: i, audience: a, jwksFile: /a, algorithms: [HS256]}',
    'callerJwt: {issuer: i, audience: a, jwksFile: /a, algorithms: []}',
    'callerJwt: {audience: a, jwksFile: /a}',
    'cache: {storage: disk}',
    'cache: {models: {gpt-5: {ttl: 0}}}',
    'cache: {models: {gpt-5: {maxEntries: 5}}}',
    'cache: {tasks: {knitting: {enabled: true}}}',
    'cache: {tasks: {analysis: true}}',
    'cache: {ttl: 0}',
    'cache: {maxEntries: 0}',
    'logLevel: loud',
  ])('refuses %s', (yaml) => {
    expect(verdict(yaml)).toBe(false);
  });

  /** All of what the program refuses and the schema does not. */
  it.each([
    ['compares no values', '{timeout: 2h}'],
    ['compares no values', 'limits: {maxDeadline: 5m}'],
    ['compares no values', 'retryPolicy: {baseDelay: 1m, maxDelay: 1s}'],
    ['looks nothing up', 'routes: {a: [{target: nowhere}]}'],
    [
      'compares whole members only',
      'routes: {a: [{target: default}, {target: default, weight: 2}]}',
    ],
    ['compares whole members only', 'budgets: [{name: a, limit: 1}, {name: a, limit: 2}]'],
    ['reads no files', 'keys: [{file: /a}, {file: /b}]'],
    ['reads no files', 'caFile: /a'],
    ['sees no environment', 'keys: [{environment: NOT_SET}]'],
    ['sees no environment', 'store: redis'],
    ['sees no environment', 'cache: {storage: sqlite}'],
    ['compares no values', 'cache: {storage: redis}'],
    ['counts no decimals of a number', 'costManagement: {budgetLimit: 0.1234567890123}'],
    [
      'does not look elsewhere for who is known',
      'listen: [{address: "a:1", tls: {certFile: a, keyFile: b}}]',
    ],
    [
      'does not look elsewhere for who is known',
      'listen: [{address: "a:1", tls: {certFile: a, keyFile: b, clientCaFile: c, clientCertificate: optional}}]',
    ],
    [
      'does not look elsewhere for who is known',
      'adminListen: {address: "a:1", tls: {certFile: a, keyFile: b}}',
    ],
    ['counts characters, not bytes', `listen: unix:/${'é'.repeat(80)}`],
    ['knows no rules for letters of host names', 'baseUrl: "https://xn--iñvalid"'],
  ])('but JSON Schema %s: %s', (_, yaml) => {
    expect({ program: programTakes(yaml), schema: schemaTakes(yaml) }).toEqual({
      program: false,
      schema: true,
    });
  });

  /** And all of what the schema refuses and the program does not. */
  it.each([
    ['does not look at what a variable wins over', 'baseUrl: nonsense'],
    ['passes over a name __proto__', 'profiles: {__proto__: 1}'],
  ])('but the program %s: %s', (_, yaml) => {
    const environment = { ...ENVIRONMENT, OPENAI_BASE_URL: 'https://a.test/v1' };
    expect({ program: programTakes(yaml, environment), schema: schemaTakes(yaml) }).toEqual({
      program: true,
      schema: false,
    });
  });

  it('counts characters of long texts, whatever they take', () => {
    const prompt = (count: number) =>
      stringify({ profiles: { a: { systemPrompt: '🙂'.repeat(count) } } });
    expect(verdict(prompt(65_536))).toBe(true);
    expect(verdict(prompt(65_537))).toBe(false);
  });
});

/** What groups cannot be without, and what keeps comparisons between values out of the way. */
const SAMPLES: Readonly<Record<string, unknown>> = {
  file: '/key',
  address: 'localhost:1',
  certFile: '/cert',
  keyFile: '/key',
  baseUrl: 'https://a.test/v1',
  name: 'n',
  target: 'default',
  limit: 1,
  pattern: 'p',
  standard: { input: '1' },
  input: '1',
  version: '1',
  models: [],
  id: 'm',
  until: '2027-01-14',
  aboveInputTokens: 1,
};
const BESIDE: Readonly<Record<string, object>> = {
  '': { timeout: 1, limits: { maxDeadline: '24d' } },
  retryPolicy: { baseDelay: 1, maxDelay: '24d' },
};

/** A place in a document: makes a whole one, with a value there. */
interface Place {
  readonly key: string;
  readonly document: (value: unknown) => unknown;
}

/** Every key of the schema, groups included, and members of lists and maps. */
function places(schema: JsonSchema, { key, document }: Place): readonly Place[] {
  const below = (name: string, member: JsonSchema, wrap: (value: unknown) => unknown) =>
    places(member, {
      key: key === '' ? name : `${key}.${name}`,
      document: (value) => document(wrap(value)),
    });
  const { properties = {}, additionalProperties = false, items } = schema;
  const { anyOf = [], oneOf: alternatives = [], required = [] } = schema;
  const beside = BESIDE[key] ?? {};
  return [
    { key, document },
    ...Object.entries(properties).flatMap(([name, member]) => {
      const isAlternative = alternatives.some((one) => one.required.includes(name));
      const needed = [...required, ...(isAlternative ? [] : (alternatives[0]?.required ?? []))];
      const samples = Object.fromEntries(needed.map((other) => [other, SAMPLES[other]]));
      return below(name, member, (value) => ({ ...beside, ...samples, [name]: value }));
    }),
    ...(additionalProperties === false
      ? []
      : below('*', additionalProperties, (value) => ({
          [schema.propertyNames?.enum?.[0] ?? 'x']: value,
        }))),
    ...(items === undefined ? [] : below('[]', items, (value) => [value])),
    ...anyOf.flatMap((option) => places(option, { key, document }).slice(1)),
  ];
}

const ALL_VALUES: readonly unknown[] = [
  ...[-1, 0, 1e12, 1, 2, 0.5, 1.5, 1e-7, 9e15, 70_000, Number.NaN, Number.POSITIVE_INFINITY],
  ...['', 'x', ' ', '-1', '0', '1', '1.5', '1s', '1h', '1d', '400d', '1MiB', 'auto', 'none', 'é'],
  ...['é:1', 'a:1', 'unix:/a', 'http://a', 'redis://a', 'a\nb', '2027-02-29', '\ud800', 'null'],
  ...[true, false, null, [], ['x'], [1], [null], [[]], {}, { x: 1 }, { x: null }, { x: {} }],
  'x'.repeat(300),
];
/** Among few, each key has others, so that all of them are tried. */
const valuesOf = (keyIndex: number) =>
  ALL_VALUES.filter((_, index) => fewOrMany((index + keyIndex) % 32 === 0, true));

describe('for whatever value of whatever key, schema and program agree', () => {
  const root: Place = { key: '', document: (value) => value };
  const numbered = (all: readonly Place[]) => all.map((place, index) => ({ ...place, index }));

  // What is in a file of certificates, and which targets there are, only the program knows.
  const open = places(CONFIG, root).filter(({ key }) => !/(caFile|\.target)$/.test(key));

  it.each(numbered(open))('$key', ({ document, index }) => {
    const wrong = valuesOf(index)
      .map((value) => stringify(document(value)))
      .filter((yaml) => programTakes(yaml) !== schemaTakes(yaml));
    expect(wrong).toEqual([]);
  });

  it.each(numbered(places(CATALOGUE, root)))('catalogue: $key', ({ document, index }) => {
    const wrong = valuesOf(index)
      .map(document)
      .filter((data) => catalogueSchema.safeParse(data).success !== matchesCatalogue(data));
    expect(wrong).toEqual([]);
  });

  it('quantities, around every bound and in every unit', () => {
    const digits = fc.oneof(
      fc.nat(3e9).map(String),
      fc
        .constantFrom(1, 60, 64, 1000, 1024, 3600, 86_400, 65_536, 2_073_600_000, 2 ** 30)
        .chain((n) => fc.integer({ min: -1, max: 1 }).map((by) => String(n + by))),
      fc.stringMatching(/^0{0,4}[0-9]{1,16}$/),
    );
    const unit = fc.constantFrom('', 'ms', 's', 'm', 'h', 'd', 'B', 'KiB', 'MiB', 'GiB', 'S', ' s');
    const key = fc.constantFrom(
      '{limits: {maxMessageSize: #}}',
      '{circuitBreaker: {window: #}}',
      '{ledger: {retention: #}}',
      '{timeouts: {idle: #}}',
      '{drain: {gracePeriod: #}}',
      '{costManagement: {budgetLimit: #}}',
    );
    fc.assert(
      fc.property(key, digits, unit, (yaml, number, symbol) => {
        verdict(yaml.replace('#', `"${number}${symbol}"`));
      }),
      { numRuns: fewOrMany(50, 500) },
    );
  });

  it('addresses and URLs of all kinds', () => {
    const host = fc.oneof(
      fc.ipV6().map((address) => `[${address}]`),
      fc.ipV4(),
      fc.domain(),
      fc.stringMatching(/^[0-9a-fx.:[\]%_-]{1,12}$/),
      fc.string({ maxLength: 6 }),
    );
    const port = fc.oneof(
      fc.constantFrom('', ':', ':00', ':65535', ':65536', ':x'),
      fc.nat(70_000).map((n) => `:${n}`),
    );
    const path = fc.constantFrom('', '/', '/v1', '/0', '/a@b', '/a?b', '//', ' ', ',');
    const text = fc.tuple(host, port, path).map((parts) => parts.join(''));
    const document = fc.oneof(
      text.map((address) => ({ listen: address })),
      fc.array(text, { maxLength: 3 }).map((addresses) => ({ listen: addresses })),
      fc.array(text, { maxLength: 3 }).map((addresses) => ({ listen: addresses.join(', ') })),
      text.map((address) => ({ adminListen: address })),
      text.map((address) => ({ listen: [{ address, insecure: true }] })),
      text.map((address) => ({ healthListen: address })),
      text.map((address) => ({ baseUrl: `http://${address}` })),
      text.map((address) => ({ baseUrl: `http://${address}`, insecureBaseUrl: true })),
      text.map((address) => ({ baseUrl: `HTTPS://u@${address}` })),
      text.map((address) => ({ redis: { url: `redis://${address}` } })),
    );
    fc.assert(
      fc.property(document, (settings) => {
        const yaml = stringify(settings);
        // Which letters the name of a host may have is not for JSON Schema to say.
        if (!/xn--/i.test(yaml)) verdict(yaml);
      }),
      { numRuns: fewOrMany(75, 1_000) },
    );
  });
});

describe('models.schema.json says what is said of a catalogue file', () => {
  const row = (fields: object) => ({ version: '1', models: [{ id: 'm', ...fields }] });

  function catalogueVerdicts(data: unknown): { program: boolean; schema: boolean } {
    let program = true;
    try {
      applyCatalogue(data, [], 'models.yaml');
    } catch (error) {
      if (!(error instanceof CatalogueError)) throw error;
      program = false;
    }
    return { program, schema: matchesCatalogue(data) };
  }

  it.each([
    { version: '1', models: [] },
    { version: '1', models: [], sources: { a: 'https://a.test' } },
    row({ name: 'Modell ü', aliases: ['a'], contextWindow: 1, knowledgeCutoff: '2028-02-29' }),
    row({ prices: { standard: { input: '0.05', output: '1' } }, batch: true }),
    row({ reasoning: { isReasoning: true, efforts: ['low'], defaultEffort: 'low' } }),
  ])('takes %j', (data) => {
    expect(catalogueVerdicts(data)).toEqual({ program: true, schema: true });
  });

  it.each([
    null,
    [],
    {},
    { version: '1' },
    { version: 1, models: [] },
    { version: '1', models: [{}] },
    row({ id: '' }),
    row({ id: 'a\nb' }),
    row({ nmae: 'x' }),
    row({ contextWindow: 0 }),
    row({ shutdownDate: '2027-02-29' }),
    row({ prices: { standard: { input: 1 } } }),
    row({ prices: { longContext: { input: '1' } } }),
    row({ surfaces: ['assistants'] }),
  ])('refuses %j', (data) => {
    expect(catalogueVerdicts(data)).toEqual({ program: false, schema: false });
  });

  it.each([
    ['compares no values', row({ contextWindow: 1, maxOutputTokens: 2 })],
    ['compares no values', row({ reasoning: { isReasoning: true, defaultEffort: 'low' } })],
    ['compares no values', { version: '1', models: [{ id: 'm' }, { id: 'm' }] }],
    ['does not know the built-in models', row({ replacement: 'other' })],
    ['does not know the built-in models', row({ prices: { batch: { input: '1' } } })],
    ['counts characters, not units of UTF-16', row({ name: '🙂'.repeat(200) })],
  ])('but JSON Schema %s: %j', (_, data) => {
    expect(catalogueVerdicts(data)).toEqual({ program: false, schema: true });
  });
});
