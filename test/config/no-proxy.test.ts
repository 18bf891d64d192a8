import { describe, expect, it } from '@jest/globals';
import { isExempt, isLoopback } from '../../src/config/no-proxy.ts';
import { load, problems } from '../support/config.ts';

const exempt = (url: string, list: string) => isExempt(new URL(url), list);

describe('NO_PROXY', () => {
  it.each([
    ['https://api.openai.com/v1', '*'],
    ['https://api.openai.com/v1', 'other.test, api.openai.com'],
    ['https://api.openai.com/v1', 'other.test openai.com'],
    ['https://api.openai.com/v1', '.openai.com'],
    ['https://api.openai.com/v1', '*.OpenAI.com'],
    ['https://api.openai.com/v1', 'openai.com.'],
    ['https://api.openai.com./v1', 'openai.com'],
    ['https://api.openai.com/v1', 'api.openai.com:443'],
    ['http://api.test/v1', 'api.test:80'],
    ['http://api.test:8080/v1', 'api.test:8080'],
    ['https://10.1.2.3/v1', '10.1.2.3'],
    ['https://10.1.2.3:8443/v1', '10.1.2.3:8443'],
    ['https://10.1.2.3/v1', '10.0.0.0/8'],
    ['https://10.1.2.3/v1', '192.168.0.0/16,10.1.2.0/24'],
    ['https://[fd00::1:2]/v1', 'fd00::/8'],
    ['https://[fd00::1:2]/v1', '[fd00::1:2]'],
    ['https://[fd00::1:2]:8443/v1', '[fd00::1:2]:8443'],
    ['https://[::ffff:10.1.2.3]/v1', '10.0.0.0/8'],
    ['https://10.1.2.3/v1', '0.0.0.0/0'],
  ])('%s is exempt by %s', (url, list) => {
    expect(exempt(url, list)).toBe(true);
  });

  it.each([
    ['https://api.openai.com/v1', ''],
    ['https://api.openai.com/v1', ' , ,'],
    ['https://api.openai.com/v1', '.'],
    ['https://api.openai.com/v1', 'ai.com,penai.com'],
    ['https://openai.com.evil.test/v1', 'openai.com'],
    ['https://api.openai.com/v1', 'api.openai.com:8443'],
    ['https://10.1.2.3/v1', '11.0.0.0/8'],
    ['https://10.1.2.3/v1', '10.0.0.0/33'],
    ['https://10.1.2.3/v1', '10.0.0.0/8/8,10.0.0.0/x,/8'],
    ['https://10.1.2.3/v1', 'fd00::/8'],
    ['https://10.test/v1', '10.0.0.0/8'],
  ])('%s is not exempt by "%s"', (url, list) => {
    expect(exempt(url, list)).toBe(false);
  });

  it.each([
    'localhost',
    'a.localhost',
    'LOCALHOST.',
    '127.0.0.1',
    '127.9.9.9',
    '[::1]',
    '[::ffff:7f00:1]',
  ])('%s is this machine', (host) => {
    expect(isLoopback(new URL(`http://${host}:1/v1`))).toBe(true);
  });

  it.each(['localhost.test', '128.0.0.1', '[::2]', '10.0.0.1'])('%s is not', (host) => {
    expect(isLoopback(new URL(`http://${host}:1/v1`))).toBe(false);
  });
});

