import { afterEach, describe, expect, it } from '@jest/globals';
import { codeName, failureOf, statusDetail } from '../support/grpc-client.ts';
import { aRequest, type RunningApp, startApp } from '../support/running-app.ts';
import { startStubUpstream } from '../support/upstream/index.ts';

let running: RunningApp;
afterEach(() => running.stop());

async function expectNetworkError(sentence: string): Promise<void> {
  const failure = await failureOf(running.client.provider.unary('SendMessageSync', aRequest()));
  expect(codeName(failure)).toBe('UNAVAILABLE');
  expect(failure.details).toBe(sentence);
  const { reason, metadata } = statusDetail(failure, 'google.rpc.ErrorInfo');
  expect(reason).toBe('NETWORK_ERROR');
  expect(metadata).toMatchObject({ attempts: '1', retryable: 'true' });
  expect(metadata).not.toHaveProperty('upstream_status');
  expect(statusDetail(failure, 'google.rpc.RetryInfo')).toBeDefined();
}

describe('an upstream that cannot be reached', () => {
  it('is a network error while its port is closed, and no longer', async () => {
    running = await startApp();
    const { stub, client } = running;
    const { port } = stub;
    await stub.close();
    await expectNetworkError('The upstream refused the connection.');

    const successor = await startStubUpstream({ port });
    await expect(client.provider.unary('SendMessageSync', aRequest())).resolves.toBeDefined();
    await successor.close();
  });

  it('is a network error when its name does not resolve', async () => {
    running = await startApp('timeouts: { connect: 1m }', {
      OPENAI_BASE_URL: 'http://upstream.invalid/v1',
    });
    await expectNetworkError("The upstream's host name could not be resolved (DNS).");
  }, 30_000);

  it('is a network error when it does not speak TLS', async () => {
    const plain = await startStubUpstream();
    running = await startApp('', { OPENAI_BASE_URL: plain.url.replace('http:', 'https:') });
    await expectNetworkError('No trusted TLS connection to the upstream could be made.');
    await plain.close();
  });
});
