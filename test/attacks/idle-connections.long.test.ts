import { once } from 'node:events';
import { connect } from 'node:net';
import { expect, it } from '@jest/globals';
import { connect as connectClient } from '../support/grpc-client.ts';
import { serverPerTest } from '../support/server-per-test.ts';

const start = serverPerTest();

it('a connection that does nothing is closed, one that answers pings is not', async () => {
  const { addresses } = await start({ stallTimeoutMs: 1_000 });
  const [host = '', port = ''] = addresses[0]?.split(':') ?? [];
  const client = connectClient(addresses[0] ?? '');
  const watch = client.health.stream('Watch');
  let watching = true;
  watch.on('error', () => {});
  watch.on('close', () => {
    watching = false;
  });
  watch.resume();
  const silent = connect(Number(port), host);
  silent.on('error', () => {});
  silent.resume();
  await once(silent, 'close');
  expect(watching).toBe(true);
  client.close();
});
