import { once } from 'node:events';
import type { ClientHttp2Stream, IncomingHttpHeaders } from 'node:http2';
import { describe, expect, it } from '@jest/globals';
import { MAX_WATCHES } from '../../src/server/status/places.ts';
import { anUpstreamStatus } from '../support/fake-provider.ts';
import { collect, nextMessage } from '../support/grpc-client.ts';
import { RawGrpc } from '../support/raw-grpc.ts';
import { serverPerTest } from '../support/server-per-test.ts';

const start = serverPerTest();

describe('very many watches of the status', () => {
  it('cost the calls beside them nothing', async () => {
    const { client, provider } = await start();
    const watches = Array.from({ length: 200 }, () => client.provider.stream('WatchStatus'));
    const outcomes = watches.map((watch) => collect(watch));
    await Promise.all(watches.map((watch) => nextMessage(watch)));

    let asked = 0;
    provider.upstreams = () => {
      asked += 1;
      return provider.health;
    };
    const calls = 50;
    for (let call = 0; call < calls; call += 1) await client.provider.unary('GetModels');
    // Once for each call, and once a second.
    expect(asked).toBeLessThan(2 * calls);

    asked = 0;
    provider.health = [anUpstreamStatus({ healthy: false })];
    const changed = watches.map((watch) => nextMessage(watch));
    await client.provider.unary('GetModels');
    await Promise.all(changed);
    expect(asked).toBeLessThan(20);

    asked = 0;
    for (const watch of watches) watch.cancel();
    await Promise.all(outcomes);
    await client.provider.unary('GetModels');
    expect(asked).toBeLessThan(watches.length);
  });

  it.each([
    ['the status', '/tamma.provider.v1.IAIProvider/WatchStatus'],
    ['health', '/grpc.health.v1.Health/Watch'],
  ])('of %s leave room for other connections', async (_name, path) => {
    const { addresses } = await start({ maxConcurrentStreams: 2_000 });
    const [greedy, modest] = [addresses, addresses].map(([address = '']) => new RawGrpc(address));
    const watch = (raw?: RawGrpc) => raw?.call(path, Buffer.alloc(0));
    const isRefused = async (stream?: ClientHttp2Stream) => {
      if (stream === undefined) return;
      const [headers]: [IncomingHttpHeaders] = (await once(stream, 'response')) as never;
      return headers['grpc-status'] === '8';
    };
    const watches = Array.from({ length: MAX_WATCHES / 2 }, () => watch(greedy));
    expect(await Promise.all(watches.map(isRefused))).not.toContain(true);
    expect(await isRefused(watch(greedy))).toBe(true);
    expect(await isRefused(watch(modest))).toBe(false);
    for (const left of watches.slice(0, 2)) left?.close();
    // Until the server has seen that they left.
    while (await isRefused(watch(greedy)));
    for (const raw of [greedy, modest]) await raw?.close();
  });
});
