import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import type { MessageRequest } from '../../../src/core/message.ts';
import { createOpenAIProvider } from '../../../src/provider/create.ts';
import type { OpenAIProvider } from '../../../src/provider/openai-provider.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { describeWithRedis, RedisServer } from '../../support/redis-server.ts';
import {
  firstTokenAfter,
  type StubUpstream,
  startStubUpstream,
} from '../../support/upstream/index.ts';
import { LogProbe } from '../support.ts';

/**
 * A response cache that several sidecars share. The server is real; the time of the sidecars passes only when
 * a test says so: no answer of the server is late because the machine is slow.
 */

const PREFIX = 'test:{shared}:cache:1:';

class Sidecar {
  readonly clock = new FakeClock(Date.now());
  readonly log = new LogProbe();
  readonly provider: OpenAIProvider;

  constructor(url: string, baseUrl: string, cache: object = {}) {
    this.provider = createOpenAIProvider(
      {
        keys: [],
        baseUrl,
        version: '1.2.3',
        defaultModel: 'gpt-4o-mini',
        cache: { enabled: true, storage: 'redis', ...cache },
        sharedStore: { url, keyPrefix: 'test:', leaseMs: 60_000, onOutage: 'refuse' },
      },
      { clock: this.clock, log: this.log },
    );
  }

  get isUp(): boolean {
    return this.provider.sharedStoreStatus()?.problem === undefined;
  }

  ask(content = 'Say hello', fields: Partial<MessageRequest> = {}) {
    const messages = [{ role: 'user' as const, content }];
    return this.provider.sendMessageSync({ messages, temperature: 0, maxTokens: 64, ...fields });
  }

  /** Until something has come to its end. */
  async pass<T>(wanted: Promise<T>, stepMs: number): Promise<T> {
    let isOver = false;
    const end = (): void => {
      isOver = true;
    };
    wanted.then(end, end);
    while (!isOver) {
      await sleep(2);
      if (!isOver) this.clock.advance(stepMs);
    }
    return await wanted;
  }

  async connected(isUp = true): Promise<void> {
    while (this.isUp !== isUp) {
      await sleep(2);
      this.clock.advance(50);
    }
  }
}

