import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { systemClock } from '../../src/core/clock.ts';
import { RedisConnection, reconnectDelay } from '../../src/shared-store/connection.ts';
import { defineScript, StoreAwayError } from '../../src/shared-store/script.ts';
import { holdsSecret } from '../../src/telemetry/secrets.ts';
import { describeWithRedis, RedisServer } from '../support/redis-server.ts';
import { connectTo, eventually, LogProbe } from './support.ts';

describeWithRedis('a connection to Redis', () => {
  const ECHO = defineScript('return { KEYS[1], ARGV[1] }');
  const FAIL = defineScript(`return redis.error_reply('NOPE no such thing')`);

  const AWAY = 'warn: the shared store is away; calls go on within their leases';
  const BACK = 'info: the shared store is back';

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

  async function connected(to: Pick<RedisServer, 'url'> = server): Promise<RedisConnection> {
    const opened = connectTo(to, log);
    connection = opened;
    await eventually(() => opened.isUp);
    return opened;
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
      const opened = await connected();
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
      const opened = connectTo(server, log, () => {
        attempts += 1;
        return 0;
      });
      connection = opened;
      await eventually(() => opened.isUp);
      const before = ids();
      expect(before).toHaveLength(1);
      server.freeze();
      await eventually(() => attempts > 0);
      server.thaw();
      await eventually(() => opened.isUp);
      for (const id of ids()) expect(before).not.toContain(id);
    });

    it('rejects what runs when it is lost', async () => {
      const opened = await connected();
      server.freeze();
      const run = expect(opened.run(ECHO, ['a'], ['1'])).rejects.toBeInstanceOf(StoreAwayError);
      await server.kill();
      await run;
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
      server.command('config', 'set', 'requirepass', PASSWORD);
      const encoded = encodeURIComponent(PASSWORD);
      await connected({ url: server.url.replace('//', `//default:${encoded}@`) });
      expect(holdsSecret(PASSWORD)).toBe(true);
      expect(holdsSecret(encoded)).toBe(true);
    });

    it('that are refused are told of without them', async () => {
      server.command('config', 'set', 'requirepass', PASSWORD);
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
      connection = new RedisConnection({ url }, { clock: systemClock, log, random: () => 1 });
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

  /** Of the connections that the server knows, its own tool's left out. */
  function ids(): readonly string[] {
    return server
      .command('client', 'list')
      .split('\n')
      .filter((line) => !line.includes('cmd=client|list'))
      .map((line) => line.split(' ')[0] ?? '');
  }
});
