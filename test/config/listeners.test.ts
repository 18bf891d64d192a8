import { describe, expect, it } from '@jest/globals';
import { load, problems } from '../support/config.ts';

const TLS = 'certFile: a, keyFile: b';

describe('listening beyond this machine', () => {
  it.each([
    'listen: 0.0.0.0:1',
    'listen: "[::]:1"',
    'listen: "unix:/run/a.sock, sidecar.test:1"',
    'listen: ["localhost:1", "10.0.0.1:1"]',
    'listen: "[::ffff:127.0.0.1]:1"',
    'listen: 127.0.0.1.test:1',
    'listen: localhost.test:1',
    'adminListen: 0.0.0.0:1',
  ])('is refused as an address alone: %s', (yaml) => {
    expect(problems(yaml)).toMatchObject([{ message: expect.stringContaining('insecure: true') }]);
  });

  it.each([
    ['listen: [{address: "a:1"}]', 'listen[0].address'],
    [`listen: [{address: "a:1", tls: {${TLS}}}]`, 'listen[0].tls'],
    [
      `listen: [{address: "a:1", tls: {${TLS}, clientCaFile: c, clientCertificate: optional}}]`,
      'listen[0].tls',
    ],
    ['adminListen: {address: "a:1"}', 'adminListen.address'],
    [`adminListen: {address: "a:1", tls: {${TLS}}}`, 'adminListen.tls'],
  ])('needs TLS and known callers: %s', (yaml, path) => {
    expect(problems(yaml)).toMatchObject([{ path }]);
  });

  it.each([
    'listen: [{address: "a:1", insecure: true}]',
    `listen: [{address: "a:1", tls: {${TLS}, clientCaFile: c}}]`,
    `listen: [{address: "a:1", tls: {${TLS}}, insecure: true}]`,
    `adminListen: {address: "a:1", tls: {${TLS}, clientCaFile: c}}`,
    `{adminListen: {address: "a:1", tls: {${TLS}}}, admin: {tokenFile: t}}`,
    'adminListen: {address: "a:1", insecure: true}',
    'healthListen: 0.0.0.0:1',
    'metricsListen: 0.0.0.0:1',
  ])('is possible: %s', (yaml) => {
    expect(problems(yaml)).toEqual([]);
  });

  it('says what is wrong within a group', () => {
    expect(
      problems(`listen: ["localhost:1", {address: "a:1", tls: {${TLS}, clientCAFile: c}}]`),
    ).toEqual([
      {
        path: 'listen[1].tls.clientCAFile',
        message: 'unknown key; did you mean clientCaFile?',
        source: 'config.yaml',
      },
    ]);
  });

  it('is refused to variables, which know no more than an address', () => {
    const environment = { OPENAI_API_KEY: 'k', TAMMA_LISTEN: '0.0.0.0:1' };
    expect(() => load('', environment)).toThrow('TAMMA_LISTEN: must be of this machine');
    const open = {
      OPENAI_API_KEY: 'k',
      TAMMA_HEALTH_LISTEN: '0.0.0.0:1',
      TAMMA_METRICS_LISTEN: 'a:2',
    };
    expect(load('', open)).toMatchObject({ healthListen: '0.0.0.0:1', metricsListen: 'a:2' });
  });
});

describe('an upstream over plain http', () => {
  it.each([
    'http://localhost:1234/v1',
    'http://LOCALHOST',
    'http://127.0.0.1/v1',
    'http://127.8.8.8:1',
    'http://[::1]:1234/v1',
    'https://example.test',
    'HTTPS://example.test',
  ])('stays on this machine, or is none: %s', (url) => {
    expect(problems(`{baseUrl: "${url}", targets: {a: {baseUrl: "${url}"}}}`)).toEqual([]);
  });

  it.each([
    'http://vllm:8000/v1',
    'http://vllm.models.svc.cluster.local/v1',
    'http://10.0.0.1/v1',
    'http://localhost.test/v1',
    'http://127.0.0.1.test/v1',
    'http://[::2]/v1',
    'HTTP://example.test',
  ])('needs to be insisted on: %s', (url) => {
    expect(problems(`{baseUrl: "${url}", targets: {a: {baseUrl: "${url}"}}}`)).toMatchObject([
      { path: 'targets.a.baseUrl' },
      { path: 'baseUrl' },
    ]);
    const insisting = `{baseUrl: "${url}", insecureBaseUrl: true, targets: {a: {baseUrl: "${url}", insecure: true}}}`;
    expect(problems(insisting)).toEqual([]);
  });

  it('can be insisted on by a variable', () => {
    const environment = { OPENAI_API_KEY: 'k', OPENAI_BASE_URL: 'http://ollama:11434/v1' };
    expect(() => load('', environment)).toThrow(
      'OPENAI_BASE_URL: must be https beyond this machine',
    );
    const insisting = { ...environment, TAMMA_INSECURE_BASE_URL: 'true' };
    expect(load('', insisting)).toMatchObject({ insecureBaseUrl: true });
    expect(() => load('', { ...environment, TAMMA_INSECURE_BASE_URL: 'yes' })).toThrow(
      'TAMMA_INSECURE_BASE_URL: must be true or false',
    );
  });
});
