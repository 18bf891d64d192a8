import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { SILENT } from '../../../src/core/provider-log.ts';
import {
  type AnswerStore,
  type AnswerStoreOptions,
  type CacheSelection,
  ENTRY_BYTES,
  type StoreEvents,
} from '../../../src/money/cache/answer-store.ts';
import { MemoryStore } from '../../../src/money/cache/memory-store.ts';
import { SqliteStore } from '../../../src/money/cache/sqlite-store.ts';
import { StoreThread } from '../../../src/money/store-thread/store-thread.ts';
import { SharedAnswers } from '../../../src/shared-store/answers/shared-answers.ts';
import type { RedisConnection } from '../../../src/shared-store/redis/connection.ts';
import { connectedTo } from '../../shared-store/support.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { describeWithRedis, RedisServer } from '../../support/redis-server.ts';
import { tempFolders } from '../../support/temp-folder.ts';

/** What a response cache may keep its answers in, wherever that is: all of them behave alike. */

const ROOMY = { maxBytes: 1_000_000, maxEntries: 100 };
const HOUR_MS = 3_600_000;

/** Notes what a store tells. */
class Told implements StoreEvents {
  stored = 0;
  gone = 0;
  failures = 0;

  kept(): void {
    this.stored += 1;
  }

  evicted(count: number): void {
    this.gone += count;
  }

  failed(): void {
    this.failures += 1;
  }
}

interface Opened {
  readonly store: AnswerStore;
  readonly told: Told;
}

type Open = (options: AnswerStoreOptions) => Opened | Promise<Opened>;

/** Keeps an answer as a call does that asked for it before. */
async function keep(store: AnswerStore, key: string, fields: object = {}, ttlMs = HOUR_MS) {
  await store.get(key);
  const entry = { bytes: Buffer.from(`answer of ${key} ☃`), model: 'm', projectId: 'p', ...fields };
  return store.set(key, entry, ttlMs, store.generation);
}

const textAt = async (store: AnswerStore, key: string) => (await store.get(key))?.toString();

const isThere = async (store: AnswerStore, ...keys: readonly string[]) => {
  const there: string[] = [];
  for (const key of keys) if ((await store.get(key)) !== undefined) there.push(key);
  return there;
};

function behavesAsAStore(open: Open): void {
  it('gives what it was given, and the last under a key', async () => {
    const { store, told } = await open(ROOMY);
    expect(await store.get('a')).toBeUndefined();
    expect(await keep(store, 'a')).toBe(true);
    expect(await textAt(store, 'a')).toBe('answer of a ☃');
    await keep(store, 'a', { bytes: Buffer.from('another') });
    expect(await textAt(store, 'a')).toBe('another');
    expect(store.size()).toEqual({ entries: 1, bytes: 7 + ENTRY_BYTES });
    expect(told).toMatchObject({ stored: 2, gone: 0, failures: 0 });
  });

  it('stays within its entries: the longest unused goes first', async () => {
    const { store, told } = await open({ ...ROOMY, maxEntries: 3 });
    for (const key of ['a', 'b', 'c']) await keep(store, key);
    await store.get('a');
    await keep(store, 'd');
    expect(await isThere(store, 'a', 'b', 'c', 'd')).toEqual(['a', 'c', 'd']);
    await keep(store, 'e');
    // What has come is asked for first: then what went for it is known to be gone.
    expect(await isThere(store, 'e', 'a', 'c', 'd')).toEqual(['e', 'c', 'd']);
    expect(store.size().entries).toBe(3);
    expect(told.gone).toBe(2);
  });

  it('stays within its bytes, whatever it is given', async () => {
    const maxBytes = 10_000;
    const { store, told } = await open({ maxBytes, maxEntries: 100 });
    for (let count = 0; count < 30; count += 1) {
      await keep(store, `key-${count}`, { bytes: Buffer.alloc(97 * (count % 12), 'x') });
      expect(store.size().bytes).toBeLessThanOrEqual(maxBytes);
    }
    await keep(store, 'large', { bytes: Buffer.alloc(9_000, 'x') });
    expect(await isThere(store, 'large', 'key-29')).toEqual(['large']);
    await keep(store, 'too large', { bytes: Buffer.alloc(10_000, 'x') });
    expect(await isThere(store, 'large', 'too large')).toEqual(['large']);
    expect(store.size()).toEqual({ entries: 1, bytes: 9_000 + ENTRY_BYTES });
    expect(told).toMatchObject({ stored: 31, gone: 30 });
  });

  it('takes out what it is told to, and says how much that was', async () => {
    const { store } = await open(ROOMY);
    const all = ['1', '2', '3', '4', '5'];
    const fill = async () => {
      await keep(store, '1', { model: 'm', projectId: 'p' });
      await keep(store, '2', { model: 'm', projectId: 'q' });
      await keep(store, '3', { model: 'n', projectId: 'p' });
      await keep(store, '4', { model: 'n', projectId: '' });
      await keep(store, '5', { model: 'ü"\'%', projectId: 'r:s' });
    };
    const cases: readonly [CacheSelection, readonly string[]][] = [
      [{ type: 'model', model: 'm' }, ['3', '4', '5']],
      [{ type: 'model', model: 'm', projectId: 'p' }, ['2', '3', '4', '5']],
      [{ type: 'model', model: 'n', projectId: '' }, ['1', '2', '3', '5']],
      [{ type: 'model', model: 'ü"\'%' }, ['1', '2', '3', '4']],
      [{ type: 'model', model: 'none' }, all],
      [{ type: 'project', projectId: 'p' }, ['2', '4', '5']],
      [{ type: 'project', projectId: '' }, ['1', '2', '3', '5']],
      [{ type: 'project', projectId: 'r:s' }, ['1', '2', '3', '4']],
      [{ type: 'key', key: '2' }, ['1', '3', '4', '5']],
      [{ type: 'key', key: '2', projectId: 'q' }, ['1', '3', '4', '5']],
      [{ type: 'key', key: '2', projectId: 'p' }, all],
      [{ type: 'key', key: '6' }, all],
      [{ type: 'all' }, []],
    ];
    for (const [selection, staying] of cases) {
      await fill();
      expect(await store.invalidate(selection)).toBe(all.length - staying.length);
      expect(await isThere(store, ...all)).toEqual(staying);
      expect(store.size().entries).toBe(staying.length);
    }
  });

  it('takes out many', async () => {
    const { store } = await open({ maxBytes: 10_000_000, maxEntries: 10_000 });
    for (let count = 0; count < 1_201; count += 1) {
      await keep(store, `key-${count}`, { projectId: `p-${count % 2}` });
    }
    expect(await store.invalidate({ type: 'project', projectId: 'p-0' })).toBe(601);
    expect(store.size().entries).toBe(600);
    expect(await store.invalidate({ type: 'model', model: 'm' })).toBe(600);
    expect(store.size()).toEqual({ entries: 0, bytes: 0 });
  });

  it('keeps nothing that was under way when something was taken out', async () => {
    const { store } = await open(ROOMY);
    await store.get('a');
    const { generation } = store;
    const entry = { bytes: Buffer.from('old'), model: 'm', projectId: 'p' };
    await store.invalidate({ type: 'project', projectId: 'another' });
    store.set('a', entry, HOUR_MS, generation);
    expect(await store.get('a')).toBeUndefined();
    await keep(store, 'a');
    expect(await isThere(store, 'a')).toEqual(['a']);
  });

  it('lets go of what has no room when it is made smaller, at the latest with the next answer', async () => {
    const { store } = await open(ROOMY);
    for (const key of ['a', 'b', 'c', 'd']) await keep(store, key);
    await store.get('a');
    store.resize({ ...ROOMY, maxEntries: 2 });
    await keep(store, 'e');
    expect(await isThere(store, 'a', 'b', 'c', 'd', 'e')).toEqual(['a', 'e']);
  });
}

