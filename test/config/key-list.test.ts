import { describe, expect, it } from '@jest/globals';
import { KEY, load, problems } from '../support/config.ts';

const FILES = { '/run/a': ' key-a\n', '/run/b': 'key-b', '/run/empty': ' \n', '/run/two': 'a b' };

describe('keys', () => {
  it('are those of files and variables, behind the one that is given by itself', () => {
    const yaml = 'keys: [{file: /run/a, weight: 3}, {environment: OTHER_KEY}]';
    expect(load(yaml, { ...KEY, OTHER_KEY: 'key-c' }, FILES).keys).toEqual([
      { secret: 'test-key', weight: 1, environment: 'OPENAI_API_KEY' },
      { secret: 'key-a', weight: 3, file: '/run/a' },
      { secret: 'key-c', weight: 1, environment: 'OTHER_KEY' },
    ]);
  });

  it('need no other key beside them', () => {
    expect(load('keys: [{file: /run/a}]', {}, FILES).keys).toHaveLength(1);
  });

  it('may repeat the one that is given by itself, to weigh it', () => {
    const yaml = 'keys: [{file: /run/a}, {environment: OPENAI_API_KEY, weight: 5}]';
    expect(load(yaml, KEY, FILES).keys).toEqual([
      { secret: 'key-a', weight: 1, file: '/run/a' },
      { secret: 'test-key', weight: 5, environment: 'OPENAI_API_KEY' },
    ]);
  });

  it('of a target are its own, and it may have none', () => {
    const yaml = `
targets:
  a: {baseUrl: "https://a.test", keys: [{file: /run/a}]}
  b: {baseUrl: "http://localhost:11434/v1"}
`;
    const { targets } = load(yaml, KEY, FILES);
    expect(targets.a?.keys).toEqual([{ secret: 'key-a', weight: 1, file: '/run/a' }]);
    expect(targets.b?.keys).toEqual([]);
  });

  it('are missed where the list is empty', () => {
    expect(problems('keys: []', {})).toMatchObject([
      { path: 'OPENAI_API_KEY', message: expect.stringMatching(/^no API key is given/) },
    ]);
  });

  it.each([
    ['{file: /none}', '.file', 'the file cannot be read (ENOENT)'],
    ['{file: /run/empty}', '.file', 'the file is empty'],
    ['{file: /run/two}', '.file', 'the key holds whitespace, a control character or one'],
    ['{file: ""}', '.file', 'must be the path of a file'],
    ['{environment: UNSET}', '.environment', 'the variable is not set, or empty'],
    ['{environment: EMPTY}', '.environment', 'the variable is not set, or empty'],
    ['{environment: SPACED}', '.environment', 'the key holds whitespace, a control character'],
    ['{environment: sk-secret}', '.environment', 'must be the name of an environment variable'],
    ['{environment: 3}', '.environment', 'must be the name of an environment variable'],
    ['{file: /run/a, environment: UNSET}', '', 'must name either a file or an environment'],
    ['{weight: 2}', '', 'must name either a file or an environment variable'],
    ['{file: /run/a, weight: 0}', '.weight', 'must be a whole number from 1 to 1000'],
    ['{file: /run/a, weight: 1001}', '.weight', 'must be a whole number from 1 to 1000'],
    ['{fiel: /run/a}', '.fiel', 'unknown key; did you mean file?'],
    ['sk-secret', '', 'must be a group of keys: file or environment, weight and quotaGroup'],
  ])('are refused at their place and without being repeated (%s)', (entry, place, message) => {
    const environment = { ...KEY, EMPTY: '', SPACED: 'sk- secret' };
    for (const [yaml, path] of [
      [`keys: [${entry}]`, 'keys[0]'],
      [`targets: {a: {baseUrl: "https://a.test", keys: [${entry}]}}`, 'targets.a.keys[0]'],
    ] as const) {
      const found = problems(yaml, environment, FILES);
      expect(found).toEqual([
        {
          path: `${path}${place}`,
          message: expect.stringContaining(message),
          source: 'config.yaml',
        },
      ]);
      expect(JSON.stringify(found)).not.toMatch(/secret|UNSET/);
    }
  });

  it('are told apart: none may be in a list twice', () => {
    const yaml = 'keys: [{file: /run/a}, {file: /run/b}, {environment: SAME}]';
    expect(problems(yaml, { ...KEY, SAME: 'key-a' }, FILES)).toEqual([
      {
        path: 'keys[2]',
        message: 'holds the same API key as the entry 1 of the list',
        source: 'config.yaml',
      },
    ]);
  });

  it('are read beside every other problem', () => {
    const yaml = '{keys: [{file: /none, weight: 0}, 3], targets: {a: 3, b: {keys: 3}}, x: 1}';
    const paths = problems(yaml, {}).map(({ path }) => path);
    expect(paths.sort()).toEqual([
      'keys[0].file',
      'keys[0].weight',
      'keys[1]',
      'targets.a',
      'targets.b.baseUrl',
      'targets.b.keys',
      'x',
    ]);
  });
});
