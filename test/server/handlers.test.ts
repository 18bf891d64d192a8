import { describe, expect, it, jest } from '@jest/globals';
import { ProviderError } from '../../src/core/errors.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { aResponse } from '../support/fake-provider.ts';
import { codeName, failureOf, statusDetail, type WireMessage } from '../support/grpc-client.ts';
import type { RunningServer } from '../support/running-server.ts';
import { REQUEST, serverPerTest } from '../support/server-per-test.ts';

const start = serverPerTest();

const call = ({ client }: RunningServer, method: string, request: WireMessage = {}) =>
  client.provider.unary(method, request);

describe('IAIProvider', () => {
  it('Initialize says who this is', async () => {
    expect(await call(await start(), 'Initialize')).toEqual({
      provider: 'openai',
      version: '1.2.3',
      configRevision: 'abcdef012345',
      ready: true,
      warnings: ['look here'],
    });
  });

  it('SendMessageSync answers with the whole message', async () => {
    const server = await start();
    server.provider.answerSync = async ({ options }) => {
      expect(server.server.activeCalls()).toBe(1);
      return aResponse({ content: `answer to ${options.id}` });
    };
    expect(await call(server, 'SendMessageSync', REQUEST)).toMatchObject({
      response: { content: 'answer to call-1', finishReason: 'FINISH_REASON_STOP' },
    });
    expect(server.server.activeCalls()).toBe(0);
  });

  it('SendMessageSync fails with details', async () => {
    const server = await start();
    server.provider.answerSync = async () => {
      throw new ProviderError('CIRCUIT_OPEN', { retryAfterMs: 4000 });
    };
    const error = await failureOf(call(server, 'SendMessageSync', REQUEST));
    expect(codeName(error)).toBe('UNAVAILABLE');
    expect(statusDetail(error, 'google.rpc.RetryInfo')).toMatchObject({
      retryDelay: { seconds: 4 },
    });
  });

  it('SendMessageSync drops an answer that comes after the deadline', async () => {
    const clock = new FakeClock();
    const server = await start({ defaultDeadlineMs: 1000 }, { clock });
    server.provider.answerSync = async () => {
      clock.advance(1000);
      return aResponse();
    };
    const error = await failureOf(call(server, 'SendMessageSync', REQUEST));
    expect(codeName(error)).toBe('DEADLINE_EXCEEDED');
    expect(statusDetail(error, 'google.rpc.RequestInfo')).toMatchObject({ requestId: 'call-1' });
  });

  it('SendMessageSync stops when the caller cancels', async () => {
    const server = await start();
    const cancel = new AbortController();
    server.provider.answerSync = ({ options }) =>
      new Promise((_resolve, reject) => {
        options.signal?.addEventListener('abort', () => reject(options.signal?.reason));
        cancel.abort();
      });
    const outcome = server.client.provider.unary('SendMessageSync', REQUEST, cancel);
    expect(codeName(await failureOf(outcome))).toBe('CANCELLED');
    expect(await server.log.ofCall('SendMessageSync')).toMatchObject({ code: 'CANCELLED' });
    expect(server.telemetry.spans).toHaveLength(1);
  });

  it('GetCapabilities, GetModels and CountTokens answer what the provider says', async () => {
    const server = await start();
    expect(await call(server, 'GetCapabilities')).toMatchObject({
      provider: 'openai',
      limits: { requestsPerMinute: 10 },
    });
    expect(await call(server, 'GetModels')).toEqual({ models: [] });
    expect(await call(server, 'CountTokens', REQUEST)).toEqual({
      inputTokens: 7,
      estimated: false,
      model: 'gpt-test',
      tokenizer: 'o200k_base',
      contextWindow: 128_000,
    });
  });

  it('is INTERNAL when the provider breaks', async () => {
    const server = await start();
    server.provider.describe = () => Promise.reject('not even an Error');
    const error = await failureOf(call(server, 'GetCapabilities'));
    expect(codeName(error)).toBe('INTERNAL');
  });

  it('Dispose is refused unless it is allowed', async () => {
    const onDispose = jest.fn();
    const error = await failureOf(call(await start({}, { onDispose }), 'Dispose'));
    expect(codeName(error)).toBe('PERMISSION_DENIED');
    expect(error.details).toContain('Dispose');
    expect(onDispose).not.toHaveBeenCalled();
  });

  it('Dispose answers, then starts the drain', async () => {
    const disposed = Promise.withResolvers<void>();
    const server = await start({ allowDispose: true }, { onDispose: () => disposed.resolve() });
    const answer = call(server, 'Dispose');
    await disposed.promise;
    await server.server.drain();
    expect(await answer).toEqual({});
  });

  it('InvalidateCache is refused unless it is allowed', async () => {
    const { provider, client } = await start();
    const error = await failureOf(client.provider.unary('InvalidateCache', { all: true }));
    expect(codeName(error)).toBe('PERMISSION_DENIED');
    expect(provider.invalidated).toEqual([]);
  });

  it.each([
    [{ all: true }, { type: 'all' }],
    [{ model: 'gpt-5' }, { type: 'model', model: 'gpt-5' }],
    [{ projectId: 'p' }, { type: 'project', projectId: 'p' }],
    [{ key: 'k' }, { type: 'key', key: 'k' }],
  ])('InvalidateCache hands on %j', async (request, selection) => {
    const { provider, client } = await start({ allowInvalidateCache: true });
    expect(await client.provider.unary('InvalidateCache', request)).toEqual({ entries: 3 });
    expect(provider.invalidated).toEqual([selection]);
  });

  it.each([
    [{}, 'what'],
    [{ all: false }, 'all'],
    [{ model: '' }, 'model'],
    [{ projectId: '' }, 'project_id'],
    [{ key: '' }, 'key'],
  ])('InvalidateCache refuses %j', async (request, field) => {
    const { client } = await start({ allowInvalidateCache: true });
    const error = await failureOf(client.provider.unary('InvalidateCache', request));
    expect(codeName(error)).toBe('INVALID_ARGUMENT');
    expect(error.details).toContain(field);
  });

  it('is healthy under its own name', async () => {
    const server = await start();
    const service = 'tamma.provider.v1.IAIProvider';
    expect(await server.client.health.unary('Check', { service })).toEqual({ status: 'SERVING' });
  });
});
