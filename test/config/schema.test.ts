import { describe, expect, it } from '@jest/globals';
import { load, problems } from '../support/config.ts';

describe('values of the file', () => {
  it.each([
    ['500ms', 500],
    ['30s', 30_000],
    ['5m', 300_000],
    ['1h', 3_600_000],
    ['2d', 172_800_000],
    ['"1500"', 1_500],
    ['1500', 1_500],
  ])('reads the duration %s as %d ms', (written, ms) => {
    expect(load(`{timeout: ${written}, limits: {maxDeadline: 24d}}`).timeoutMs).toBe(ms);
  });

  it.each([
    '0',
    '-1',
    '1.5',
    '1.5s',
    '30 s',
    '30S',
    '577h',
    '2073600001',
    'soon',
    '[1]',
    'true',
    '',
  ])('refuses the duration %j', (written) => {
    expect(problems(`timeouts: {connect: ${written}}`)).toEqual([
      {
        path: 'timeouts.connect',
        message: expect.stringContaining('must be a duration from 1ms to 24d'),
        source: 'config.yaml',
      },
    ]);
  });

  it.each([
    ['64KiB', 65_536],
    ['32MiB', 33_554_432],
    ['1GiB', 1_073_741_824],
    ['70000B', 70_000],
    ['70000', 70_000],
  ])('reads the size %s as %d bytes', (written, bytes) => {
    expect(load(`limits: {maxMessageSize: ${written}}`).limits.maxMessageBytes).toBe(bytes);
  });

  it.each(['1KiB', '2GiB', '32MB', '32mib', '99999'.repeat(4)])(
    'refuses the size %s',
    (written) => {
      expect(problems(`limits: {maxMessageSize: ${written}}`)).toMatchObject([
        { path: 'limits.maxMessageSize', message: expect.stringContaining('from 64KiB to 1GiB') },
      ]);
    },
  );

  it.each(['0', '1.5', '100001', '"10"'])('refuses %s concurrent streams', (written) => {
    expect(problems(`limits: {maxConcurrentStreams: ${written}}`)).toMatchObject([
      { path: 'limits.maxConcurrentStreams', message: 'must be a whole number from 1 to 100000' },
    ]);
  });

  it('lets a drain cut running calls at once', () => {
    expect(load('drain: {gracePeriod: 0}').drain.gracePeriodMs).toBe(0);
  });

  it('keeps the default deadline within the longest one', () => {
    expect(problems('limits: {maxDeadline: 5m}')).toEqual([
      {
        path: 'timeout',
        message: 'must not be longer than limits.maxDeadline',
        source: 'config.yaml',
      },
    ]);
    expect(load('{timeout: 5m, limits: {maxDeadline: 5m}}').timeoutMs).toBe(300_000);
  });

  it('takes organization and project as they are, and leaves them out where they are not given', () => {
    expect(load('{organization: org-1, project: proj_1}')).toMatchObject({
      organization: 'org-1',
      project: 'proj_1',
    });
    expect(Object.keys(load(''))).not.toContain('organization');
  });

  it.each(['organization: "a b"', 'project: "é"', 'defaultModel: ""', 'organization: 3'])(
    'refuses %s, which no header can carry',
    (yaml) => {
      expect(problems(yaml)).toMatchObject([
        { message: 'must be visible ASCII characters without a space, at most 256' },
      ]);
    },
  );

  it('cuts closing slashes off the base URL', () => {
    expect(load('baseUrl: http://localhost:11434/v1//').baseUrl).toBe('http://localhost:11434/v1');
  });

  it.each([
    'api.openai.com/v1',
    'ftp://example.test',
    'https://user:hunter2@example.test/v1',
    'https://user@example.test/v1',
    'https://example.test/v1?api-version=1',
    'https://example.test/v1#part',
    'https://exa mple.test/',
    'https://',
  ])('refuses the base URL %s without repeating it', (url) => {
    const found = problems(`baseUrl: "${url}"`);
    expect(found).toEqual([
      {
        path: 'baseUrl',
        message: 'must be an http or https URL without credentials, query and fragment',
        source: 'config.yaml',
      },
    ]);
  });

  it.each([
    ['allowDispose: "yes"', 'allowDispose', 'must be true or false'],
    ['logLevel: loud', 'logLevel', 'must be one of trace, debug, info, warn, error, fatal, silent'],
    ['timeouts: 30s', 'timeouts', 'must be a group of keys'],
    ['limits:', 'limits', 'must be a group of keys'],
    ['apiKeyFile: ""', 'apiKeyFile', 'must be the path of a file'],
    ['- defaultModel', 'config.yaml', 'must be a group of keys'],
    ['just text', 'config.yaml', 'must be a group of keys'],
  ])('explains what is wrong with %s', (yaml, path, message) => {
    expect(problems(yaml)).toEqual([{ path, message, source: 'config.yaml' }]);
  });
});

