import { describe, expect, it } from '@jest/globals';
import { loadConfig } from '../../src/config/load.ts';
import { KEY, load, problems, problemsOf, readFrom } from '../support/config.ts';

describe('API key', () => {
  const files = { '/run/key': ' file-key\n', '/run/empty': '\n', '/run/two': 'one two\n' };

  const FILE_KEY = { secret: 'file-key', weight: 1, file: '/run/key' };

  it('comes from OPENAI_API_KEY first, and then no file is opened', () => {
    const environment = { ...KEY, OPENAI_API_KEY_FILE: '/none' };
    expect(load('apiKeyFile: /none', environment).keys).toEqual([
      { secret: 'test-key', weight: 1, environment: 'OPENAI_API_KEY' },
    ]);
  });

  it.each(['\n', '\r', ' \t'])('comes from a variable without %j around it', (space) => {
    const environment = {
      OPENAI_API_KEY: `${space}sk-1${space}`,
      TAMMA_DATA_DIR: `/data${space}`,
      TAMMA_LOG_LEVEL: space,
    };
    const { keys, dataDir, logLevel } = load('logLevel: warn', environment);
    expect({ keys, dataDir, logLevel }).toMatchObject({
      keys: [{ secret: 'sk-1' }],
      dataDir: '/data',
      logLevel: 'warn',
    });
  });

  it('comes from the file that OPENAI_API_KEY_FILE names next, trimmed', () => {
    const environment = { OPENAI_API_KEY_FILE: '/run/key' };
    expect(load('apiKeyFile: /none', environment, files).keys).toEqual([FILE_KEY]);
  });

  it('comes from apiKeyFile last, whose name is no part of the result', () => {
    const config = load('apiKeyFile: /run/key', {}, files);
    expect(config.keys).toEqual([FILE_KEY]);
    expect(Object.keys(config)).not.toContain('apiKeyFile');
  });

  it('is missed in one sentence that names every way to give it', () => {
    const found = problemsOf(() => loadConfig({ environment: {}, readFile: readFrom({}) }));
    expect(found).toHaveLength(1);
    expect(found[0]?.message).toMatch(
      /OPENAI_API_KEY, .*OPENAI_API_KEY_FILE .*apiKeyFile or keys .* defaultModel .* simulate --help$/,
    );
  });

  it('is not missed as well where apiKeyFile is wrong', () => {
    expect(problems('apiKeyFile: 3', {}).map(({ path }) => path)).toEqual(['apiKeyFile']);
  });

  it.each([
    ['OPENAI_API_KEY_FILE', 'environment', '', { OPENAI_API_KEY_FILE: '/none' }, 'ENOENT'],
    ['apiKeyFile', 'config.yaml', 'apiKeyFile: /none', {}, 'ENOENT'],
    ['apiKeyFile', 'config.yaml', 'apiKeyFile: /run/empty', {}, 'the file is empty'],
    ['apiKeyFile', 'config.yaml', 'apiKeyFile: /run/two', {}, 'whitespace'],
    ['OPENAI_API_KEY', 'environment', '', { OPENAI_API_KEY: 'sk- secret' }, 'whitespace'],
    ['OPENAI_API_KEY', 'environment', '', { OPENAI_API_KEY: 'sk-secret\u0007' }, 'control'],
    ['OPENAI_API_KEY', 'environment', '', { OPENAI_API_KEY: 'sk-sécret' }, 'ASCII'],
  ])('is refused at %s (%s: %j %j) without being repeated', (path, source, yaml, env, reason) => {
    const found = problems(yaml, env as Record<string, string>, files);
    expect(found).toEqual([{ path, source, message: expect.stringContaining(reason) }]);
    expect(JSON.stringify(found)).not.toMatch(/secret|sécret|one two/);
  });
});
