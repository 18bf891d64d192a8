import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createOpenAIProvider, type OpenAIProviderOptions } from '../../src/provider/create.ts';
import type { OpenAIProvider } from '../../src/provider/openai-provider.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { describeWithRedis, RedisServer } from '../support/redis-server.ts';
import { type StubUpstream, startStubUpstream } from '../support/upstream/index.ts';
import { AWAY, eventually, LogProbe } from './support.ts';

/**
 * What calls, GetUsage and the log do while the server of the shared store is of no use. The server is
 * real, and so is what it says; time passes only when a test says so, and how long a call waits is exact.
 */

const DOLLAR = 1_000_000_000_000n;
/** No call waits longer for the server. */
const LONGEST_MS = 2_000;
const LOST = 'warn: the shared store has lost its data; what was spent is reported again';

/** What becomes of calls then. */
const ENDS = { refuse: 'BUDGET_EXCEEDED', allow: 'completed' } as const;
type OnOutage = keyof typeof ENDS;

const BUDGET = {
  name: 'users',
  scope: 'user',
  match: '*',
  limit: DOLLAR,
  period: 'month',
  alertThresholds: [],
} as const;

/** By which the timer of a call is known that waits for its budget. */
const MOST_WAIT_MS = 654_321;

class WaitingClock extends FakeClock {
  waits = 0;

  override after(ms: number, callback: () => void) {
    if (ms === MOST_WAIT_MS) this.waits += 1;
    return super.after(ms, callback);
  }
}

const MESSAGES = [{ role: 'user', content: 'Hi' }] as const;

