import { once } from 'node:events';
import { type AddressInfo, connect as connectSocket, createServer, type Socket } from 'node:net';
import { afterEach, expect, it } from '@jest/globals';
import { holdClosedPort } from '../support/closed-port.ts';
import { connect, failureOf, type GrpcClient } from '../support/grpc-client.ts';
import { aRequest } from '../support/running-app.ts';
import { openingBytes } from './frames.ts';
import { type SidecarProcess, startSidecar } from './sidecar.ts';

/** Node.js itself has some thirty open. */
const MAX_OPEN_FILES = 128;
const CONNECTIONS = 600;

let sidecar: SidecarProcess | undefined;
let client: GrpcClient | undefined;
const sockets: Socket[] = [];

afterEach(async () => {
  client?.close();
  for (const socket of sockets.splice(0)) socket.destroy();
  await sidecar?.stop();
});

it.each([
  ['say nothing', Buffer.alloc(0)],
  ['speak HTTP/2', openingBytes()],
])(
  'more connections than there are files leave room for callers and probes: they %s',
  async (_what, says) => {
    const held = await holdClosedPort();
    const probe = held.port;
    await held.release();
    sidecar = await startSidecar({
      maxOpenFiles: MAX_OPEN_FILES,
      environment: { TAMMA_ADMIN_LISTEN: `127.0.0.1:${probe}` },
    });
    const [host = '', port = ''] = sidecar.address.split(':');
    for (let one = 0; one < CONNECTIONS; one += 1) {
      const socket = connectSocket(Number(port), host);
      sockets.push(socket);
      socket.on('error', () => {});
      socket.resume();
      await once(socket, 'connect');
      socket.write(says);
      if (one % 100 === 99) {
        client = connect(sidecar.address, { 'grpc.use_local_subchannel_pool': 1 });
        await client.provider.unary('GetStatus');
        client.close();
        const { status } = await fetch(`http://127.0.0.1:${probe}/livez`);
        expect(status).toBe(200);
      }
    }
    expect(sidecar.alive).toBe(true);
  },
);

it('calls whose upstream takes all files end no process', async () => {
  const upstream = createServer().listen(0, '127.0.0.1');
  await once(upstream, 'listening');
  const { port } = upstream.address() as AddressInfo;
  sidecar = await startSidecar({
    maxOpenFiles: MAX_OPEN_FILES,
    environment: { OPENAI_BASE_URL: `http://127.0.0.1:${port}/v1` },
  });
  const caller = connect(sidecar.address);
  client = caller;
  const asked = Array.from({ length: 2 * MAX_OPEN_FILES }, () =>
    failureOf(
      caller.provider.unary('SendMessageSync', aRequest(), { deadline: Date.now() + 2_000 }),
    ),
  );
  await Promise.all(asked);
  expect(sidecar.alive).toBe(true);
  await caller.provider.unary('GetStatus');
  upstream.close();
});
