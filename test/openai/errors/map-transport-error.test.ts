import { connect } from 'node:net';
import { describe, expect, it } from '@jest/globals';
import { ProviderError } from '../../../src/core/errors.ts';
import { fromTransportError } from '../../../src/openai/errors/map-error.ts';
import { ProxyError, TunnelError } from '../../../src/openai/errors/proxy-errors.ts';

function coded(code: string, message = 'internal.host:8443', cause?: unknown): Error {
  return Object.assign(new Error(message, { cause }), { code });
}

it("reads the parser's errors that have no code as something that is not HTTP", () => {
  const error = Object.assign(new Error('Response does not match'), { name: 'HTTPParserError' });
  expect(fromTransportError(error, 'm').reason).toBe('SERVICE_UNAVAILABLE');
});

describe('fromTransportError', () => {
  it.each([
    ['ENOTFOUND', 'NETWORK_ERROR', /DNS/],
    ['EAI_AGAIN', 'NETWORK_ERROR', /DNS/],
    ['EAI_FAIL', 'NETWORK_ERROR', /DNS/],
    ['ECONNREFUSED', 'NETWORK_ERROR', /refused/],
    ['EHOSTUNREACH', 'NETWORK_ERROR', /route/],
    ['EMFILE', 'NETWORK_ERROR', /files open/],
    ['EADDRNOTAVAIL', 'NETWORK_ERROR', /local port/],
    ['ECONNRESET', 'NETWORK_ERROR', /closed/],
    ['EPIPE', 'NETWORK_ERROR', /closed/],
    ['UND_ERR_SOCKET', 'NETWORK_ERROR', /closed/],
    ['CERT_HAS_EXPIRED', 'NETWORK_ERROR', /TLS certificate has expired.*clock is ahead/],
    ['CERT_NOT_YET_VALID', 'NETWORK_ERROR', /TLS certificate is not valid yet.*clock is behind/],
    ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'NETWORK_ERROR', /TLS .*trusted.* caFile/],
    ['UNABLE_TO_GET_ISSUER_CERT_LOCALLY', 'NETWORK_ERROR', /TLS .*trusted.* caFile/],
    ['UNABLE_TO_GET_CRL', 'NETWORK_ERROR', /TLS/],
    ['DEPTH_ZERO_SELF_SIGNED_CERT', 'NETWORK_ERROR', /TLS .*trusted.* caFile/],
    ['INVALID_PURPOSE', 'NETWORK_ERROR', /TLS/],
    ['UNSPECIFIED', 'NETWORK_ERROR', /TLS/],
    ['ERR_TLS_CERT_ALTNAME_INVALID', 'NETWORK_ERROR', /TLS certificate is for another host/],
    ['ERR_SSL_WRONG_VERSION_NUMBER', 'NETWORK_ERROR', /no TLS .*http:/],
    ['ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION', 'NETWORK_ERROR', /TLS/],
    ['HPE_INVALID_CONSTANT', 'SERVICE_UNAVAILABLE', /HTTP/],
    ['UND_ERR_RES_CONTENT_LENGTH_MISMATCH', 'SERVICE_UNAVAILABLE', /HTTP/],
    ['UND_ERR_DESTROYED', 'SHUTTING_DOWN', /shutting down/],
    ['NEVER_SEEN', 'NETWORK_ERROR', /could not be reached/],
  ])('reads %s as %s, in plain words', (code, reason, words) => {
    const error = fromTransportError(coded(code), 'gpt-test');
    expect(error.reason).toBe(reason);
    expect(error.message).toMatch(words);
    expect(error.message).not.toContain('internal.host');
    expect(error.facts.model).toBe('gpt-test');
    expect(error.facts.unasked ?? false).toBe(/No connection could be opened/.test(error.message));
  });

  it.each([
    ['UND_ERR_CONNECT_TIMEOUT', 'connect'],
    ['ETIMEDOUT', 'connect'],
    ['UND_ERR_HEADERS_TIMEOUT', 'headers'],
    ['UND_ERR_BODY_TIMEOUT', 'idle'],
  ])('reads %s as TIMEOUT in %s', (code, timeoutPhase) => {
    const error = fromTransportError(coded(code), 'gpt-test');
    expect(error.reason).toBe('TIMEOUT');
    expect(error.facts.timeoutPhase).toBe(timeoutPhase);
  });

  it('looks for the reason inside what wraps it', () => {
    const wrapped = new TypeError('fetch failed', {
      cause: new AggregateError([coded('ECONNREFUSED'), coded('ETIMEDOUT')]),
    });
    expect(fromTransportError(wrapped, 'm').message).toMatch(/refused/);
    expect(fromTransportError(wrapped, 'm').cause).toMatchObject({
      message: expect.stringContaining('TypeError : fetch failed; caused by AggregateError'),
    });
  });

  it('passes a ProviderError on, wrapped or not', () => {
    const error = new ProviderError('CANCELLED');
    expect(fromTransportError(error, 'm')).toBe(error);
    expect(fromTransportError(new Error('aborted', { cause: error }), 'm')).toBe(error);
  });

  it.each([['text'], [undefined], [null], [42], [{ message: 'm' }], [Object.create(null)]])(
    'takes anything that is thrown: %j',
    (thrown) => {
      const error = fromTransportError(thrown, 'm');
      expect(error.reason).toBe('NETWORK_ERROR');
      expect(error.cause).toBeInstanceOf(Error);
    },
  );

  it('ends on errors that cause each other', () => {
    const error = new Error('a');
    error.cause = error;
    expect(fromTransportError(error, 'm').reason).toBe('NETWORK_ERROR');
  });

  it('blots out keys in the cause', () => {
    const error = fromTransportError(coded('X', 'Invalid header value Bearer sk-abcdefgh1'), 'm');
    expect(error.cause).toMatchObject({ message: expect.not.stringContaining('abcdefgh1') });
  });

  it('reads what a real refused connection throws', async () => {
    const thrown = await new Promise((resolve) => {
      connect({ host: '127.0.0.1', port: 1 }).on('error', resolve);
    });
    expect(fromTransportError(thrown, 'm').message).toMatch(/refused/);
  });
});

it.each([
  [0, 'its answer was no HTTP response.'],
  [407, 'it answered 407, for it wants other credentials.'],
  [502, 'it answered 502.'],
])('tells a tunnel that was not made, by the status %i', (status, said) => {
  expect(fromTransportError(new TunnelError(status), '')).toMatchObject({
    reason: 'NETWORK_ERROR',
    message: `The proxy made no connection to the upstream: ${said}`,
  });
});

it.each([
  ['ECONNREFUSED', 'NETWORK_ERROR', 'The proxy refused the connection.'],
  ['ENOTFOUND', 'NETWORK_ERROR', "The proxy's host name could not be resolved (DNS)."],
  ['UND_ERR_CONNECT_TIMEOUT', 'TIMEOUT', 'The connection to the proxy took too long.'],
  ['NEVER_SEEN', 'NETWORK_ERROR', 'The proxy could not be reached, or it hung up.'],
])('says of the proxy what happened on the way to it: %s', (code, reason, message) => {
  const error = fromTransportError(new ProxyError(coded(code)), '');
  expect(error).toMatchObject({ reason, message });
  expect(error.cause).toMatchObject({ message: expect.stringContaining(code) });
});