describeWithRedis('a response cache that sidecars share', () => {
  let server: RedisServer;
  let upstream: StubUpstream;
  let sidecars: Sidecar[];

  beforeEach(async () => {
    server = await RedisServer.start();
    upstream = await startStubUpstream();
    sidecars = [];
  });

  afterEach(async () => {
    server.thaw();
    for (const each of sidecars) await each.pass(each.provider.dispose(), 100);
    await upstream.close();
    await server.stop();
  });

  async function open(cache: object = {}, url = server.url): Promise<Sidecar> {
    const sidecar = new Sidecar(url, upstream.url, cache);
    sidecars.push(sidecar);
    await sidecar.connected();
    return sidecar;
  }

  /** Entries, once what was written is there. */
  const entries = async () => Number(await server.command('zcard', `${PREFIX}used`));
  async function untilThere(count: number): Promise<void> {
    while ((await entries()) !== count) await sleep(2);
  }

  const nameOfAnswer = () => server.command('keys', `${PREFIX}answer:*`);

  it('gives to all what one of them asked', async () => {
    const [one, other] = [await open(), await open()];
    const first = await one.ask();
    expect(first).toMatchObject({ cached: false, attempts: 1 });
    await untilThere(1);
    for (const each of [other, one, other]) {
      expect(await each.ask()).toMatchObject({
        cached: true,
        attempts: 0,
        content: first.content,
        saved: first.cost,
        cacheKey: first.cacheKey,
      });
    }
    expect(upstream.requests).toHaveLength(1);
    expect(other.provider.cacheStatus()).toMatchObject({ entries: 1, hits: 2, misses: 0 });
    // One that starts later knows of it, too, and so does one whose key is of another project.
    expect(await (await open()).ask()).toMatchObject({ cached: true });
    expect(await other.ask('Say hello', { metadata: { project_id: 'p' } })).toMatchObject({
      cached: false,
    });
  });

  it('writes anew for all what one of them refreshes', async () => {
    const [one, other] = [await open(), await open()];
    await one.ask();
    await untilThere(1);
    const anew = await other.ask('Say hello', { cache: { mode: 'refresh' } });
    expect(anew).toMatchObject({ cached: false });
    let found = await one.ask();
    while (found.id !== anew.id) found = await one.ask();
    expect(found).toMatchObject({ cached: true });
  });

  it.each([
    ['by its key', 1, (key: string) => ({ type: 'key', key }) as const],
    ['with its project', 1, () => ({ type: 'project', projectId: 'p' }) as const],
    ['with its model', 2, () => ({ type: 'model', model: 'gpt-4o-mini-2024-07-18' }) as const],
    ['with all', 2, () => ({ type: 'all' }) as const],
  ])('lets go of an answer %s at whichever sidecar', async (_what, count, selection) => {
    const [one, other] = [await open(), await open()];
    const fields = { metadata: { project_id: 'p' } };
    const { cacheKey = '' } = await one.ask('Say hello', fields);
    await untilThere(1);
    await other.ask();
    await untilThere(2);
    expect(await other.provider.invalidateCache(selection(cacheKey))).toBe(count);
    expect(await one.ask('Say hello', fields)).toMatchObject({ cached: false });
  });

  it('keeps no answer that was under way at one while another took answers out', async () => {
    const [one, other] = [await open(), await open()];
    const { promise: hold, resolve: release } = Promise.withResolvers<void>();
    upstream.enqueue(firstTokenAfter(hold, { text: 'old' }));
    const slow = one.ask();
    await upstream.waitForRequest(1);
    expect(await other.provider.invalidateCache({ type: 'project', projectId: 'x' })).toBe(0);
    release();
    expect(await slow).toMatchObject({ content: 'old' });
    // Of the same sidecar, and so after what became of the slow one.
    expect(await one.ask()).toMatchObject({ cached: false });
    await untilThere(1);
    expect(await other.ask()).toMatchObject({ cached: true });
  });

  it('stays within its bounds, for all together', async () => {
    const [one, other] = [await open({ maxEntries: 3 }), await open({ maxEntries: 3 })];
    for (const [at, each] of [one, other, one, other, one].entries()) {
      await each.ask(`question ${at}`);
      await untilThere(Math.min(3, at + 1));
    }
    expect(await other.ask('question 0')).toMatchObject({ cached: false });
  });

  it('is passed by in 20 ms while the server hangs, under many hits', async () => {
    const one = await open();
    await one.ask();
    await untilThere(1);
    const hits = Array.from({ length: 100 }, () => one.ask());
    server.freeze();
    const more = Array.from({ length: 150 }, () => one.ask());
    const began = one.clock.now();
    const ended = await one.pass(Promise.all([...hits, ...more]), 20);
    for (const each of ended) expect(each.content).toBe('Hello from the stub.');
    expect(ended.some(({ cached }) => !cached)).toBe(true);
    // From the first 20 ms on nobody waits: they share the answers of the upstream.
    expect(one.clock.now() - began).toBeLessThan(1_000);
    server.thaw();
    await one.connected();
    let again = await one.ask();
    while (!again.cached) again = await one.ask();
    expect(one.isUp).toBe(true);
  });

  it('is passed by at once while the server is away, and found again', async () => {
    const one = await open();
    await one.ask();
    await untilThere(1);
    await server.kill();
    await one.connected(false);
    // Time stands still: nothing is waited for.
    const away = await Promise.all([one.ask(), one.ask('Another'), one.ask()]);
    expect(away.map(({ cached, cacheKey }) => [cached, cacheKey ?? ''])).toEqual([
      [false, ''],
      [false, ''],
      [false, ''],
    ]);
    await expect(one.provider.invalidateCache({ type: 'all' })).rejects.toMatchObject({
      reason: 'SERVICE_UNAVAILABLE',
      message: expect.stringContaining('answers may still be in it'),
    });
    await server.start();
    await one.connected();
    await one.ask();
    await untilThere(1);
    expect(await one.ask()).toMatchObject({ cached: true });
  });

  it.each<[string, (name: string) => Promise<unknown>]>([
    ['is damaged', (name) => server.command('setrange', name, '40', '☠')],
    [
      'is cut off',
      async (name) => server.command('set', name, (await server.command('get', name)).slice(0, 99)),
    ],
    ['is empty', (name) => server.command('set', name, '')],
    ['is of another version', (name) => server.command('setrange', name, '0', '9')],
    ['is none', (name) => server.command('set', name, '{"started":{},"deltas":[],"end":{}}')],
    ['is of another kind', (name) => server.command('eval', INSTEAD, '1', name)],
    ['was evicted', (name) => server.command('del', name)],
    ['is in no index', () => server.command('del', `${PREFIX}index`)],
    ['is in a damaged index', () => server.command('eval', SPOIL, '1', `${PREFIX}index`)],
    ['is counted wrongly', () => server.command('del', `${PREFIX}state`)],
  ])('answers without what %s, and has it right again afterwards', async (_what, damage) => {
    const one = await open({ maxEntries: 3 });
    await one.ask();
    await untilThere(1);
    await damage(await nameOfAnswer());
    const { content } = await one.ask();
    expect(content).toBe('Hello from the stub.');
    let again = await one.ask();
    while (!again.cached) again = await one.ask();
    for (let at = 0; at < 5; at += 1) await one.ask(`question ${at}`);
    while (!(await one.ask('question 4')).cached);
    expect(await entries()).toBeLessThanOrEqual(3);
    expect(await one.provider.invalidateCache({ type: 'all' })).toBeGreaterThanOrEqual(1);
    expect(await nameOfAnswer()).toBe('');
  });

  const INSTEAD = `redis.call('DEL', KEYS[1]) return redis.call('HSET', KEYS[1], 'a', 'b')`;
  const SPOIL = `for _, key in ipairs(redis.call('HKEYS', KEYS[1])) do
    redis.call('HSET', KEYS[1], key, '[oops') end`;

  it('needs of the server no more than docs/shared-store.md says', async () => {
    const page = readFileSync('docs/shared-store.md', 'utf8');
    const permissions = /ACL\): `([^`]+)`/.exec(page)?.[1] ?? '';
    await server.command(
      'acl',
      'setuser',
      'sidecar',
      'on',
      '>secret',
      '~test:*',
      ...permissions.split(/\s+/),
    );
    const url = server.url.replace('redis://', 'redis://sidecar:secret@');
    const one = await open({}, url);
    await one.ask();
    await untilThere(1);
    expect(await one.ask()).toMatchObject({ cached: true });
    expect(await one.provider.invalidateCache({ type: 'all' })).toBe(1);
    await one.ask('Once', { idempotencyKey: 'k-1' });
    while ((await server.command('keys', 'test:*:repeat:*')) === '') await sleep(20);
    expect(await server.command('acl', 'log')).toBe('');
  });
});
