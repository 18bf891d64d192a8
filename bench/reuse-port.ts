/**
 * `node bench/reuse-port.ts`: how calls spread over two processes that listen on one port by SO_REUSEPORT,
 * from an application with one channel, and from sixteen such applications.
 */
import { once } from 'node:events';
import { createServer, type ServerHttp2Stream } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { ChannelCredentials, Client } from '@grpc/grpc-js';
import { exitOnSignals, startProcess } from './processes.ts';
import { table } from './table.ts';

const CALLS = 1_600;

const [role, port] = process.argv.slice(2);
if (role === 'server') await serve(Number(port));
else await spread();

/** Answers each gRPC call with its process's id. */
async function serve(wanted: number): Promise<void> {
  const server = createServer();
  const id = Buffer.from(String(process.pid));
  const message = Buffer.concat([Buffer.from([0, 0, 0, 0, id.length]), id]);
  server.on('stream', (stream: ServerHttp2Stream) => {
    stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
    stream.respond(
      { ':status': 200, 'content-type': 'application/grpc' },
      { waitForTrailers: true },
    );
    stream.resume();
    stream.end(message);
  });
  server.listen({ host: '127.0.0.1', port: wanted, reusePort: true });
  await once(server, 'listening');
  console.log(`listening on 127.0.0.1:${(server.address() as AddressInfo).port}`);
  process.once('SIGTERM', () => process.exit(0));
}

async function spread(): Promise<void> {
  exitOnSignals();
  const script = process.argv[1] ?? '';
  const first = await startProcess({ args: [script, 'server', '0'] });
  const [, given = ''] = first.address.split(':');
  const second = await startProcess({ args: [script, 'server', given] });
  const rows = [];
  for (const channels of [1, 16]) {
    const answered = await ask(first.address, channels);
    const share = (pid: number) => `${((100 * (answered.get(pid) ?? 0)) / CALLS).toFixed(0)}%`;
    rows.push({ channels, shares: [share(first.pid), share(second.pid)] });
  }
  await Promise.all([first.stop(), second.stop()]);
  console.log(
    table(
      [
        { title: 'channels', cell: ({ channels }) => String(channels) },
        { title: 'one process', cell: ({ shares }) => shares[0] ?? '' },
        { title: 'the other', cell: ({ shares }) => shares[1] ?? '' },
      ],
      rows,
    ),
  );
}

/** Calls by the process that answered, made side by side over that many channels. */
async function ask(address: string, channels: number): Promise<ReadonlyMap<number, number>> {
  const clients = Array.from(
    { length: channels },
    () =>
      // Else channels to the same address share their connections.
      new Client(address, ChannelCredentials.createInsecure(), {
        'grpc.use_local_subchannel_pool': 1,
      }),
  );
  const answered = new Map<number, number>();
  for (let call = 0; call < CALLS; call += 16) {
    const pids = Array.from({ length: 16 }, (_, at) => answer(clients[at % channels]));
    for (const pid of await Promise.all(pids)) answered.set(pid, (answered.get(pid) ?? 0) + 1);
  }
  for (const client of clients) client.close();
  return answered;
}

function answer(client: Client | undefined): Promise<number> {
  return new Promise((resolve, reject) => {
    client?.makeUnaryRequest(
      '/bench/Who',
      () => Buffer.alloc(0),
      (bytes) => Number(bytes),
      {},
      (error, pid) => (error ? reject(error) : resolve(pid ?? 0)),
    );
  });
}
