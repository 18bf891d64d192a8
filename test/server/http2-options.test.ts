import { once } from 'node:events';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { Server } from '@grpc/grpc-js';
import { expect, it } from '@jest/globals';
import type { ProviderEvent } from '../../src/core/events.ts';
import { setHttp2Options } from '../../src/server/http2-options.ts';
import { callHeaders, frame, openConnection, reset } from '../attacks/frames.ts';
import { started } from '../support/events.ts';
import type { ProviderCall } from '../support/fake-provider.ts';
import { codeName, collect, nextMessage } from '../support/grpc-client.ts';
import { REQUEST, serverPerTest } from '../support/server-per-test.ts';

/** Above what Node lets a connection reset at once. */
const CANCELS = 1_200;

const HEALTH_CHECK = '/grpc.health.v1.Health/Check';
const [SETTINGS, PING] = [4, 6];
const ACK = 1;

const start = serverPerTest();

async function* untilCancelled({ options }: ProviderCall): AsyncGenerator<ProviderEvent> {
  yield started();
  const { signal } = options;
  if (signal === undefined) throw new Error('no signal');
  if (!signal.aborted) await once(signal, 'abort');
  signal.throwIfAborted();
}

it('a connection outlives thousands of its calls that are cancelled at once', async () => {
  const server = await start();
  server.provider.script = untilCancelled;
  const call = () => server.client.provider.stream('SendMessage', REQUEST);
  const bystander = call();
  await nextMessage(bystander);
  const codes = new Set<string>();
  for (let cancelled = 0; cancelled < CANCELS; cancelled += 100) {
    const calls = Array.from({ length: 100 }, call);
    await Promise.all(
      calls.map(async (stream) => {
        await nextMessage(stream);
        const ended = collect(stream);
        stream.cancel();
        codes.add(codeName((await ended).status));
      }),
    );
  }
  expect([...codes]).toEqual(['CANCELLED']);
  // The last cancels are still on their way.
  while (server.server.activeCalls() > 1) await nextTurn();
  const ended = collect(bystander);
  bystander.cancel();
  expect(codeName((await ended).status)).toBe('CANCELLED');
});

it('a connection outlives calls that Node.js has no place for beside those that were given up', async () => {
  const { addresses } = await start({ maxConcurrentStreams: 10 });
  const socket = openConnection(addresses[0] ?? '');
  await once(socket, 'data');
  // The limit holds once it was acknowledged.
  socket.write(frame(SETTINGS, ACK, 0, Buffer.alloc(0)));
  const given = Array.from({ length: 300 }, (_, call) => {
    const stream = 2 * call + 1;
    return [callHeaders(stream, HEALTH_CHECK), reset(stream)];
  });
  let answer = '';
  socket.on('data', (bytes: Buffer) => {
    answer += bytes.toString('latin1');
  });
  socket.write(Buffer.concat([...given.flat(), frame(PING, 0, 0, Buffer.from('go on on'))]));
  while (!answer.includes('go on on') && !socket.closed) await nextTurn();
  expect(socket.closed).toBe(false);
  socket.destroy();
});

it('a library that would ignore the limits is refused at start', () => {
  const server = new Server();
  Reflect.deleteProperty(server, 'commonServerOptions');
  expect(() => setHttp2Options(server)).toThrow('grpc-js does not hand options on');
});

it('a call with more metadata than 16 KiB is refused, and the calls beside it go on', async () => {
  const { client } = await start();
  const bystander = client.health.stream('Watch', { service: '' });
  await nextMessage(bystander);
  const ask = (bytes: number) => {
    const metadata = { authorization: `Bearer ${'x'.repeat(bytes)}` };
    return collect(client.provider.stream('SendMessage', REQUEST, { metadata }));
  };
  expect(codeName((await ask(15_000)).status)).toBe('OK');
  const refused = (await ask(17_000)).status;
  expect(codeName(refused)).toBe('INVALID_ARGUMENT');
  expect(refused?.details).toMatch(
    /^The metadata of the call takes 17\d{3} bytes.* at most 16384 are taken\.$/,
  );
  expect(codeName((await ask(21_000)).status)).toBe('RESOURCE_EXHAUSTED');
  expect(codeName((await ask(15_000)).status)).toBe('OK');
  const ended = collect(bystander);
  bystander.cancel();
  expect(codeName((await ended).status)).toBe('CANCELLED');
});
