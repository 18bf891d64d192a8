import { rootCertificates } from 'node:tls';
import { describe, expect, it } from '@jest/globals';
import { WHENS } from '../../src/config/changes.ts';
import { configRevision } from '../../src/config/describe.ts';
import { loadConfig } from '../../src/config/load.ts';
import { rereadConfig } from '../../src/config/reread.ts';
import { configSchema } from '../../src/config/schema.ts';
import { KEY, problemsOf, readFrom } from '../support/config.ts';

const FILES = {
  key: 'another-key',
  token: 'a-bearer-token',
  'other-key': 'a-third-key',
  'ca.pem': rootCertificates[0] ?? '',
};

/** What becomes of one text when another takes its place. */
function reread(from: string, to: string, environment: Readonly<Record<string, string>> = KEY) {
  const sources = (text: string) => ({
    environment,
    configPath: 'config.yaml',
    readFile: readFrom({ ...FILES, 'config.yaml': text }),
  });
  const before = loadConfig(sources(from));
  return { before, ...rereadConfig(sources(to), before) };
}

interface Change {
  /** Default: with a key. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Default: nothing. */
  readonly from?: string;
  readonly to: string;
  /** Paths whose change is in force. Default: the key. */
  readonly live?: readonly string[];
  /** Paths whose change waits. Default: none. */
  readonly restart?: readonly string[];
}

const TARGET = 'targets: {other: {baseUrl: "https://example.com/v1"}}';
const TLS = 'tls: {certFile: cert.pem, keyFile: key.pem}';

