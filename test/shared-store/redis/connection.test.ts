import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { systemClock } from '../../../src/core/clock.ts';
import { destroyClient, newClient } from '../../../src/shared-store/redis/client.ts';
import { RedisConnection, reconnectDelay } from '../../../src/shared-store/redis/connection.ts';
import { defineScript, StoreAwayError } from '../../../src/shared-store/redis/script.ts';
import { holdsSecret } from '../../../src/telemetry/secrets.ts';
import { describeWithRedis, RedisServer } from '../../support/redis-server.ts';
import { AWAY, BACK, connectTo, eventually, LogProbe, PATIENT_MS } from '../support.ts';

describeWithRedis('a connection to Redis', () => {
  const ECHO = defineScript('return { KEYS[1], ARGV[1] }');
  const FAIL = defineScript(`return redis.error_reply('NOPE no such thing')`);

  /** Of those that hang, in ms. */
  const TIMEOUT_MS = 1_000;

  let log: LogProbe;
  let server: RedisServer;
  let connection: RedisConnection | undefined;

  beforeEach(async () => {
    log = new LogProbe();
    server = await RedisServer.start();
  });

  afterEach(async () => {
    connection?.close();
    await server.stop();
  });

  async function connected(
    to: Pick<RedisServer, 'url'> = server,
    timeoutMs = PATIENT_MS,
  ): Promise<RedisConnection> {
    const opened = connectTo(to, log, () => 0, timeoutMs);
    connection = opened;
    await eventually(() => opened.isUp);
    return opened;
  }

  /** A connection that counts how often it waits before it connects again. */
  function countDelays(to: Pick<RedisServer, 'url'> = server, timeoutMs = PATIENT_MS) {
    const begun = performance.now();
    const delays = {
      count: 0,
      elapsed: () => performance.now() - begun,
      connection: connectTo(
        to,
        log,
        () => {
          delays.count += 1;
          return 0;
        },
        timeoutMs,
      ),
    };
    connection = delays.connection;
    return delays;
  }

  describe('the connection', () => {
    it('runs scripts that the server does not know, and those that it knows', async () => {
      const opened = await connected();
      expect(await opened.run(ECHO, ['a'], ['1'])).toEqual(['a', '1']);
      expect(await opened.run(ECHO, ['b'], ['2'])).toEqual(['b', '2']);
      expect(log.lines).toEqual([]);
    });

    it('rejects with what the server says, and stays up', async () => {
      const opened = await connected();
      const run = opened.run(FAIL, [], []);
      await expect(run).rejects.toThrow('NOPE no such thing');
      await expect(run).rejects.not.toBeInstanceOf(StoreAwayError);
      expect(opened.isUp).toBe(true);
    });

    it('refuses at once while there is no server, and connects when there is one', async () => {
      await server.kill();
      const opened = connectTo(server, log);
      connection = opened;
      await expect(opened.run(ECHO, ['a'], ['1'])).rejects.toBeInstanceOf(StoreAwayError);
      await eventually(() => log.lines.length > 0);
      await server.start();
      await eventually(() => opened.isUp);
      expect(await opened.run(ECHO, ['a'], ['1'])).toEqual(['a', '1']);
      expect(log.lines).toEqual([AWAY, BACK]);
    });

    it('tells of a loss once, and of the recovery once', async () => {
      const opened = await connected();
      const changes: boolean[] = [];
      opened.onChange(() => changes.push(opened.isUp));
      await server.kill();
      await eventually(() => !opened.isUp);
      await server.start();
      await eventually(() => opened.isUp);
      expect(await opened.run(ECHO, ['a'], ['1'])).toEqual(['a', '1']);
      expect(log.lines).toEqual([AWAY, BACK]);
      expect(changes).toEqual([false, true]);
    });

    it('gives up on a server that hangs, and finds it again', async () => {
      const opened = await connected(server, TIMEOUT_MS);
      server.freeze();
      const run = opened.run(ECHO, ['a'], ['1']);
      await expect(run).rejects.toBeInstanceOf(StoreAwayError);
      await expect(opened.run(ECHO, ['a'], ['1'])).rejects.toBeInstanceOf(StoreAwayError);
      expect(log.lines).toEqual([AWAY]);
      server.thaw();
      await eventually(() => opened.isUp);
      expect(log.lines).toEqual([AWAY, BACK]);
    });

    it('breaks a connection on which a server hangs for long, and makes another', async () => {
      let attempts = 0;
      const count = () => {
        attempts += 1;
        return 0;
      };
      const opened = connectTo(server, log, count, TIMEOUT_MS);
      connection = opened;
      await eventually(() => opened.isUp);
      const before = await ids();
      expect(before).toHaveLength(1);
      server.freeze();
      await eventually(() => attempts > 0);
      server.thaw();
      await eventually(() => opened.isUp);
      for (const id of await ids()) expect(before).not.toContain(id);
    });

    it('is away while the server wants a password that it is not given', async () => {
      await server.command('config', 'set', 'requirepass', 'hunter2-hunter2');
      const delays = countDelays();
      await eventually(() => delays.count > 4);
      expect(delays.connection.isUp).toBe(false);
      await expect(delays.connection.run(ECHO, ['a'], ['1'])).rejects.toThrow(StoreAwayError);
      expect(log.lines).toEqual([AWAY]);
      expect(log.fields).toMatchObject([{ err: { message: expect.stringMatching(/NOAUTH/) } }]);
      await server.commandWith('hunter2-hunter2', 'config', 'set', 'requirepass', '');
      await eventually(() => delays.connection.isUp);
    });

    it.each([
      ['is a replica', /READONLY/, ['replicaof', '127.0.0.1', '1'], ['replicaof', 'no', 'one']],
      [
        'has no memory left',
        /OOM/,
        ['config', 'set', 'maxmemory', '1'],
        ['config', 'set', 'maxmemory', '0'],
      ],
    ])(
      'is away while the server %s, and finds it when it takes writes',
      async (_, says, begin, end) => {
        const opened = await connected();
        const WRITE = defineScript(`return redis.call('SET', KEYS[1], '1')`);
        expect(await opened.run(WRITE, ['a'], [])).toBe('OK');
        await server.command(...begin);
        await expect(opened.run(WRITE, ['a'], [])).rejects.toThrow(StoreAwayError);
        expect(opened.isUp).toBe(false);
        const lost = log.fields[0] as { err: Error };
        expect(String(lost.err.message)).toMatch(says);
        await server.command(...end);
        await eventually(() => opened.isUp);
        expect(await opened.run(WRITE, ['a'], [])).toBe('OK');
        expect(log.lines).toEqual([AWAY, BACK]);
      },
    );

    it.each([
      ['closes connections as soon as they stand', (socket: Socket) => void socket.destroy()],
      [
        'greets, and closes when it is asked',
        (socket: Socket) => void socket.once('data', () => socket.end('+OK\r\n+OK\r\n')),
      ],
      [
        'is in protected mode',
        // Who does not read keeps the socket when the other side closes it.
        (socket: Socket) =>
          void socket.resume().end('-DENIED Redis is running in protected mode\r\n'),
      ],
    ])('waits longer each time for a server that %s', async (_, behave) => {
      const listener = createServer((socket) => behave(socket.on('error', () => {})));
      listener.listen(0, '127.0.0.1');
      await once(listener, 'listening');
      const { port } = listener.address() as AddressInfo;
      const delays = countDelays({ url: `redis://127.0.0.1:${port}` });
      await eventually(() => delays.count > 4);
      delays.connection.close();
      // 25, 50, 100, 200 ms at least, and not as fast as the server can.
      expect(delays.elapsed()).toBeGreaterThan(300);
      expect(log.lines).toEqual([AWAY]);
      listener.close();
    });

    it('is away while a server accepts it and says nothing', async () => {
      const sockets: Socket[] = [];
      const listener = createServer((socket) => sockets.push(socket.on('error', () => {})));
      listener.listen(0, '127.0.0.1');
      await once(listener, 'listening');
      const { port } = listener.address() as AddressInfo;
      const delays = countDelays({ url: `redis://127.0.0.1:${port}` }, TIMEOUT_MS);
      await eventually(() => delays.count > 0);
      expect(delays.connection.isUp).toBe(false);
      expect(log.lines).toEqual([AWAY]);
      delays.connection.close();
      for (const socket of sockets) socket.destroy();
      listener.close();
    });

    it('rejects what runs when it is lost', async () => {
      const opened = await connected();
      server.freeze();
      const run = expect(opened.run(ECHO, ['a'], ['1'])).rejects.toBeInstanceOf(StoreAwayError);
      await server.kill();
      await run;
    });

    it('leaves no connection behind when it is closed while it connects', async () => {
      const client = await newClient(server.url);
      client.on('error', () => {});
      const connecting = client.connect();
      destroyClient(client);
      await expect(connecting).rejects.toThrow();
      await eventually(async () => (await ids()).length === 0);
    });

    it('rejects what runs when it is closed, and can be closed twice', async () => {
      const opened = await connected();
      server.freeze();
      const run = expect(opened.run(ECHO, ['a'], ['1'])).rejects.toBeInstanceOf(StoreAwayError);
      opened.close();
      opened.close();
      await run;
      expect(log.lines).toEqual([]);
    });
  });

  describe('credentials', () => {
    const PASSWORD = 'correct horse/battery';

    it('are used, and never shown', async () => {
      await server.command('config', 'set', 'requirepass', PASSWORD);
      const encoded = encodeURIComponent(PASSWORD);
      await connected({ url: server.url.replace('//', `//default:${encoded}@`) });
      expect(holdsSecret(PASSWORD)).toBe(true);
      expect(holdsSecret(encoded)).toBe(true);
    });

    it('that are refused are told of without them', async () => {
      await server.command('config', 'set', 'requirepass', PASSWORD);
      connection = connectTo({ url: server.url.replace('//', '//:wrong-password@') }, log);
      await eventually(() => log.lines.length > 0);
      const [{ err }] = log.fields as [{ err: Error }];
      expect(err.message).toMatch(/WRONGPASS/);
      expect(holdsSecret(JSON.stringify([err.message, err.stack]))).toBe(false);
    });
  });

  describe('the way to a server', () => {
    it('over TLS names the host that is wanted', async () => {
      const listener: Server = createServer().listen(0);
      await once(listener, 'listening');
      const address = listener.address();
      if (address === null || typeof address === 'string') throw new Error('A port has no number.');
      const { promise: hello, resolve } = Promise.withResolvers<Buffer | string>();
      listener.on('connection', (socket) => {
        socket.on('error', () => {});
        socket.once('data', (data) => {
          resolve(data);
          socket.destroy();
        });
      });
      const url = `rediss://localhost:${address.port}`;
      connection = new RedisConnection(
        { url, keyPrefix: 'test:' },
        { clock: systemClock, dated: systemClock, log, random: () => 1 },
      );
      // The first message of TLS has the name in clear.
      expect((await hello).includes('localhost')).toBe(true);
      connection.close();
      listener.close();
      await once(listener, 'close');
    });

    it('is tried again after waits that grow, differ and end at two seconds', () => {
      const waits = [0, 1, 2, 20].map((retries) => [
        reconnectDelay(retries, () => 0),
        reconnectDelay(retries, () => 1),
      ]);
      expect(waits).toEqual([
        [25, 50],
        [50, 100],
        [100, 200],
        [1_000, 2_000],
      ]);
    });
  });

  /** Of the connections that the server knows, without the one that asks. */
  async function ids(): Promise<readonly string[]> {
    return (await server.command('client', 'list'))
      .split('\n')
      .filter((line) => !line.includes('cmd=client|list'))
      .map((line) => line.split(' ')[0] ?? '');
  }
});