describeWithRedis('a sidecar whose shared store', () => {
  let server: RedisServer;
  let upstream: StubUpstream;
  let provider: OpenAIProvider;
  let log: LogProbe;
  let clock: WaitingClock;

  beforeEach(async () => {
    server = await RedisServer.start();
    upstream = await startStubUpstream();
    log = new LogProbe();
    clock = new WaitingClock(Date.now());
  });

  afterEach(async () => {
    server.thaw();
    const disposed = provider.dispose();
    await pass(LONGEST_MS);
    await disposed;
    await upstream.close();
    await server.stop();
  });

  async function open(url = server.url, onOutage: OnOutage = 'refuse'): Promise<void> {
    const options: OpenAIProviderOptions = {
      keys: [],
      baseUrl: upstream.url,
      version: '1.2.3',
      defaultModel: 'gpt-4o-mini',
      // So high that nobody waits for the limit itself.
      rateLimit: { requestsPerMinute: 600_000 },
      budgets: { budgets: [BUDGET], maxWaitMs: MOST_WAIT_MS },
      sharedStore: { url, keyPrefix: 'test:', leaseMs: 30_000, onOutage },
    };
    provider = createOpenAIProvider(options, { log, clock });
  }

  /** As what it ends. */
  function ask(userId: string, maxTokens = 64): Promise<string> {
    return provider
      .sendMessageSync({ messages: MESSAGES, maxTokens, metadata: { user_id: userId } })
      .then(
        () => 'completed',
        (error: { reason?: string }) => error.reason ?? String(error),
      );
  }

  /** Users who have no lease yet. */
  let users = 0;
  const askAnew = () => ask(`user-${++users}`);

  const isUp = (): boolean => provider.sharedStoreStatus()?.problem === undefined;

  /** Lets time pass, and the server have its say in between. */
  async function pass(ms: number, steps = 8): Promise<void> {
    for (let step = 0; step < steps; step += 1) {
      await sleep(2);
      clock.advance(ms / steps);
    }
  }

  async function connected(): Promise<void> {
    while (!isUp()) await pass(50, 1);
  }

  /** Its ledger answers in a thread of its own, whatever the clock says. */
  async function usage() {
    let isThere = false;
    const answer = provider.getUsage({ groupBy: [] }).finally(() => {
      isThere = true;
    });
    while (!isThere) await pass(100, 1);
    return await answer;
  }

  async function expectOutage(end: string): Promise<void> {
    const { waits } = clock;
    const first = Promise.all([askAnew(), askAnew(), askAnew()]);
    await eventually(() => clock.waits === waits + 3);
    await pass(LONGEST_MS);
    // What ends no sooner than this by the clock does not end here.
    expect(await first).toEqual([end, end, end]);
    // And from now on none waits.
    expect(await Promise.all([askAnew(), askAnew()])).toEqual([end, end]);
    expect(await usage()).toMatchObject({ partial: true });
    await pass(30_000, 30);
    expect(log.lines.filter((line) => line === AWAY)).toHaveLength(1);
    expect(log.lines.length).toBeLessThanOrEqual(2);
  }

  it.each([
    ['wants a password', 'refuse', ['config', 'set', 'requirepass', 'hunter2-hunter2']],
    ['wants a password', 'allow', ['config', 'set', 'requirepass', 'hunter2-hunter2']],
    ['is out of memory', 'refuse', ['config', 'set', 'maxmemory', '1']],
    ['is a replica', 'refuse', ['replicaof', '127.0.0.1', '1']],
  ] as const)('%s lets no call wait, with onOutage %s', async (_, onOutage, command) => {
    await server.command(...command);
    await open(server.url, onOutage);
    await expectOutage(ENDS[onOutage]);
  });

  it('becomes a replica under way lets no call wait', async () => {
    await open();
    await connected();
    expect(await askAnew()).toBe('completed');
    await server.command('replicaof', '127.0.0.1', '1');
    await expectOutage(ENDS.refuse);
  });

  describe.each(['refuse', 'allow'] as const)('with onOutage %s', (onOutage) => {
    it('hangs lets no call wait', async () => {
      await open(server.url, onOutage);
      await connected();
      expect(await askAnew()).toBe('completed');
      server.freeze();
      await expectOutage(ENDS[onOutage]);
    });

    it.each([
      ['is flushed', async (): Promise<void> => void (await server.command('flushall'))],
      [
        'is replaced by an empty one',
        async (): Promise<void> => {
          await server.kill();
          await server.start();
        },
      ],
    ] as const)('%s lets no call wait for more than is leased', async (_, lose) => {
      await open(server.url, onOutage);
      await connected();
      expect(await ask('alice')).toBe('completed');
      await lose();
      const { waits } = clock;
      const more = ask('alice', 16_000);
      await eventually(() => clock.waits > waits);
      await pass(LONGEST_MS);
      expect(await more).toBe(ENDS[onOutage]);
      expect(await ask('alice')).toBe('completed');
      expect(log.lines.filter((line) => line === LOST)).toHaveLength(1);
      expect(log.lines.filter((line) => line === AWAY).length).toBeLessThanOrEqual(1);
    });
  });

  it.each([
    ['accepts and says nothing', () => {}],
    ['closes connections as soon as they stand', (socket: Socket) => void socket.destroy()],
  ])('%s lets no call wait', async (_, behave) => {
    const sockets = new Set<Socket>();
    const fake = createServer((socket) => {
      sockets.add(socket.on('error', () => {}));
      behave(socket);
    });
    fake.listen(0, '127.0.0.1');
    await once(fake, 'listening');
    try {
      await open(`redis://127.0.0.1:${(fake.address() as AddressInfo).port}`);
      await expectOutage(ENDS.refuse);
    } finally {
      for (const socket of sockets) socket.destroy();
      fake.close();
    }
  });

  it('is flushed, or replaced by an empty one, has the usage again', async () => {
    await open();
    await connected();
    for (let count = 0; count < 3; count += 1) expect(await askAnew()).toBe('completed');
    // By this clock the server's answer may come too late.
    await eventually(async () => !(await usage()).partial);
    await server.command('flushall');
    const all = { total: { attempts: 3 } };
    expect(await usage()).toMatchObject({ ...all, partial: true });
    await server.kill();
    await server.start();
    await eventually(() => !isUp());
    await connected();
    expect(await usage()).toMatchObject(all);
  });
});