/** A change of every key at the top of a configuration file. */
const CHANGES: Readonly<Record<keyof typeof configSchema.shape, Change>> = {
  defaultModel: { to: 'defaultModel: gpt-4o' },
  // It is where the first of the keys stands.
  apiKeyFile: {
    environment: {},
    from: 'apiKeyFile: key',
    to: 'apiKeyFile: other-key',
    live: ['keys'],
  },
  keys: { to: 'keys: [{file: key}]' },
  baseUrl: { to: 'baseUrl: https://example.com/v1' },
  insecureBaseUrl: { to: 'insecureBaseUrl: true' },
  batchApi: { to: 'batchApi: "on"' },
  allowStored: { to: 'allowStored: true' },
  bearerTokenFile: {
    environment: {},
    from: 'apiKeyFile: key',
    to: 'bearerTokenFile: token',
    live: ['bearerTokenFile', 'keys'],
  },
  organization: { to: 'organization: org-1' },
  project: { to: 'project: project-1' },
  apiVersion: { to: 'apiVersion: 2024-10-21' },
  keyHeader: { to: 'keyHeader: api-key' },
  models: { to: 'models: {gpt-4o: mine}', live: ['models.gpt-4o'] },
  proxy: { to: 'proxy: none' },
  caFile: { to: 'caFile: ca.pem' },
  api: { to: 'api: responses' },
  sendTraceState: { to: 'sendTraceState: true' },
  dropUnsupported: { to: 'dropUnsupported: true' },
  catalogue: { to: 'catalogue: {unknownModels: allow}', live: ['catalogue.unknownModels'] },
  hostedTools: { to: 'hostedTools: {allow: [web_search]}', live: ['hostedTools.allow'] },
  promptCache: { to: 'promptCache: auto' },
  profiles: {
    to: 'profiles: {gpt-4o: {temperature: 0.5}}',
    live: ['profiles.gpt-4o'],
  },
  tasks: { to: 'tasks: {code_review: null}', live: ['tasks.code_review'] },
  timeout: { to: 'timeout: 1m' },
  timeouts: { to: 'timeouts: {connect: 1s}', live: ['timeouts.connect'] },
  retryPolicy: { to: 'retryPolicy: {maxAttempts: 1}', live: ['retryPolicy.maxAttempts'] },
  hedge: { to: 'hedge: {maxShare: 0.1}', live: ['hedge.maxShare'] },
  circuitBreaker: { to: 'circuitBreaker: {enabled: false}', live: ['circuitBreaker.enabled'] },
  rateLimiting: {
    to: 'rateLimiting: {requestsPerMinute: 10}',
    live: ['rateLimiting.requestsPerMinute'],
  },
  targets: { to: TARGET, live: ['targets.other'] },
  routes: {
    from: TARGET,
    to: `${TARGET}\nroutes: {"gpt-5*": [{target: other}]}`,
    live: ['routes."gpt-5*"'],
  },
  fallback: { from: TARGET, to: `${TARGET}\nfallback: {maxWait: 1s}`, live: ['fallback.maxWait'] },
  costManagement: {
    to: 'costManagement: {trackingEnabled: false, minOutputTokens: 99}',
    live: ['costManagement.minOutputTokens'],
    restart: ['costManagement.trackingEnabled'],
  },
  budgets: { to: 'budgets: [{name: all-calls, limit: 1}]' },
  cache: {
    from: 'dataDir: /data',
    to: 'dataDir: /data\ncache: {enabled: true, storage: sqlite}',
    live: ['cache.enabled'],
    restart: ['cache.storage'],
  },
  dataDir: { to: 'dataDir: /data', live: [], restart: ['dataDir'] },
  batch: { to: 'batch: {maxItems: 10}', live: [], restart: ['batch.maxItems'] },
  ledger: { to: 'ledger: {retention: 1d}', live: [], restart: ['ledger.retention'] },
  store: {
    from: 'redis: {url: "redis://localhost"}',
    to: 'store: redis\nredis: {url: "redis://localhost"}',
    live: [],
    restart: ['redis', 'redis.url', 'store'],
  },
  redis: { to: 'redis: {keyPrefix: "mine:"}', live: [], restart: ['redis.keyPrefix'] },
  limits: {
    to: 'limits: {maxDeadline: 2h, idleTimeout: 1m, maxConnectionAge: 1h, maxConnections: 9, maxMessageSize: 1MiB, maxConcurrentStreams: 9, stallTimeout: 9s}',
    live: [
      'limits.idleTimeout',
      'limits.maxConnectionAge',
      'limits.maxConnections',
      'limits.maxDeadline',
    ],
    restart: ['limits.maxConcurrentStreams', 'limits.maxMessageSize', 'limits.stallTimeout'],
  },
  errors: { to: 'errors: {upstreamMessages: "off"}', live: ['errors.upstreamMessages'] },
  overload: { to: 'overload: {maxCalls: 9}', live: ['overload.maxCalls'] },
  listen: { to: 'listen: 127.0.0.1:1', live: [], restart: ['listen'] },
  adminListen: { to: 'adminListen: 127.0.0.1:1', live: [], restart: ['adminListen'] },
  admin: { to: 'admin: {hosts: [here]}', live: [], restart: ['admin.hosts'] },
  healthListen: { to: 'healthListen: 0.0.0.0:1', live: [], restart: ['healthListen'] },
  metricsListen: { to: 'metricsListen: 0.0.0.0:1', live: [], restart: ['metricsListen'] },
  drain: { to: 'drain: {gracePeriod: 1s}', live: ['drain.gracePeriod'] },
  callers: { to: 'callers: [{name: shop, tokenFile: token}]' },
  callerJwt: {
    to: 'callerJwt: {issuer: me, audience: you, jwksFile: jwks}',
    live: ['callerJwt'],
  },
  reflection: { to: 'reflection: false', live: [], restart: ['reflection'] },
  allowDispose: { to: 'allowDispose: true' },
  allowReload: { to: 'allowReload: true' },
  logLevel: { to: 'logLevel: warn' },
  log: { to: 'log: {maxRepeats: 5}', live: ['log.maxRepeats'] },
  telemetry: { to: 'telemetry: {events: "on"}', live: [], restart: ['telemetry.events'] },
};

