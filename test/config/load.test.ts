import { describe, expect, it } from '@jest/globals';
import { loadConfig } from '../../src/config/load.ts';
import { FALLBACK_REASONS } from '../../src/request/route/options.ts';
import { KEY, load, problems, problemsOf, readFrom } from '../support/config.ts';

describe('defaults', () => {
  it('needs nothing but a key', () => {
    const config = loadConfig({ environment: KEY, readFile: readFrom({}) });
    expect(config).toEqual({
      keys: [{ secret: 'test-key', weight: 1, environment: 'OPENAI_API_KEY' }],
      defaultModel: 'gpt-5.4-mini',
      baseUrl: 'https://api.openai.com/v1',
      api: 'auto',
      proxy: 'environment',
      allowStored: false,
      keyHeader: 'auto',
      models: {},
      dropUnsupported: false,
      errors: { upstreamMessages: 'on' },
      callers: [],
      reflection: true,
      catalogue: { unknownModels: 'auto', shutDownModels: 'refuse', declared: [] },
      hostedTools: { allow: [], mcpServers: {} },
      promptCache: 'off',
      profiles: {},
      tasks: {},
      timeoutMs: 600_000,
      timeouts: {
        connectMs: 5_000,
        headersMs: 'auto',
        firstTokenMs: 'auto',
        idleMs: 'auto',
        afterFinishMs: 5_000,
        models: {},
      },
      retryPolicy: {
        maxAttempts: 3,
        baseDelayMs: 500,
        maxDelayMs: 8_000,
        budget: { ratio: 0.2, minimum: 10 },
      },
      hedge: { after: 'off', to: 'chain', maxShare: 0.05, models: {} },
      circuitBreaker: {
        enabled: true,
        failureShare: 0.5,
        minimumAttempts: 10,
        windowMs: 30_000,
        firstOpenForMs: 1_000,
        openForMs: 10_000,
        maxWaitMs: 5_000,
      },
      rateLimiting: { enabled: true, maxConcurrent: 1_000, maxQueued: 1_000, maxHoldMs: 120_000 },
      targets: {},
      fallback: { on: [...FALLBACK_REASONS], chains: {}, maxWaitMs: 2_000 },
      costManagement: {
        trackingEnabled: true,
        budgetPeriod: 'month',
        alertThreshold: [0.8],
        unpriced: 'auto',
        minOutputTokens: 256,
        maxWaitMs: 60_000,
      },
      budgets: [],
      batchApi: 'auto',
      batch: {
        retentionMs: 2_592_000_000,
        maxItems: 1_000_000,
        maxRequestsPerFile: 50_000,
        maxBytesPerFile: 199_229_440,
        pollIntervalMs: 10_000,
        maxPollIntervalMs: 300_000,
        lookForMs: 60_000,
        maxLocalCalls: 8,
      },
      cache: {
        enabled: false,
        ttlMs: 3_600_000,
        maxBytes: 67_108_864,
        maxEntries: 10_000,
        storage: 'memory',
        share: 'project',
        deterministicOnly: true,
        allowToolCalls: false,
        allowInvalidate: false,
        models: {},
        tasks: {},
      },
      ledger: { retentionMs: 7_776_000_000, onCorruption: 'refuse', reserveBytes: 16_777_216 },
      store: 'embedded',
      redis: {
        keyPrefix: 'tamma:',
        leaseDurationMs: 30_000,
        timeoutMs: 1_000,
        onOutage: 'refuse',
      },
      limits: {
        maxConnections: 2000,
        idleTimeoutMs: 3_600_000,
        maxConnectionAgeMs: 24 * 86_400_000,
        maxMessageBytes: 33_554_432,
        maxConcurrentStreams: 1_000,
        maxDeadlineMs: 3_600_000,
        stallTimeoutMs: 60_000,
      },
      overload: {
        maxCalls: 5_000,
        maxEventLoopDelayMs: 1_000,
        maxRequestsBytes: 100_663_296,
        maxRequestShare: 0.25,
        maxConnectionShare: 0.5,
        maxMemoryShare: 0.9,
        maxHeapShare: 0.9,
      },
      listen: ['127.0.0.1:50051'],
      adminListen: '127.0.0.1:9464',
      admin: { hosts: [] },
      insecureBaseUrl: false,
      sendTraceState: false,
      drain: { gracePeriodMs: 30_000 },
      allowDispose: false,
      allowReload: false,
      log: { levels: {}, maxRepeats: 100 },
      telemetry: { events: 'off' },
      routes: {},
      logLevel: 'info',
    });
  });

  it('says of a hundred unknown keys what was meant: to guess for all of a file of others took a minute', () => {
    const keys = Array.from({ length: 150 }, (_, at) => `timeout${(at + 50).toString(36)}x: 1`);
    const messages = problems(keys.join('\n')).map(({ message }) => message);
    const guessed = messages.filter((message) => message.includes('did you mean timeout'));
    expect([messages.length, guessed.length, messages.at(-1)]).toEqual([150, 100, 'unknown key']);
  });

  it.each(['', '# nothing\n', '{}'])('takes a file that says %j', (yaml) => {
    expect(load(yaml).defaultModel).toBe('gpt-5.4-mini');
  });

  it('fills in what a group leaves out', () => {
    expect(load('timeouts: {idle: 1s}').timeouts).toEqual({
      connectMs: 5_000,
      headersMs: 'auto',
      afterFinishMs: 5_000,
      firstTokenMs: 'auto',
      idleMs: 1_000,
      models: {},
    });
  });

  it('freezes the result all the way down', () => {
    const config = load('');
    for (const part of [
      config,
      config.keys[0],
      config.fallback.on,
      config.timeouts,
      config.limits,
      config.listen,
      config.drain,
    ]) {
      expect(Object.isFrozen(part)).toBe(true);
    }
  });
});

