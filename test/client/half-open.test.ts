import { status } from '@grpc/grpc-js';
import { afterEach, expect, it, jest } from '@jest/globals';
import { connect } from '../../src/client/index.ts';
import { startRelay } from '../support/relay.ts';
import { serverPerTest } from '../support/server-per-test.ts';

const start = serverPerTest();

afterEach(() => {
  jest.restoreAllMocks();
});

it('a call over a connection that has died without a word ends within a minute', async () => {
  const { addresses } = await start();
  const relay = await startRelay(Number(addresses[0]?.split(':').at(-1)));
  let isDead = false;
  const wait = globalThis.setTimeout;
  jest.spyOn(globalThis, 'setTimeout').mockImplementation(((callback: () => void, ms = 0) => {
    // As long as it lives an answer to a ping may take its time.
    const isShort = ms === 30_000 || (ms === 20_000 && isDead);
    return wait(callback, isShort ? ms / 100 : ms);
  }) as typeof setTimeout);
  const sidecar = connect(`127.0.0.1:${relay.port}`);
  await sidecar.getStatus();
  relay.die();
  isDead = true;
  await expect(sidecar.getStatus()).rejects.toMatchObject({ code: status.UNAVAILABLE });
  sidecar.close();
  await relay.close();
});