describe('a change of', () => {
  it.each(Object.entries(CHANGES))('%s holds at once, or waits and says so', (key, change) => {
    const { environment, from = '', to, live = [key], restart = [] } = change;
    const { before, config, changed, needsRestart } = reread(from, to, environment);
    expect({ changed, needsRestart }).toEqual({ changed: live, needsRestart: restart });
    expect(configRevision(config) === configRevision(before)).toBe(changed.length === 0);
  });

  it('every key is in this table, and in that of the program', () => {
    const keys = Object.keys(configSchema.shape).sort();
    expect(Object.keys(CHANGES).sort()).toEqual(keys);
    expect(Object.keys(WHENS).sort()).toEqual(keys);
  });
});

describe('a configuration that is read again', () => {
  it('is unchanged where only its text is another', () => {
    const { changed, needsRestart } = reread('logLevel: info', '# the default\nlogLevel: info\n');
    expect([changed, needsRestart]).toEqual([[], []]);
  });

  it('keeps what waits for a restart as it was, also against an environment that never changes', () => {
    const { config, changed } = reread(
      'listen: 127.0.0.1:1\nlimits: {stallTimeout: 5s}',
      'defaultModel: gpt-4o\nlimits: {maxDeadline: 2h}',
      { ...KEY, TAMMA_DATA_DIR: '/data' },
    );
    expect(config).toMatchObject({
      defaultModel: 'gpt-4o',
      listen: ['127.0.0.1:1'],
      dataDir: '/data',
      limits: { stallTimeoutMs: 5_000, maxDeadlineMs: 7_200_000 },
    });
    expect(changed).toEqual(['defaultModel', 'limits.maxDeadline']);
  });

  it('tells of a secret that is another one, and not which', () => {
    const sources = (secret: string) => ({
      environment: {},
      configPath: 'config.yaml',
      readFile: readFrom({ 'config.yaml': 'keys: [{file: key}]', key: secret }),
    });
    const before = loadConfig(sources('first-secret'));
    const { changed } = rereadConfig(sources('second-secret'), before);
    expect(changed).toEqual(['keys']);
  });

  it('keeps a group that the file has no longer, as far as it waits for a restart', () => {
    const { config, changed, needsRestart } = reread(
      'limits: {stallTimeout: 5s, maxDeadline: 2h}',
      'logLevel: warn',
    );
    expect(config).toMatchObject({ logLevel: 'warn', limits: { stallTimeoutMs: 5_000 } });
    expect({ changed, needsRestart }).toEqual({
      changed: ['limits.maxDeadline', 'logLevel'],
      needsRestart: ['limits.stallTimeout'],
    });
  });

  it.each([
    ['first', ['logLevel']],
    ['second', ['hostedTools.mcpServers.docs', 'logLevel']],
  ])('tells of an MCP server whose secret is the %s one', (secret, expected) => {
    const sources = (own: string, level: string) => ({
      environment: { ...KEY, DOCS_TOKEN: own },
      configPath: 'config.yaml',
      readFile: readFrom({
        'config.yaml': `
logLevel: ${level}
redis: {url: "redis://localhost"}
hostedTools:
  allow: [mcp]
  mcpServers: {docs: {url: https://mcp.test/sse, authorization: {environment: DOCS_TOKEN}}}
`,
      }),
    });
    const before = loadConfig(sources('first', 'info'));
    expect(rereadConfig(sources(secret, 'warn'), before).changed).toEqual(expected);
  });

  it('is refused with every problem of it', () => {
    const problems = problemsOf(() =>
      reread('', 'logLevel: loud\nretryPolicy: {maxAttempts: 0}\nnothing: 1'),
    );
    expect(problems.map(({ path }) => path).sort()).toEqual([
      'logLevel',
      'nothing',
      'retryPolicy.maxAttempts',
    ]);
  });

  it('is refused where it would open a door as long as a part of it waits for a restart', () => {
    const open = `listen: [{address: "0.0.0.0:1", ${TLS}}]`;
    const problems = problemsOf(() =>
      reread(`${open}\ncallers: [{name: shop, tokenFile: token}]`, 'listen: 127.0.0.1:1'),
    );
    expect(problems).toMatchObject([{ path: 'listen[0].tls' }]);
    expect(problems[0]?.message).toContain('as long as listen waits for a restart');
  });
});
