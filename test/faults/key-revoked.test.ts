import { afterEach, describe, expect, it } from '@jest/globals';
import { codeName, collect, nextMessage, statusDetail } from '../support/grpc-client.ts';
import { API_KEY, aRequest, type RunningApp, startApp } from '../support/running-app.ts';
import { answer, httpError } from '../support/upstream/index.ts';
import { type Mode, see } from './seen.ts';
import { QUICK_RETRIES } from './two-upstreams.ts';

let running: RunningApp;
afterEach(() => running.stop());

const MODES: readonly Mode[] = ['FAIL', 'sync'];
const OTHER_KEY = 'sk-other-0123456789abcdef';

async function startWithTwoKeys(): Promise<void> {
  running = await startApp(`keys: [{ environment: OTHER_KEY }]`, { OTHER_KEY });
  running.stub.setApiKeys(API_KEY, OTHER_KEY);
}

async function expectKeyRefused(mode: Mode, attempts: number): Promise<void> {
  const { failure } = await see(running.client, mode);
  if (failure === undefined) throw new Error('the call succeeded');
  expect(codeName(failure)).toBe('UNAUTHENTICATED');
  expect(statusDetail(failure, 'google.rpc.ErrorInfo')).toMatchObject({
    reason: 'INVALID_API_KEY',
    metadata: { attempts: String(attempts), retryable: 'false', severity: 'critical' },
  });
}

describe('a key that is revoked', () => {
  it.each(MODES)('ends calls by %s at once if it is the only one', async (mode) => {
    running = await startApp();
    const { stub, client } = running;
    expect((await see(client, mode)).answer).toMatchObject({ attempts: 1 });
    stub.setApiKeys();
    await expectKeyRefused(mode, 1);
    await expectKeyRefused(mode, 1);
    expect(stub.requests).toHaveLength(3);
    stub.setApiKeys(API_KEY);
    expect((await see(client, mode)).answer).toMatchObject({ attempts: 1 });
  });

  it.each(MODES)('ends a call by %s between two of its attempts', async (mode) => {
    running = await startApp(QUICK_RETRIES);
    const { stub, client } = running;
    stub.enqueue((exchange) => {
      stub.setApiKeys();
      return httpError(500)(exchange);
    });
    await expectKeyRefused(mode, 2);
    stub.setApiKeys(API_KEY);
    expect((await see(client, mode)).answer).toMatchObject({ attempts: 1 });
  });

  it.each(MODES)('is set aside for the other one, unseen by %s', async (mode) => {
    await startWithTwoKeys();
    const { stub, client } = running;
    stub.setApiKeys(OTHER_KEY);
    const answers = [];
    for (let call = 0; call < 10; call += 1) answers.push((await see(client, mode)).answer);
    expect(answers.every((given) => given !== undefined)).toBe(true);
    const keys = stub.requests.map(({ headers }) => headers.authorization);
    expect(keys.filter((key) => key === `Bearer ${API_KEY}`)).toHaveLength(1);
    expect(answers.filter((given) => given?.attempts === 2)).toHaveLength(1);
    expect(stub.requests).toHaveLength(11);
  });

  it.each(MODES)('fails %s when both are, and no longer', async (mode) => {
    await startWithTwoKeys();
    const { stub, client } = running;
    stub.setApiKeys();
    await expectKeyRefused(mode, 2);
    expect(stub.requests).toHaveLength(2);
    stub.setApiKeys(API_KEY, OTHER_KEY);
    expect((await see(client, mode)).answer).toMatchObject({ attempts: 1 });
  });

  it('does not end the answers that are on their way', async () => {
    await startWithTwoKeys();
    const { stub, client } = running;
    const gate = Promise.withResolvers<void>();
    stub.enqueue(async (exchange) => {
      exchange.chunk({ role: 'assistant', content: 'It ' });
      await gate.promise;
      await answer({ text: 'goes on.' })(exchange);
    });
    const stream = client.provider.stream('SendMessage', aRequest());
    const collected = collect(stream);
    await nextMessage(stream);
    stub.setApiKeys();
    gate.resolve();
    expect(codeName((await collected).status)).toBe('OK');
  });
});