/** Keeps an answer for a second, and is not asked for it in vain before that. */
async function outlives(store: AnswerStore, clock: FakeClock): Promise<void> {
  await keep(store, 'a', {}, 1_000);
  clock.advance(999);
  expect(await isThere(store, 'a')).toEqual(['a']);
  clock.advance(2);
  expect(await store.get('a')).toBeUndefined();
}

describe('answers in memory', () => {
  const clock = new FakeClock();
  const open = (options: AnswerStoreOptions): Opened => {
    const told = new Told();
    return { told, store: new MemoryStore(options, told, clock) };
  };
  behavesAsAStore(open);

  it('go when their time is over', async () => {
    const { store } = open(ROOMY);
    await outlives(store, clock);
  });
});

describe('answers in a directory', () => {
  const clock = new FakeClock();
  const newFolder = tempFolders();
  let directory: string;
  let stores: StoreThread;
  beforeEach(() => {
    directory = newFolder();
    stores = new StoreThread({ directory });
  });
  afterEach(async () => {
    await stores.close();
  });

  const open = (options: AnswerStoreOptions): Opened => {
    const told = new Told();
    const deps = { stores, clock, dated: clock, log: SILENT };
    return { told, store: new SqliteStore(options, told, deps) };
  };
  behavesAsAStore(open);

  it('go when their time is over', async () => {
    const { store } = open(ROOMY);
    await outlives(store, clock);
    // Whatever comes next takes it out.
    await keep(store, 'b');
    await store.get('b');
    expect(store.size().entries).toBe(1);
  });
});

describeWithRedis('answers that are shared', () => {
  let server: RedisServer;
  let connection: RedisConnection;
  beforeAll(async () => {
    server = await RedisServer.start();
    connection = await connectedTo(server);
    // A script that it does not know is sent again, behind what was asked meanwhile.
    const { store } = await open(ROOMY);
    await keep(store, 'a');
    await store.invalidate({ type: 'all' });
    await server.command('flushall');
  });
  afterEach(async () => void (await server.command('flushall')));
  afterAll(async () => {
    connection.close();
    await server.stop();
  });

  const open = async (options: AnswerStoreOptions): Promise<Opened> => {
    const told = new Told();
    // Its clock stands still: however slow the machine is, no answer comes too late.
    const clock = new FakeClock();
    const store = new SharedAnswers(connection, { keyPrefix: 'test:' }, clock, options, told);
    return { told, store };
  };
  behavesAsAStore(open);

  it('go when their time is over, and all that is known of them soon after', async () => {
    const { store } = await open(ROOMY);
    await keep(store, 'a', {}, 1);
    while ((await store.get('a')) !== undefined);
    expect(await keep(store, 'b', {}, 60_000)).toBe(true);
    expect(await isThere(store, 'a', 'b')).toEqual(['b']);
    expect(store.size().entries).toBe(1);
    const names = (await server.command('keys', '*')).split('\n').sort();
    expect(names).toEqual([
      'test:{shared}:cache:1:answer:b',
      'test:{shared}:cache:1:ends',
      'test:{shared}:cache:1:index',
      'test:{shared}:cache:1:state',
      'test:{shared}:cache:1:used',
    ]);
    for (const name of names) {
      const left = Number(await server.command('pttl', name));
      expect(left).toBeGreaterThan(0);
      expect(left).toBeLessThanOrEqual(name.endsWith('state') ? 86_400_000 : 121_000);
    }
  });
});
