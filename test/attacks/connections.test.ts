import { once } from 'node:events';
import { connect as connectSocket, type Socket } from 'node:net';
import { setTimeout as passed } from 'node:timers/promises';
import { afterEach, describe, expect, it } from '@jest/globals';
import { text } from '../support/events.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { codeName, collect, connect, failureOf, nextMessage } from '../support/grpc-client.ts';
import { grpcStatus, RawGrpc } from '../support/raw-grpc.ts';
import { REQUEST, REQUEST_BYTES, serverPerTest } from '../support/server-per-test.ts';
import { callHeaders, data, openConnection, openingBytes } from './frames.ts';
import { prefix } from './wire.ts';

const SEND_MESSAGE = '/tamma.provider.v1.IAIProvider/SendMessage';

const start = serverPerTest();
const sockets: Socket[] = [];

afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy();
});

async function open(address = '', says: Buffer = Buffer.alloc(0)): Promise<Socket> {
  const [host = '', port = ''] = address.split(':');
  const socket = connectSocket(Number(port), host);
  sockets.push(socket);
  socket.on('error', () => {});
  await once(socket, 'connect');
  socket.resume();
  socket.write(says);
  return socket;
}

describe('a connection that does not speak HTTP/2', () => {
  it.each([
    ['says nothing', ''],
    ['says half of its preface', 'PRI * HTTP/2.0\r\n'],
    ['says its preface and nothing more', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
  ])('is cut after 10 s: %s', async (_what, says) => {
    const clock = new FakeClock();
    const { addresses, client } = await start({}, { clock });
    const socket = await open(addresses[0], Buffer.from(says));
    const closed = once(socket, 'close');
    await client.provider.unary('GetStatus');
    clock.advance(9_000);
    expect(socket.closed).toBe(false);
    clock.advance(2_000);
    await closed;
    await client.provider.unary('GetStatus');
  });

  it('is cut at once if it says something else', async () => {
    const { addresses, client } = await start();
    const socket = await open(addresses[0], Buffer.from('GET / HTTP/1.1\r\nhost: a\r\n\r\n'));
    await once(socket, 'close');
    await client.provider.unary('GetStatus');
  });
});

describe('a connection without a call', () => {
  it('is closed when it has been so for too long, one with a call is not', async () => {
    const clock = new FakeClock();
    const { addresses, client } = await start({ idleTimeoutMs: 60_000 }, { clock });
    const watch = client.provider.stream('WatchStatus');
    const outcome = collect(watch);
    await nextMessage(watch);
    const idle = openConnection(addresses[0] ?? '');
    sockets.push(idle);
    await once(idle, 'data');
    await passed(20);
    clock.advance(59_000);
    expect(idle.closed).toBe(false);
    const ended = once(idle, 'end');
    clock.advance(2_000);
    await ended;
    watch.cancel();
    expect(codeName((await outcome).status)).toBe('CANCELLED');
  });

  it('is cut if it does not close its end', async () => {
    const clock = new FakeClock();
    const { addresses } = await start({ idleTimeoutMs: 60_000 }, { clock });
    const [host = '', port = ''] = addresses[0]?.split(':') ?? [];
    const idle = connectSocket({ host, port: Number(port), allowHalfOpen: true });
    sockets.push(idle);
    idle.on('error', () => {});
    idle.write(openingBytes());
    await once(idle, 'data');
    idle.resume();
    await passed(20);
    clock.advance(61_000);
    await once(idle, 'end');
    const cut = new Promise((resolve) => idle.once('close', resolve));
    clock.advance(6_000);
    // It only sees so when it says something.
    const speaking = setInterval(() => idle.write(Buffer.alloc(9)), 10);
    await cut;
    clearInterval(speaking);
  });
});

describe('a connection that stands for long', () => {
  it('takes no more calls, those that run go on, and no call fails', async () => {
    const clock = new FakeClock();
    const { client } = await start({ maxConnectionAgeMs: 4_000 }, { clock });
    const watch = client.provider.stream('WatchStatus');
    const outcome = collect(watch);
    await nextMessage(watch);
    for (let second = 0; second < 20; second += 1) {
      // Some come before the caller was told, some after.
      const calls = [1, 2, 3].map(() => client.provider.unary('SendMessageSync', REQUEST));
      clock.advance(1_000);
      await Promise.all([...calls, client.provider.unary('GetStatus')]);
    }
    watch.cancel();
    expect(codeName((await outcome).status)).toBe('CANCELLED');
  });

  it('is closed when it has no call', async () => {
    const clock = new FakeClock();
    const { addresses } = await start({ maxConnectionAgeMs: 10_000 }, { clock });
    const old = openConnection(addresses[0] ?? '');
    sockets.push(old);
    const ended = once(old, 'end');
    await once(old, 'data');
    await passed(20);
    clock.advance(8_000);
    expect(old.closed).toBe(false);
    for (let second = 8; second < 11; second += 1) clock.advance(1_000);
    await ended;
  });
});

describe('a call whose caller never ends what it asks', () => {
  const WRONG = Buffer.from([0xff]);
  const REFLECTION = '/grpc.reflection.v1.ServerReflection/ServerReflectionInfo';
  it.each([
    ['a request that never came', '/grpc.health.v1.Health/Check', Buffer.alloc(0)],
    ['a message that is refused', SEND_MESSAGE, Buffer.concat([Buffer.from([7]), prefix(0, 0)])],
    ['a stream of requests, one of them wrong', REFLECTION, Buffer.concat([prefix(0, 1), WRONG])],
  ])('holds its connection no longer than it may stall: %s', async (_what, path, says) => {
    const clock = new FakeClock();
    const { addresses } = await start({ stallTimeoutMs: 30_000 }, { clock });
    const raw = new RawGrpc(addresses[0] ?? '');
    const stream = raw.open(path);
    const status = grpcStatus(stream);
    stream.write(says);
    // The clock of connections, and that of calls.
    while (clock.pending < 2) await passed(1);
    await passed(20);
    const closed = once(stream, 'close');
    clock.advance(30_000);
    clock.advance(5_000);
    await closed;
    expect(await status).toBeGreaterThan(0);
    expect(stream.rstCode).toBe(0);
    await raw.close();
  });
});

describe('more connections than may be', () => {
  it('make room for each other, and those with a call stay', async () => {
    const { addresses, client, telemetry } = await start({ maxConnections: 10 });
    const watch = client.provider.stream('WatchStatus');
    const outcome = collect(watch);
    await nextMessage(watch);
    for (let round = 0; round < 3; round += 1) {
      for (let one = 0; one < 10; one += 1) await open(addresses[0]);
      for (let one = 0; one < 10; one += 1) sockets.push(openConnection(addresses[0] ?? ''));
      const other = connect(addresses[0] ?? '', { 'grpc.use_local_subchannel_pool': 1 });
      await other.provider.unary('GetStatus');
      other.close();
    }
    watch.cancel();
    expect(codeName((await outcome).status)).toBe('CANCELLED');
    const refused = await telemetry.measured('tamma.provider.refused_connections');
    expect(refused).toMatchObject([{ attributes: { 'tamma.provider.reason': 'full' } }]);
    expect(refused[0]?.value).toBeGreaterThan(40);
  });

  it('are refused when each has a call, and not for ever', async () => {
    const running = await start({ maxConnections: 2 });
    const other = connect(running.addresses[0] ?? '', { 'grpc.use_local_subchannel_pool': 1 });
    const watches = [running.client, other].map((each) => each.provider.stream('WatchStatus'));
    const outcomes = watches.map(collect);
    await Promise.all(watches.map(nextMessage));
    const third = connect(running.addresses[0] ?? '', { 'grpc.use_local_subchannel_pool': 1 });
    expect(codeName(await failureOf(third.provider.unary('GetStatus')))).toBe('UNAVAILABLE');
    watches[1]?.cancel();
    await outcomes[1];
    while ((await third.provider.unary('GetStatus').then(() => 'OK', codeName)) !== 'OK') {
      await passed(20);
    }
    watches[0]?.cancel();
    await outcomes[0];
    other.close();
    third.close();
  });
});

describe('one connection with as many calls as it may', () => {
  const overload = {
    maxCalls: 8,
    maxConnectionShare: 0.5,
    maxEventLoopDelayMs: 60_000,
    maxHeapShare: 1,
    maxMemoryShare: 1,
  };

  it('leaves room for those of others, though it never reads', async () => {
    const running = await start({ overload });
    running.provider.script = async function* () {
      for (;;) yield text('x'.repeat(10_000));
    };
    const attacker = new RawGrpc(running.addresses[0] ?? '');
    const streams = Array.from({ length: 20 }, () => attacker.call(SEND_MESSAGE, REQUEST_BYTES));
    for (const stream of streams) stream.on('error', () => {});
    const refused = () => running.log.lines.filter(({ reason }) => reason !== undefined).length;
    while (refused() < 16) await passed(5);
    expect(running.server.activeCalls()).toBe(4);
    await nextMessage(running.client.provider.stream('SendMessage', REQUEST));
    await attacker.close();
  });

  it('and so do windows of one byte', async () => {
    const running = await start({ overload });
    running.provider.script = async function* () {
      for (;;) yield text('x'.repeat(10_000));
    };
    // SETTINGS_INITIAL_WINDOW_SIZE: 1.
    const socket = openConnection(running.addresses[0] ?? '', [[4, 1]]);
    sockets.push(socket);
    for (let call = 0; call < 20; call += 1) {
      const stream = 2 * call + 1;
      const message = Buffer.concat([prefix(0, REQUEST_BYTES.length), REQUEST_BYTES]);
      socket.write(Buffer.concat([callHeaders(stream, SEND_MESSAGE), data(stream, message, true)]));
    }
    const refused = () => running.log.lines.filter(({ reason }) => reason !== undefined).length;
    while (refused() < 16) await passed(5);
    await nextMessage(running.client.provider.stream('SendMessage', REQUEST));
  });
});
