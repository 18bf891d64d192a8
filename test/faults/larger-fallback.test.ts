import { afterEach, describe, expect, it } from '@jest/globals';
import { UPSTREAM_TEXT } from '../support/fault.ts';
import { codeName, statusDetail } from '../support/grpc-client.ts';
import { type RunningApp, startApp } from '../support/running-app.ts';
import { answer, byModel, httpError } from '../support/upstream/index.ts';
import { type Mode, see } from './seen.ts';

let running: RunningApp;
afterEach(() => running.stop());

const MODES: readonly Mode[] = ['FAIL', 'RESTART', 'HOLD_BACK', 'sync'];
/** The upstream counts more tokens than the sidecar did. */
const tooLong = httpError(400, { message: UPSTREAM_TEXT, code: 'context_length_exceeded' });

async function startWithSmallModel(): Promise<void> {
  running = await startApp();
  running.stub.setDefault(byModel({ 'gpt-4': tooLong, 'gpt-3.5-turbo': tooLong }, answer()));
}

function askedModels(): (string | undefined)[] {
  return running.stub.requests.map(({ body }) => body.model);
}

describe('an upstream that finds the conversation too long for its model', () => {
  it.each(MODES)('is asked by %s for the next larger model, once each', async (mode) => {
    await startWithSmallModel();
    const fields = { model: 'gpt-4', fallbackModels: ['gpt-3.5-turbo', 'gpt-4o', 'gpt-4.1'] };
    const seen = await see(running.client, mode, fields);
    expect(seen.answer).toMatchObject({
      model: 'gpt-4o',
      attempts: askedModels().length,
      failedAttempts: expect.arrayContaining([
        expect.objectContaining({ reason: 'ERROR_REASON_CONTEXT_TOO_LONG', upstreamStatus: 400 }),
      ]),
    });
    expect(seen.texts).toEqual(['Hello from the stub.']);
    expect(askedModels()).toEqual(['gpt-4', 'gpt-3.5-turbo', 'gpt-4o']);
  });

  it.each(MODES)('is not asked by %s for a model that is no larger', async (mode) => {
    await startWithSmallModel();
    const fields = { model: 'gpt-3.5-turbo', fallbackModels: ['gpt-4'] };
    const { failure } = await see(running.client, mode, fields);
    if (failure === undefined) throw new Error('the call succeeded');
    expect(codeName(failure)).toBe('INVALID_ARGUMENT');
    expect(statusDetail(failure, 'google.rpc.ErrorInfo').reason).toBe('CONTEXT_TOO_LONG');
    expect(askedModels()).toEqual(['gpt-3.5-turbo']);
    expect((await see(running.client, mode, { model: 'gpt-4o' })).answer).toBeDefined();
  });
});
