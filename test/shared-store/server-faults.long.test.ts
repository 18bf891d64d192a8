import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { createOpenAIProvider, type OpenAIProviderOptions } from '../../src/provider/create.ts';
import type { OpenAIProvider } from '../../src/provider/openai-provider.ts';
import { describeWithRedis, RedisServer } from '../support/redis-server.ts';
import { type StubUpstream, startStubUpstream } from '../support/upstream/index.ts';
import { eventually, LogProbe } from './support.ts';

/** What calls, GetUsage and the log do while the server of the shared store is of no use. */

const DOLLAR = 1_000_000_000_000n;
/** The first calls wait two seconds, and those after them not at all. The rest is for a busy machine. */
const LONGEST_MS = 5_000;
const AT_ONCE_MS = 1_500;
const AWAY = 'warn: the shared store is away; calls go on within their leases';

/** What becomes of calls after the two seconds. */
const ENDS = { refuse: 'BUDGET_EXCEEDED', allow: 'completed' } as const;

const BUDGET = {
  name: 'users',
  scope: 'user',
  match: '*',
  limit: DOLLAR,
  period: 'month',
  alertThresholds: [],
} as const;

describeWithRedis('a sidecar whose shared store', () => {
  let server: RedisServer;
  let upstream: StubUpstream;
  let provider: OpenAIProvider;
  let log: LogProbe;

  beforeEach(async () => {
    server = await RedisServer.start();
    upstream = await startStubUpstream();
    log = new LogProbe();
  });

  afterEach(async () => {
    server.thaw();
    await provider.dispose();
    await upstream.close();
    await server.stop();
  });

  function open(url = server.url, onOutage: 'refuse' | 'allow' = 'refuse'): void {
    const options: OpenAIProviderOptions = {
      keys: [],
      baseUrl: upstream.url,
      version: '1.2.3',
      defaultModel: 'gpt-4o-mini',
      rateLimit: { requestsPerMinute: 6_000 },
      budgets: { budgets: [BUDGET] },
      sharedStore: { url, keyPrefix: 'test:', leaseMs: 30_000, onOutage },
    };
    provider = createOpenAIProvider(options, { log });
  }

  /** As what it ends, and after how long. Every user is new, and has no lease. */
  let users = 0;
  async function ask(): Promise<{ end: string; ms: number }> {
    users += 1;
    const began = performance.now();
    const metadata = { user_id: `user-${users}` };
    const end = await provider
      .sendMessageSync({ messages: [{ role: 'user', content: 'Hi' }], maxTokens: 64, metadata })
      .then(
        () => 'completed',
        (error: { reason: string }) => error.reason,
      );
    return { end, ms: performance.now() - began };
  }

  async function expectOutage(end: string): Promise<void> {
    // Some of them side by side, and some one after the other.
    for (let round = 0; round < 3; round += 1) {
      for (const call of await Promise.all([ask(), ask(), ask()])) {
        expect(call.end).toBe(end);
        expect(call.ms).toBeLessThan(round === 0 ? LONGEST_MS : AT_ONCE_MS);
      }
    }
    const began = performance.now();
    expect(await provider.getUsage({ groupBy: [] })).toMatchObject({ partial: true });
    expect(performance.now() - began).toBeLessThan(LONGEST_MS);
    await sleep(1_000);
    expect(log.lines.filter((line) => line === AWAY)).toHaveLength(1);
    expect(log.lines.length).toBeLessThanOrEqual(2);
  }

  async function listening(behave: (socket: Socket) => void): Promise<Server> {
    const fake = createServer((socket) => behave(socket.on('error', () => {})));
    fake.listen(0, '127.0.0.1');
    await once(fake, 'listening');
    return fake;
  }

  const urlOf = (fake: Server) => `redis://127.0.0.1:${(fake.address() as AddressInfo).port}`;

  it.each([
    ['wants a password', 'refuse', ['config', 'set', 'requirepass', 'hunter2-hunter2']],
    ['wants a password', 'allow', ['config', 'set', 'requirepass', 'hunter2-hunter2']],
    ['is a replica', 'refuse', ['replicaof', '127.0.0.1', '1']],
  ] as const)('%s lets no call wait, with onOutage %s', async (_, onOutage, command) => {
    server.command(...command);
    open(server.url, onOutage);
    await expectOutage(ENDS[onOutage]);
  });

  it.each(['refuse', 'allow'] as const)(
    'hangs lets no call wait, with onOutage %s',
    async (choice) => {
      open(server.url, choice);
      expect(await ask()).toMatchObject({ end: 'completed' });
      server.freeze();
      await expectOutage(ENDS[choice]);
    },
  );

  it.each([
    ['accepts and says nothing', () => {}],
    ['closes connections as soon as they stand', (socket: Socket) => void socket.destroy()],
  ])('%s lets no call wait', async (_, behave) => {
    const sockets = new Set<Socket>();
    const fake = await listening((socket) => {
      sockets.add(socket);
      behave(socket);
    });
    open(urlOf(fake));
    try {
      await expectOutage(ENDS.refuse);
    } finally {
      for (const socket of sockets) socket.destroy();
      fake.close();
    }
  });

  it('is flushed, or replaced by an empty one, goes on and has all again', async () => {
    open();
    for (let count = 0; count < 3; count += 1)
      expect(await ask()).toMatchObject({ end: 'completed' });
    expect(await provider.getUsage({ groupBy: [] })).toMatchObject({ partial: false });
    server.command('flushall');
    expect(await provider.getUsage({ groupBy: [] })).toMatchObject({
      total: { attempts: 3 },
      partial: true,
    });
    await server.kill();
    await server.start();
    await eventually(() => log.lines.includes('info: the shared store is back'));
    expect(await provider.getUsage({ groupBy: [] })).toMatchObject({ total: { attempts: 3 } });
    const { ms } = await ask();
    expect(ms).toBeLessThan(LONGEST_MS);
  });
});