describe('the file itself', () => {
  it('is named by TAMMA_CONFIG, unless an argument names another', () => {
    const readFile = readFrom({ a: 'defaultModel: model-a', b: 'defaultModel: model-b' });
    const environment = { ...KEY, TAMMA_CONFIG: 'a' };
    expect(loadConfig({ environment, readFile }).defaultModel).toBe('model-a');
    expect(loadConfig({ environment, configPath: 'b', readFile }).defaultModel).toBe('model-b');
  });

  it('tells why it cannot be read, and does not miss the key that it may name', () => {
    expect(
      problemsOf(() =>
        loadConfig({ environment: {}, configPath: '/etc/none.yaml', readFile: readFrom({}) }),
      ),
    ).toEqual([
      {
        path: '/etc/none.yaml',
        message: 'the file cannot be read (ENOENT)',
        source: '/etc/none.yaml',
      },
    ]);
  });

  it('tells that it cannot be read where no code says why', () => {
    const readFile = () => {
      throw new Error('odd');
    };
    expect(problemsOf(() => loadConfig({ environment: KEY, configPath: 'x', readFile }))).toEqual([
      { path: 'x', message: 'the file cannot be read (unknown error)', source: 'x' },
    ]);
  });

  it('tells the line of a syntax error', () => {
    expect(problems('timeout: 1s\ntimeout: 2s\nlisten: [\n')).toMatchObject([
      { path: 'config.yaml', message: expect.stringMatching(/^line 2, column 1: /) },
      { path: 'config.yaml', message: expect.stringMatching(/^line 4, column 1: /) },
    ]);
  });

  it('says of what is no UTF-8 what it must be', () => {
    const utf16 = `\ufffd\ufffd${[...'timeout: 1s'].join('\0')}`;
    expect(problems(utf16)).toMatchObject([
      { path: 'config.yaml', message: 'line 1, column 1: it must be text in UTF-8' },
    ]);
    // As it is read of Latin-1.
    expect(problems('tasks:\n  analysis: { systemPrompt: caf\ufffd }')).toMatchObject([
      { path: 'config.yaml', message: 'line 2, column 32: it must be text in UTF-8' },
    ]);
  });

  it.each([
    [
      'timeout: 3s\nlogLevel:debug',
      'line 2, column 1: a key must be followed by a colon and a space',
    ],
    [
      'timeout:3s\nretryPolicy:\n  maxAttempts: 2',
      'line 1, column 1: a key must be on one line, and followed by a colon and a space',
    ],
    [
      'logLevel: debug: x',
      'line 1, column 11: there is another colon: a value that has one must be in quotes, and a key on a line of its own',
    ],
    ['? [a]\n: b', 'line 1, column 3: a key must be a text'],
  ])('tells what is wrong with %j in plain words', (yaml, message) => {
    expect(problems(yaml)).toMatchObject([{ path: 'config.yaml', message }]);
  });

  it('says that it is nested too deeply', () => {
    const [first] = problems(`a: ${'['.repeat(20_000)}${']'.repeat(20_000)}`);
    expect(first?.message).toMatch(/: it is nested too deeply$/);
  });

  it('reads a file of Windows: with a byte order mark, and lines that end with CR LF', () => {
    expect(load('\ufefftimeout: 1s\r\nretryPolicy:\r\n  maxAttempts: 2\r\n')).toMatchObject({
      timeoutMs: 1_000,
      retryPolicy: { maxAttempts: 2 },
    });
  });

  it('refuses tags it does not know, several documents, and endless aliases', () => {
    expect(problems('listen: !secret a:1')[0]?.message).toMatch(/^line 1, column 9: /);
    expect(problems('timeout: 1s\n---\ntimeout: 2s')[0]?.message).toBe(
      'line 2, column 1: a second document begins; there must be one',
    );
    const bomb =
      'a: &a [x, x, x, x, x, x, x, x, x, x, x]\nb: &b [*a, *a, *a, *a, *a, *a, *a, *a]\n';
    const list = '*b, '.repeat(90);
    expect(problems(`${bomb}c: [${list}]`)).toMatchObject([
      { message: 'an alias is unknown, or aliases expand to too much' },
    ]);
  });

  it.each([
    'apiKeyFile: "sk-secret',
    'a: }sk-secret',
    'a: [\n]]sk-secret',
    '@sk-secret',
    '\t- sk-secret: :',
  ])('does not repeat what stands in %j', (yaml) => {
    const found = problems(yaml, {});
    expect(found.length).toBeGreaterThan(0);
    expect(JSON.stringify(found)).not.toContain('secret');
  });
});