describe('the proxy of an upstream', () => {
  const PROXIES = {
    OPENAI_API_KEY: 'k',
    HTTPS_PROXY: 'http://user:pass%40word@secure.test:3128',
    HTTP_PROXY: 'plain.test:3128',
  };
  const proxyOf = (yaml: string, environment: Record<string, string> = PROXIES) =>
    load(yaml, environment).proxyUrl;

  it('is that of the environment for its scheme', () => {
    expect(proxyOf('')).toBe('http://user:pass%40word@secure.test:3128/');
    expect(proxyOf('{insecureBaseUrl: true, baseUrl: "http://a.test/v1"}')).toBe(
      'http://plain.test:3128/',
    );
    expect(proxyOf('', { OPENAI_API_KEY: 'k', https_proxy: 'https://a.test' })).toBe(
      'https://a.test/',
    );
    expect(proxyOf('', { ...PROXIES, https_proxy: 'lower.test' })).toBe('http://lower.test/');
    expect(proxyOf('', { OPENAI_API_KEY: 'k', HTTPS_PROXY: '' })).toBeUndefined();
  });

  it('is none where NO_PROXY names the upstream', () => {
    expect(proxyOf('', { ...PROXIES, NO_PROXY: 'openai.com' })).toBeUndefined();
    expect(proxyOf('', { ...PROXIES, NO_PROXY: 'openai.com', no_proxy: 'a.test' })).toBeDefined();
  });

  it('is what the configuration says, which knows no exemption but this machine', () => {
    const environment = { ...PROXIES, NO_PROXY: '*' };
    const own = 'http://own.test:8080';
    expect(proxyOf(`proxy: ${own}`, environment)).toBe(own);
    expect(proxyOf('proxy: none')).toBeUndefined();
    expect(proxyOf(`{proxy: "${own}", baseUrl: "http://127.0.0.1:1/v1"}`)).toBeUndefined();
  });

  it("is a target's own, or that of the top level", () => {
    const { targets } = load(
      `
proxy: http://own.test:8080
targets:
  same: {baseUrl: "https://a.test/v1"}
  none: {baseUrl: "https://a.test/v1", proxy: none}
  other: {baseUrl: "https://a.test/v1", proxy: "https://b.test"}
  environment: {baseUrl: "https://a.test/v1", proxy: environment}
`,
      PROXIES,
    );
    expect(Object.entries(targets).map(([name, { proxyUrl }]) => [name, proxyUrl])).toEqual([
      ['same', 'http://own.test:8080'],
      ['none', undefined],
      ['other', 'https://b.test'],
      ['environment', `${PROXIES.HTTPS_PROXY}/`],
    ]);
  });

  it.each([
    'timeout: x',
    '{timeout: x, baseUrl: "http://127.0.0.1:1/v1", targets: {a: {baseUrl: "https://a.test/v1"}}}',
    '{timeout: x, proxy: none, targets: {a: {baseUrl: "https://a.test/v1", proxy: environment}}}',
  ])('is told to be wrong beside what else is, and once: %s', (yaml) => {
    const environment = { OPENAI_API_KEY: 'k', HTTPS_PROXY: 'socks5://a.test' };
    const paths = (text: string) => problems(text, environment).map(({ path }) => path);
    expect(paths(yaml)).toEqual(['timeout', 'HTTPS_PROXY']);
    expect(paths(yaml.replace('timeout: x', 'timeout: 1s'))).toEqual(['HTTPS_PROXY']);
  });

  it('is not asked for where no upstream is reached through it', () => {
    const environment = { OPENAI_API_KEY: 'k', HTTPS_PROXY: 'socks5://a.test' };
    const elsewhere = ['proxy: none', 'baseUrl: "http://127.0.0.1:1/v1"', 'baseUrl: x'];
    for (const way of elsewhere) {
      const paths = problems(`{timeout: x, ${way}}`, environment).map(({ path }) => path);
      expect(paths).not.toContain('HTTPS_PROXY');
    }
  });

  it.each([
    'socks5://a.test:1080',
    'http://',
    'http://a b',
    'http://%ff@a.test',
    'http://a.test?b',
  ])('is refused by its variable if it is %s, and not repeated', (HTTPS_PROXY) => {
    const message = 'must be the http or https URL of a proxy';
    expect(problems('', { OPENAI_API_KEY: 'k', HTTPS_PROXY })).toEqual([
      { path: 'HTTPS_PROXY', message, source: 'environment' },
    ]);
  });

  it.each(['http://user:pass@a.test', 'socks5://a.test', 'a.test:3128', ''])(
    'is refused in the file if it is "%s"',
    (proxy) => {
      expect(problems(`proxy: "${proxy}"`)).toMatchObject([{ path: 'proxy' }]);
    },
  );
});

describe('the file of certificates', () => {
  it.each([
    ['no certificate', 'nothing', 'the file holds no certificate in PEM'],
    [
      'a bad one',
      '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----',
      'the certificate 1 of the file cannot be read',
    ],
  ])('is refused if it holds %s', (_, text, message) => {
    expect(problems('caFile: /ca', undefined, { '/ca': text })).toEqual([
      { path: 'caFile', message, source: 'config.yaml' },
    ]);
    const target = 'targets: {a: {baseUrl: "https://a.test", caFile: /ca}}';
    expect(problems(target, undefined, { '/ca': text })).toMatchObject([
      { path: 'targets.a.caFile' },
    ]);
  });
});