describe('models, profiles and tasks', () => {
  it('are read as they are written', () => {
    const config = load(`
api: responses
dropUnsupported: true
catalogue:
  file: models.yaml
  unknownModels: allow
  shutDownModels: redirect
  declared: [{pattern: "llama-*", contextWindow: 8192, supports: {tools: true}}]
profiles: {"gpt-5*": {reasoningEffort: low}, gpt-4: null}
tasks: {planning: {temperatureFactor: 0}, analysis: null}
`);
    expect(config).toMatchObject({
      api: 'responses',
      dropUnsupported: true,
      catalogue: {
        file: 'models.yaml',
        unknownModels: 'allow',
        shutDownModels: 'redirect',
        declared: [{ pattern: 'llama-*', contextWindow: 8192, supports: { tools: true } }],
      },
      profiles: { 'gpt-5*': { reasoningEffort: 'low' }, 'gpt-4': null },
      tasks: { planning: { temperatureFactor: 0 }, analysis: null },
    });
  });

  const TOKENS = 'must be a whole number from 1 to 2147483647';

  it.each([
    ['api: chat', 'api', 'must be one of auto, chat_completions, responses'],
    [
      'catalogue: {unknownModels: warn}',
      'catalogue.unknownModels',
      'must be one of auto, refuse, allow',
    ],
    ['catalogue: {declared: {}}', 'catalogue.declared', 'must be a list'],
    [
      'catalogue: {declared: [{contextWindow: 1}]}',
      'catalogue.declared[0].pattern',
      'must be visible ASCII characters without a space, at most 256',
    ],
    [
      'catalogue: {declared: [{pattern: a, maxOutputTokens: 0}]}',
      'catalogue.declared[0].maxOutputTokens',
      TOKENS,
    ],
    [
      'catalogue: {declared: [{pattern: a, supports: {toolsOnChatCompletions: no}}]}',
      'catalogue.declared[0].supports.toolsOnChatCompletions',
      'must be true, false or without_reasoning',
    ],
    [
      'catalogue: {declared: [{pattern: a, prices: {standard: {input: 1.25}}}]}',
      'catalogue.declared[0].prices.standard.input',
      'must be a decimal in quotes, such as "1.25"',
    ],
    ['profiles: []', 'profiles', 'must be a group of keys'],
    ['profiles: {"a b": {}}', 'profiles."a b"', 'must have the name or a pattern of models'],
    ['profiles: {a: 1}', 'profiles.a', 'must be a group of keys'],
    ['profiles: {a: {temperature: 2.1}}', 'profiles.a.temperature', 'must be a number from 0 to 2'],
    ['profiles: {a: {maxTokens: 1.5}}', 'profiles.a.maxTokens', TOKENS],
    [
      'profiles: {a: {systemPrompt: ""}}',
      'profiles.a.systemPrompt',
      'must be a text of 1 to 65536 characters',
    ],
    [
      'tasks: {planning: {temperatureFactor: -1}}',
      'tasks.planning.temperatureFactor',
      'must be a number from 0 to 10',
    ],
    ['tasks:', 'tasks', 'must be a group of keys'],
  ])('are explained where they are wrong (%s)', (yaml, path, message) => {
    expect(problems(yaml)).toEqual([{ path, message, source: 'config.yaml' }]);
  });

  it.each([
    ['profiles: {a: {temprature: 1}}', 'profiles.a.temprature', 'temperature'],
    ['tasks: {codeGeneration: {}}', 'tasks.codeGeneration', 'code_generation'],
    [
      'catalogue: {declared: [{pattern: a, supports: {image: true}}]}',
      'catalogue.declared[0].supports.image',
      'images',
    ],
  ])('suggest the key that was meant by %s', (yaml, path, meant) => {
    const message = `unknown key; did you mean ${meant}?`;
    expect(problems(yaml)).toEqual([{ path, message, source: 'config.yaml' }]);
  });
});

describe('unknown keys', () => {
  it.each([
    ['base_url: x', 'base_url', 'unknown key; did you mean baseUrl?'],
    ['timeouts: {idel: 1s}', 'timeouts.idel', 'unknown key; did you mean idle?'],
    ['limits: {max-deadline: 1s}', 'limits.max-deadline', 'unknown key; did you mean maxDeadline?'],
    ['colour: red', 'colour', 'unknown key'],
    ['retry: {}', 'retry', 'unknown key; did you mean retryPolicy?'],
    ['adminListenAddress: a', 'adminListenAddress', 'unknown key; did you mean adminListen?'],
    ['timeouts.idle: 1s', '"timeouts.idle"', 'unknown key; did you mean timeouts?'],
    ['maxAttempts: 3', 'maxAttempts', 'unknown key; did you mean retryPolicy.maxAttempts?'],
    ['urlFile: /url', 'urlFile', 'unknown key; did you mean redis.urlFile?'],
    ['tls: {}', 'tls', 'unknown key; did you mean listen.tls or adminListen.tls?'],
    ['__proto__: 1', '__proto__', 'unknown key; did you mean proxy?'],
    ['"a\\nb": 1', '"a\\nb"', 'unknown key'],
    [`${'x'.repeat(70)}: 1`, `"${'x'.repeat(64)}"`, 'unknown key'],
  ])('refuses %s', (yaml, path, message) => {
    expect(problems(yaml)).toEqual([{ path, message, source: 'config.yaml' }]);
  });

  it.each(['apiKey', 'apiKeys', 'api_key', 'APIKEY', 'openaiApiKey', 'OPENAI_API_KEY'])(
    'refuses a key under %s and says where it belongs',
    (name) => {
      const found = problems(`${name}: sk-secret`, {});
      expect(found).toEqual([
        {
          path: name,
          message:
            'an API key does not belong into this file: set OPENAI_API_KEY or OPENAI_API_KEY_FILE, or name a file in apiKeyFile or keys',
          source: 'config.yaml',
        },
      ]);
    },
  );
});
