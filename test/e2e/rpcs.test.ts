import { afterEach, describe, expect, it } from '@jest/globals';
import { textOf } from '../support/fault-checks.ts';
import { codeName, collect, failureOf, nextMessage, statusDetail } from '../support/grpc-client.ts';
import { aRequest, type RunningApp, startApp } from '../support/running-app.ts';
import { httpError } from '../support/upstream/index.ts';

const ONE_ATTEMPT = 'retryPolicy: { maxAttempts: 1 }';

let running: RunningApp;
afterEach(() => running.stop());

/** Calls a unary method of a fresh sidecar. */
async function answerOf(method: string, request = {}, yaml = '') {
  running = await startApp(yaml);
  return running.client.provider.unary(method, request);
}

describe('the RPCs of IAIProvider', () => {
  it('Initialize is ready when the upstream lists its models', async () => {
    await expect(answerOf('Initialize')).resolves.toEqual({
      provider: 'openai',
      version: '1.2.3',
      configRevision: expect.stringMatching(/^[0-9a-f]{12}$/),
      ready: true,
      warnings: [],
    });
  });

  it('Initialize is not ready when the upstream refuses the key, and says so', async () => {
    running = await startApp();
    running.stub.setModelsBehaviour(httpError(401, { code: 'invalid_api_key' }));
    const { ready, warnings } = await running.client.provider.unary('Initialize');
    expect(ready).toBe(false);
    expect(warnings).toEqual([expect.stringContaining('INVALID_API_KEY')]);
  });

  it('SendMessage streams started, deltas, completed', async () => {
    running = await startApp('defaultModel: gpt-4o-mini');
    const { messages, status } = await collect(
      running.client.provider.stream('SendMessage', aRequest()),
    );
    expect(codeName(status)).toBe('OK');
    const [request] = running.stub.requests;
    expect(messages[0]?.started).toMatchObject({
      responseId: request?.completionId,
      upstreamRequestId: request?.requestId,
      model: 'gpt-4o-mini',
      attempt: 1,
    });
    expect(textOf(messages)).toBe('Hello from the stub.');
    expect(messages.at(-1)?.completed).toMatchObject({
      finishReason: 'FINISH_REASON_STOP',
      rawFinishReason: 'stop',
      model: 'gpt-4o-mini',
      attempts: 1,
      usage: { inputTokens: 6, outputTokens: 5, totalTokens: 11, estimated: false },
      // 6 tokens at 0.15 and 5 at 0.60 dollars per million.
      cost: {
        total: { currencyCode: 'USD', units: 0, nanos: 3_900 },
        estimated: false,
        unpriced: false,
      },
    });
  });

  it('SendMessageSync collects what SendMessage streams, and echoes metadata', async () => {
    const request = aRequest({ metadata: { issueId: '42' } });
    await expect(answerOf('SendMessageSync', request)).resolves.toMatchObject({
      response: {
        content: 'Hello from the stub.',
        finishReason: 'FINISH_REASON_STOP',
        usage: { totalTokens: 11 },
        metadata: { issueId: '42' },
      },
    });
  });

  it('GetCapabilities tells what can be done, without asking the upstream', async () => {
    await expect(answerOf('GetCapabilities')).resolves.toMatchObject({
      provider: 'openai',
      supportsStreaming: true,
      supportsTools: true,
      features: { streaming: true, functionCalling: true, structuredOutputs: true },
    });
    expect(running.stub.otherRequests).toEqual([]);
  });

  it('GetModels lists what the upstream lists, by id', async () => {
    const { models } = await answerOf('GetModels');
    expect(models).toEqual([
      expect.objectContaining({ id: 'gpt-4o', shutdownDate: '2027-01-14', available: true }),
      expect.objectContaining({ id: 'gpt-4o-mini' }),
      expect.objectContaining({ id: 'gpt-5.4' }),
      expect.objectContaining({ id: 'gpt-6-sol' }),
    ]);
  });

  it('GetStatus tells of the upstream what the last attempt told', async () => {
    running = await startApp(ONE_ATTEMPT);
    const { client, stub } = running;
    stub.enqueue(httpError(503));
    await failureOf(client.provider.unary('SendMessageSync', aRequest()));
    const { status } = await client.provider.unary('GetStatus');
    expect(status).toMatchObject({
      state: 'STATE_SERVING',
      provider: 'openai',
      activeCalls: 0,
      upstreams: [
        {
          endpoint: `http://127.0.0.1:${stub.port}`,
          healthy: false,
          lastFailureReason: 'ERROR_REASON_SERVICE_UNAVAILABLE',
        },
      ],
    });
  });

  it('WatchStatus tells the state now and when it changes', async () => {
    running = await startApp(ONE_ATTEMPT);
    const { client, stub } = running;
    const watch = client.provider.stream('WatchStatus');
    const upstreams = (healthy: boolean) => ({ status: { upstreams: [{ healthy }] } });
    expect(await nextMessage(watch)).toMatchObject(upstreams(true));
    const next = nextMessage(watch);
    stub.enqueue(httpError(500));
    await failureOf(client.provider.unary('SendMessageSync', aRequest()));
    expect(await next).toMatchObject(upstreams(false));
    watch.on('error', () => {}).cancel();
  });

  it('CountTokens counts locally', async () => {
    await expect(answerOf('CountTokens', aRequest({ model: 'gpt-4o' }))).resolves.toEqual({
      // 3 to begin the answer, 3 for the message, 1 for its role, 2 for "Say hello".
      inputTokens: 9,
      estimated: false,
      model: 'gpt-4o',
      tokenizer: 'o200k_base',
      contextWindow: 128_000,
    });
    expect(running.stub.requests).toEqual([]);
  });

  it('Dispose is denied unless it is allowed', async () => {
    const failure = await failureOf(answerOf('Dispose'));
    expect(codeName(failure)).toBe('PERMISSION_DENIED');
    expect(statusDetail(failure, 'google.rpc.ErrorInfo').reason).toBe('PERMISSION_DENIED');
  });

  it('Dispose stops the sidecar where it is allowed', async () => {
    await answerOf('Dispose', {}, 'allowDispose: true');
    await expect(running.app.stopped).resolves.toBeUndefined();
  });

  it('names every bad field of a request, and asks no upstream', async () => {
    const request = aRequest({ temperature: 3, topP: -1 });
    const failure = await failureOf(answerOf('SendMessageSync', request));
    expect(codeName(failure)).toBe('INVALID_ARGUMENT');
    expect(statusDetail(failure, 'google.rpc.BadRequest')).toMatchObject({
      fieldViolations: [{ field: 'request.temperature' }, { field: 'request.top_p' }],
    });
    expect(running.stub.requests).toEqual([]);
  });
});
