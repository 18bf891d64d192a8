import { describe, expect, it } from '@jest/globals';
import { MAX_WATCHES } from '../../src/server/status-watch.ts';
import { anUpstreamStatus } from '../support/fake-provider.ts';
import { codeName, collect, nextMessage } from '../support/grpc-client.ts';
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

  it('are refused beyond a thousand, and taken again when some have left', async () => {
    const { client } = await start({ maxConcurrentStreams: 2_000 });
    const watches = Array.from({ length: MAX_WATCHES }, () =>
      client.provider.stream('WatchStatus'),
    );
    const outcomes = watches.map((watch) => collect(watch));
    await Promise.all(watches.map((watch) => nextMessage(watch)));
    const refused = await collect(client.provider.stream('WatchStatus'));
    expect(codeName(refused.status)).toBe('RESOURCE_EXHAUSTED');
    for (const watch of watches) watch.cancel();
    await Promise.all(outcomes);
    await client.provider.unary('GetModels');
    const again = client.provider.stream('WatchStatus');
    const outcome = collect(again);
    await nextMessage(again);
    again.cancel();
    expect(codeName((await outcome).status)).toBe('CANCELLED');
  });
});
