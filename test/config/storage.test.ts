import { describe, expect, it } from '@jest/globals';
import { KEY, load, problems } from '../support/config.ts';

const FILES = {
  '/run/redis': 'rediss://user:p%40ss@redis.test:6380/2\n',
  '/run/empty': '',
  '/run/http': 'http://:secret@redis.test',
};
const VARIABLE = { ...KEY, TAMMA_REDIS_URL: 'redis://:secret@from.environment' };

describe('the ledger', () => {
  it('may keep its records longer than any timer runs', () => {
    expect(load('ledger: {retention: 3650d}').ledger.retentionMs).toBe(315_360_000_000);
  });

  it.each(['59m', '3651d', 'forever'])('does not keep them for %s', (written) => {
    expect(problems(`ledger: {retention: ${written}}`)).toMatchObject([
      {
        path: 'ledger.retention',
        message: expect.stringMatching(/^must be a duration from 1h to/),
      },
    ]);
  });

  it('is in a directory if one is named', () => {
    expect(load('dataDir: /var/lib/tamma').dataDir).toBe('/var/lib/tamma');
    expect(load('')).not.toHaveProperty('dataDir');
    expect(problems('dataDir: ""')).toMatchObject([{ path: 'dataDir' }]);
  });
});

describe('store: redis', () => {
  it('takes its URL from TAMMA_REDIS_URL first, then from a file, then from the configuration', () => {
    const file = 'redis: {urlFile: /run/redis}';
    const url = 'redis: {url: "redis://open.test:6379"}';
    const read = (redis: string, environment = KEY) => {
      const config = load(`{store: redis, ${redis}}`, environment, FILES);
      return [config.redisUrl, config.redis.urlFile, config.redis.url];
    };
    expect(read(file, VARIABLE)).toEqual([
      'redis://:secret@from.environment',
      undefined,
      undefined,
    ]);
    expect(read(file)).toEqual(['rediss://user:p%40ss@redis.test:6380/2', '/run/redis', undefined]);
    expect(read(url)).toEqual(['redis://open.test:6379', undefined, 'redis://open.test:6379']);
  });

  it('has settings of its own', () => {
    const yaml =
      '{store: redis, redis: {keyPrefix: "t:", leaseDuration: 1m, timeout: 2s, onOutage: allow, name: pod-1}}';
    expect(load(yaml, VARIABLE).redis).toEqual({
      keyPrefix: 't:',
      leaseDurationMs: 60_000,
      timeoutMs: 2_000,
      onOutage: 'allow',
      name: 'pod-1',
    });
  });

  it('is the only one that looks for a URL', () => {
    const config = load('redis: {urlFile: /none}', { ...KEY, TAMMA_REDIS_URL: 'nonsense' });
    expect(config).not.toHaveProperty('redisUrl');
    expect(config.redis).toEqual({
      keyPrefix: 'tamma:',
      leaseDurationMs: 30_000,
      timeoutMs: 1_000,
      onOutage: 'refuse',
    });
  });

  it.each(['store: redis', '{store: redis, redis: {name: a}}'])('misses a URL (%s)', (yaml) => {
    expect(problems(yaml)).toEqual([
      {
        path: 'redis.url',
        message:
          'store: redis needs the URL of the server: set TAMMA_REDIS_URL, or give redis.url or redis.urlFile',
        source: 'config.yaml',
      },
    ]);
  });

  it.each([
    ['url: "redis://:secret@a.test"', 'url', 'must be a redis or rediss URL without credentials'],
    ['url: "http://a.test"', 'url', 'must be a redis or rediss URL without credentials'],
    ['url: "redis://a.test?x=secret"', 'url', 'must be a redis or rediss URL without credentials'],
    ['url: "redis://a.test/zero"', 'url', 'must be a redis or rediss URL without credentials'],
    ['url: "redis://"', 'url', 'must be a redis or rediss URL without credentials'],
    ['url: ""', 'url', 'must be a redis or rediss URL without credentials'],
    ['url: 3', 'url', 'must be a redis or rediss URL without credentials'],
    ['urlFile: ""', 'urlFile', 'must be the path of a file'],
    ['urlFile: /none', 'urlFile', 'the file cannot be read (ENOENT)'],
    ['urlFile: /run/empty', 'urlFile', 'the file is empty'],
    ['urlFile: /run/http', 'urlFile', 'must be a redis or rediss URL without query'],
    ['url: "redis://a.test", urlFile: /run/redis', 'urlFile', 'must not be given beside redis.url'],
    ['url: "redis://a.test", leaseDuration: 1ms', 'leaseDuration', 'a duration from 1s to 1d'],
    ['url: "redis://a.test", timeout: 2m', 'timeout', 'a duration from 100ms to 2s'],
    ['url: "redis://a.test", onOutage: wait', 'onOutage', 'must be one of refuse, allow'],
    ['url: "redis://a.test", name: "a b"', 'name', 'must be 1 to 128 letters, digits'],
  ])('explains what is wrong with %s, without repeating it', (redis, key, message) => {
    const found = problems(`{store: redis, redis: {${redis}}}`, KEY, FILES);
    expect(found).toEqual([
      { path: `redis.${key}`, message: expect.stringContaining(message), source: 'config.yaml' },
    ]);
    expect(JSON.stringify(found)).not.toContain('secret');
  });

  it.each(['secret', 'redis://:%zz@a.test', 'redis://a.test#secret', 'unix:/run/redis.sock'])(
    'refuses TAMMA_REDIS_URL where it is none (%s)',
    (url) => {
      expect(problems('store: redis', { ...KEY, TAMMA_REDIS_URL: url })).toEqual([
        {
          path: 'TAMMA_REDIS_URL',
          message: 'must be a redis or rediss URL without query and fragment',
          source: 'environment',
        },
      ]);
    },
  );

  it('leaves it to the schema to say that its group is none', () => {
    expect(problems('{store: redis, redis: 3}')).toMatchObject([
      { path: 'redis', message: 'must be a group of keys' },
    ]);
  });
});
