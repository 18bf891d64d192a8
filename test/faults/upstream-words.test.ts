import { afterEach, describe, expect, it } from '@jest/globals';
import { UPSTREAM_TEXT } from '../support/fault.ts';
import { codeName, statusDetail } from '../support/grpc-client.ts';
import { API_KEY, type RunningApp, startApp } from '../support/running-app.ts';
import { answer, errorEvent, httpError } from '../support/upstream/index.ts';
import { type Mode, see } from './seen.ts';

let running: RunningApp;
afterEach(() => running.stop());

const MODES: readonly Mode[] = ['FAIL', 'sync'];
const WORDS = `No ${UPSTREAM_TEXT} for ${API_KEY}. Ask elsewhere.`;

async function refused(mode: Mode) {
  const { failure } = await see(running.client, mode);
  if (failure === undefined) throw new Error('the call succeeded');
  const { upstreamMessage } = statusDetail(failure, 'tamma.provider.v1.FailureInfo');
  return { failure, upstreamMessage };
}

async function expectOnlyTheCallerKnows(): Promise<void> {
  await running.log.ofCall('SendMessage');
  expect(JSON.stringify(running.log.lines)).not.toContain(UPSTREAM_TEXT);
}

describe('the words of an upstream', () => {
  it('are for the caller, and not for the log', async () => {
    running = await startApp();
    running.stub.setDefault(httpError(400, { message: WORDS, code: 'invalid_value' }));
    const { failure, upstreamMessage } = await refused('FAIL');
    expect(upstreamMessage).toBe(`No ${UPSTREAM_TEXT} for [redacted]. Ask elsewhere.`);
    expect(failure.details).toMatch(`The upstream says: No ${UPSTREAM_TEXT} for [redacted].`);
    expect(failure.details).not.toContain('elsewhere');
    await expectOnlyTheCallerKnows();
    await expect(running.log.ofCall('SendMessage')).resolves.toMatchObject({
      upstream_error: { status: 400, code: 'invalid_value' },
      fields: ['request'],
    });
  });

  it('are told of an answer that broke off', async () => {
    running = await startApp('retryPolicy: { maxAttempts: 1 }');
    running.stub.setDefault(errorEvent(2, { message: WORDS, code: 'server_error' }));
    const { failure, upstreamMessage } = await refused('FAIL');
    expect(codeName(failure)).toBe('ABORTED');
    expect(upstreamMessage).toContain(UPSTREAM_TEXT);
    await expectOnlyTheCallerKnows();
  });

  it.each(MODES)('can be kept from the caller of %s', async (mode) => {
    running = await startApp('errors: { upstreamMessages: off }');
    running.stub.setDefault(httpError(400, { message: WORDS }));
    const { failure, upstreamMessage } = await refused(mode);
    expect(upstreamMessage).toBe('');
    expect(failure.details).not.toContain(UPSTREAM_TEXT);
  });
});

it.each(['Context size has been exceeded.', 'this prompt is far too long'])(
  'long prompts of one caller, refused with 500 and "%s", open no circuit for others',
  async (message) => {
    running = await startApp(`
      retryPolicy: { maxAttempts: 1 }
      circuitBreaker: { minimumAttempts: 2, failureShare: 0.1 }`);
    running.stub.setDefault(httpError(500, { message }));
    for (let call = 0; call < 6; call += 1) {
      expect((await see(running.client, 'sync')).failure).toBeDefined();
    }
    running.stub.setDefault(answer());
    expect((await see(running.client, 'sync')).answer).toBeDefined();
  },
);
