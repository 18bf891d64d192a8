import { describe, expect, it } from '@jest/globals';
import { ProviderError } from '../../../src/core/errors.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import {
  type Behaviour,
  httpError,
  type StubUpstream,
  silent,
} from '../../support/upstream/index.ts';
import { abortListeners, openUpstream, until } from '../open-upstream.ts';

const { signal } = new AbortController();

async function openWithModels(models: Behaviour, clock = new FakeClock()) {
  const opened = await openUpstream(silent(), { clock });
  opened.stub.setModelsBehaviour(models);
  return { ...opened, clock };
}

const listing = (data: unknown): Behaviour => {
  return (exchange) => {
    exchange.headers(200, { 'content-type': 'application/json' });
    exchange.raw(typeof data === 'string' ? data : JSON.stringify({ object: 'list', data }));
    exchange.end();
  };
};

async function asked(stub: StubUpstream): Promise<void> {
  await until(() => stub.otherRequests.length === 1);
}

describe('listModels', () => {
  it('asks with the next key after one that is refused, and with no other', async () => {
    const { stub, upstream } = await openUpstream(silent(), {
      apiKeys: [{ secret: 'a' }, { secret: 'b' }, { secret: 'c' }],
    });
    const refused = httpError(401, { code: 'invalid_api_key' });
    stub.setModelsBehaviour((exchange) => {
      const isGood = exchange.request.headers.authorization === 'Bearer b';
      return isGood ? listing([{ id: 'gpt-b' }])(exchange) : refused(exchange);
    });
    expect(await upstream.listModels(signal)).toMatchObject([{ id: 'gpt-b' }]);
    expect(stub.otherRequests).toHaveLength(2);
    stub.setModelsBehaviour(refused);
    await expect(upstream.listModels(signal)).rejects.toMatchObject({ reason: 'INVALID_API_KEY' });
    stub.setModelsBehaviour(httpError(500));
    const before = stub.otherRequests.length;
    await expect(upstream.listModels(signal)).rejects.toMatchObject({
      reason: 'SERVICE_UNAVAILABLE',
    });
    expect(stub.otherRequests).toHaveLength(before + 1);
  });

  it('lists what the upstream lists, by id', async () => {
    const models = [
      { id: 'gpt-b', shutdown_date: '2027-01-14' },
      { id: 'gpt-a', shutdown_date: null },
      { id: 'gpt-c', shutdown_date: '2027-02-01T00:00:00Z' },
    ];
    const { stub, upstream, clock } = await openWithModels(listing(models));
    expect(await upstream.listModels(signal)).toEqual([
      { id: 'gpt-a', shutdownDate: '' },
      { id: 'gpt-b', shutdownDate: '2027-01-14' },
      { id: 'gpt-c', shutdownDate: '2027-02-01' },
    ]);
    expect(stub.otherRequests[0]?.headers.authorization).toBe('Bearer sk-test');
    expect(clock.pending).toBe(0);
    expect(abortListeners(signal)).toBe(0);
  });

  it('reads a list behind a byte order mark', async () => {
    const { upstream } = await openWithModels(listing('\ufeff{"data":[{"id":"gpt-a"}]}'));
    expect(await upstream.listModels(signal)).toEqual([{ id: 'gpt-a', shutdownDate: '' }]);
  });

  it.each([
    { server: 'Together', body: '[{"id":"gpt-a","object":"model"}]', ids: ['gpt-a'] },
    { server: 'Ollama without models', body: '{"object":"list","data":null}', ids: [] },
  ])('reads the list of $server', async ({ body, ids }) => {
    const { upstream } = await openWithModels(listing(body));
    expect((await upstream.listModels(signal)).map(({ id }) => id)).toEqual(ids);
  });

  it('passes over entries that are none', async () => {
    const models = [null, 'gpt', {}, { id: 7 }, { id: '' }, { id: 'gpt-a', shutdown_date: 9 }];
    const { upstream } = await openWithModels(listing(models));
    expect(await upstream.listModels(signal)).toEqual([{ id: 'gpt-a', shutdownDate: '' }]);
  });

  it('reads a day only where one stands', async () => {
    const models = ['2026-12-31T00:00:00Z', 'soon'].map((shutdown_date, n) => ({
      id: `gpt-${n}`,
      shutdown_date,
    }));
    const { upstream } = await openWithModels(listing(models));
    expect(await upstream.listModels(signal)).toEqual([
      { id: 'gpt-0', shutdownDate: '2026-12-31' },
      { id: 'gpt-1', shutdownDate: '' },
    ]);
  });

  it('goes nowhere with a redirect that leads nowhere', async () => {
    const { stub, upstream } = await openWithModels((exchange) => {
      exchange.headers(307, {});
      exchange.end();
    });
    await expect(upstream.listModels(signal)).rejects.toMatchObject({
      facts: { upstreamStatus: 307 },
    });
    expect(stub.otherRequests).toHaveLength(1);
  });

  it.each([['{"data":'], ['{"data":{}}'], ['null'], ['']])('cannot read %j', async (text) => {
    const { upstream } = await openWithModels(listing(text));
    await expect(upstream.listModels(signal)).rejects.toMatchObject({
      reason: 'SERVICE_UNAVAILABLE',
      message: 'The upstream sent a list of models that cannot be read.',
    });
  });

  it('reads no more than eight megabytes', async () => {
    const { stub, upstream } = await openWithModels(async (exchange) => {
      while (!exchange.signal.aborted) {
        if (!exchange.raw(' '.repeat(65_536))) await exchange.writable();
      }
    });
    await expect(upstream.listModels(signal)).rejects.toMatchObject({
      reason: 'SERVICE_UNAVAILABLE',
    });
    await stub.otherRequests[0]?.closed;
    expect(stub.otherRequests[0]?.closedBy).toBe('client');
  });

  it('tells a refusal', async () => {
    const { upstream } = await openWithModels(httpError(401, { code: 'invalid_api_key' }));
    await expect(upstream.listModels(signal)).rejects.toMatchObject({
      reason: 'INVALID_API_KEY',
      facts: { upstreamStatus: 401 },
    });
  });

  it('tells a broken connection', async () => {
    const { upstream } = await openWithModels((exchange) => exchange.reset());
    await expect(upstream.listModels(signal)).rejects.toMatchObject({ reason: 'NETWORK_ERROR' });
  });

  it('waits ten seconds and no longer', async () => {
    const { stub, upstream, clock } = await openWithModels(silent());
    const listing = upstream.listModels(signal);
    await asked(stub);
    clock.advance(9_999);
    expect(stub.otherRequests[0]?.closedBy).toBeUndefined();
    clock.advance(1);
    await expect(listing).rejects.toMatchObject({ reason: 'TIMEOUT' });
    await stub.otherRequests[0]?.closed;
    expect(stub.otherRequests[0]?.closedBy).toBe('client');
    expect(abortListeners(signal)).toBe(0);
  });

  it('asks nothing if the signal ends while the request is built', async () => {
    const cancelled = new ProviderError('CANCELLED');
    const controller = new AbortController();
    const { stub, upstream } = await openWithModels(silent());
    const listing = upstream.listModels(controller.signal);
    controller.abort(cancelled);
    await expect(listing).rejects.toBe(cancelled);
    expect(stub.openConnections()).toBe(0);
  });

  it('ends with the signal', async () => {
    const cancelled = new ProviderError('CANCELLED');
    const controller = new AbortController();
    const { stub, upstream, clock } = await openWithModels(silent());
    const listing = upstream.listModels(controller.signal);
    await asked(stub);
    controller.abort(cancelled);
    await expect(listing).rejects.toBe(cancelled);
    await expect(upstream.listModels(controller.signal)).rejects.toBe(cancelled);
    expect(clock.pending).toBe(0);
  });
});
