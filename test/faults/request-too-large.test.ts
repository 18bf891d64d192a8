import { afterEach, describe, expect, it } from '@jest/globals';
import { codeName, statusDetail } from '../support/grpc-client.ts';
import { type RunningApp, startApp } from '../support/running-app.ts';
import { answer, byModel, httpError } from '../support/upstream/index.ts';
import { type Mode, see } from './seen.ts';

let running: RunningApp;
afterEach(() => running.stop());

const MODES: readonly Mode[] = ['FAIL', 'sync'];
const tooLarge = httpError(429, {
  type: 'tokens',
  code: 'rate_limit_exceeded',
  message:
    'Request too large for gpt-4o in organization org-acme on tokens per min (TPM): Limit 30000, Requested 36055.',
});

function askedModels(): (string | undefined)[] {
  return running.stub.requests.map(({ body }) => body.model);
}

describe('a request that never fits the tokens of a minute', () => {
  it.each(MODES)('is refused to %s at once, with the numbers, and not retried', async (mode) => {
    running = await startApp();
    const { stub, client } = running;
    stub.setDefault(byModel({ 'gpt-4o': tooLarge }, answer()));
    const { failure } = await see(client, mode, { model: 'gpt-4o' });
    if (failure === undefined) throw new Error('the call succeeded');
    expect(codeName(failure)).toBe('RESOURCE_EXHAUSTED');
    expect(statusDetail(failure, 'google.rpc.ErrorInfo')).toMatchObject({
      reason: 'RATE_LIMIT_EXCEEDED',
      metadata: { attempts: '1', retryable: 'false' },
    });
    expect(statusDetail(failure, 'tamma.provider.v1.FailureInfo')).toMatchObject({
      countedTokens: 36_055,
      tokenLimit: 30_000,
    });
  });

  it.each(MODES)('goes on by %s to the next route', async (mode) => {
    running = await startApp();
    const { stub, client } = running;
    stub.setDefault(byModel({ 'gpt-4o': tooLarge }, answer()));
    const fields = { model: 'gpt-4o', fallbackModels: ['gpt-4.1'] };
    expect((await see(client, mode, fields)).answer).toMatchObject({ model: 'gpt-4.1' });
    expect(askedModels()).toEqual(['gpt-4o', 'gpt-4.1']);
  });

  it.each(MODES)('holds up nobody: others are answered by %s', async (mode) => {
    running = await startApp();
    const { stub, client } = running;
    stub.enqueue(tooLarge);
    await see(client, mode, { model: 'gpt-4o' });
    expect((await see(client, mode, { model: 'gpt-4o' })).answer).toMatchObject({ attempts: 1 });
  });
});