describe('environment', () => {
  it('wins over the file', () => {
    const environment = {
      ...KEY,
      OPENAI_BASE_URL: 'http://127.0.0.1:8080/v1',
      TAMMA_LISTEN: '127.0.0.1:0,unix:/tmp/a.sock',
      TAMMA_ADMIN_LISTEN: '127.0.0.1:0',
      TAMMA_LOG_LEVEL: 'debug',
      TAMMA_DATA_DIR: '/var/lib/tamma',
    };
    const yaml =
      '{baseUrl: "https://file.test", listen: "localhost:1", adminListen: "localhost:2", logLevel: warn, dataDir: d}';
    expect(load(yaml, environment)).toMatchObject({
      baseUrl: 'http://127.0.0.1:8080/v1',
      listen: ['127.0.0.1:0', 'unix:/tmp/a.sock'],
      adminListen: '127.0.0.1:0',
      logLevel: 'debug',
      dataDir: '/var/lib/tamma',
    });
  });

  it('counts an empty variable as unset', () => {
    const environment = { ...KEY, TAMMA_LISTEN: '', TAMMA_CONFIG: '', OPENAI_API_KEY_FILE: '' };
    const config = loadConfig({ environment, readFile: readFrom({}) });
    expect(config.listen).toEqual(['127.0.0.1:50051']);
  });

  it('is named by its variable, beside every problem of the file', () => {
    const environment = { TAMMA_LISTEN: 'nowhere', TAMMA_LOG_LEVEL: 'loud', OPENAI_BASE_URL: 'x' };
    const yaml = '{timeout: 2h, timeouts: {idle: 0, idel: 1}, colour: red, allowDispose: 1}';
    const found = problems(yaml, environment);
    expect(found.map(({ path, source }) => `${path} in ${source}`).sort()).toEqual([
      'OPENAI_API_KEY in environment',
      'OPENAI_BASE_URL in environment',
      'TAMMA_LISTEN in environment',
      'TAMMA_LOG_LEVEL in environment',
      'allowDispose in config.yaml',
      'colour in config.yaml',
      'timeout in config.yaml',
      'timeouts.idel in config.yaml',
      'timeouts.idle in config.yaml',
    ]);
  });

  it('is looked at also where the file is of no use', () => {
    const environment = { ...KEY, TAMMA_LOG_LEVEL: 'loud' };
    for (const yaml of ['[', '[]']) {
      expect(problems(yaml, environment).map(({ path }) => path)).toEqual([
        'config.yaml',
        'TAMMA_LOG_LEVEL',
      ]);
    }
  });

  it('puts every problem into the message of the error', () => {
    expect(() => load('{a: 1, b: 2}')).toThrow('a: unknown key\nb: unknown key');
  });
});
