import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from '@jest/globals';
import { holdClosedPort } from '../support/closed-port.ts';
import { codeName, statusDetail } from '../support/grpc-client.ts';
import { type RunningApp, startApp } from '../support/running-app.ts';
import { type StubUpstream, startStubUpstream } from '../support/upstream/index.ts';
import { type Mode, see } from './seen.ts';
import { QUICK_RETRIES, startTwo } from './two-upstreams.ts';

let running: RunningApp;
afterEach(() => running.stop());

const MODES: readonly Mode[] = ['FAIL', 'sync'];
const NO_SUCH_NAME = {
  OPENAI_BASE_URL: 'http://upstream.invalid/v1',
  TAMMA_INSECURE_BASE_URL: 'true',
};

async function expectNetworkError(mode: Mode, sentence: string): Promise<void> {
  const { failure } = await see(running.client, mode);
  if (failure === undefined) throw new Error('the call succeeded');
  expect(codeName(failure)).toBe('UNAVAILABLE');
  expect(failure.details).toBe(sentence);
  const { reason, metadata } = statusDetail(failure, 'google.rpc.ErrorInfo');
  expect(reason).toBe('NETWORK_ERROR');
  expect(metadata).toMatchObject({ attempts: '3', retryable: 'true' });
  expect(metadata).not.toHaveProperty('upstream_status');
  expect(statusDetail(failure, 'google.rpc.RetryInfo')).toBeDefined();
}

/** For a moment, somebody else's connection may have been given the port. */
async function listenOn(port: number): Promise<StubUpstream> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await startStubUpstream({ port });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE' || tries === 600) throw error;
      await sleep(100);
    }
  }
}

async function expectFallback(mode: Mode): Promise<void> {
  expect((await see(running.client, mode)).answer).toMatchObject({
    target: 'second',
    attempts: 4,
    failedAttempts: Array(3).fill(
      expect.objectContaining({ reason: 'ERROR_REASON_NETWORK_ERROR' }),
    ),
  });
}

describe('an upstream that cannot be reached', () => {
  it.each(MODES)('is a network error to %s while its port is closed, no longer', async (mode) => {
    const { port, release } = await holdClosedPort();
    running = await startApp(QUICK_RETRIES, { OPENAI_BASE_URL: `http://127.0.0.1:${port}/v1` });
    await expectNetworkError(mode, 'The upstream refused the connection.');

    await release();
    const successor = await listenOn(port);
    expect((await see(running.client, mode)).answer).toMatchObject({ attempts: 1 });
    await successor.close();
  });

  it.each(MODES)('is a network error to %s when its name does not resolve', async (mode) => {
    running = await startApp(`${QUICK_RETRIES}\ntimeouts: { connect: 1m }`, NO_SUCH_NAME);
    await expectNetworkError(mode, "The upstream's host name could not be resolved (DNS).");
  });

  it('sends calls to the fallback when its name does not resolve', async () => {
    running = await startTwo(`${QUICK_RETRIES}\ntimeouts: { connect: 1m }`, NO_SUCH_NAME);
    await expectFallback('FAIL');
  });

  it.each(MODES)('is a network error to %s when it does not speak TLS', async (mode) => {
    const plain = await startStubUpstream();
    running = await startApp(QUICK_RETRIES, {
      OPENAI_BASE_URL: plain.url.replace('http:', 'https:'),
    });
    await expectNetworkError(
      mode,
      'The upstream speaks no TLS there: perhaps its URL must begin with http://.',
    );
    expect(plain.requests).toEqual([]);
    await plain.close();
  });

  it('sends calls to the fallback when it does not speak TLS', async () => {
    const plain = await startStubUpstream();
    running = await startTwo(QUICK_RETRIES, {
      OPENAI_BASE_URL: plain.url.replace('http:', 'https:'),
    });
    await expectFallback('sync');
    await plain.close();
  });
});
