import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { SILENT } from '../../../src/core/provider-log.ts';
import type { StoreEvents } from '../../../src/money/cache/answer-store.ts';
import { SqliteStore, sweepAnswers } from '../../../src/money/cache/sqlite-store.ts';
import type { StoreClient } from '../../../src/money/store/store-client.ts';
import { StoreThread } from '../../../src/money/store-thread/store-thread.ts';
import { LogProbe } from '../../shared-store/support.ts';
import { FakeClock } from '../../support/fake-clock.ts';
import { describeWithDisk, SmallDisk } from '../../support/small-disk.ts';
import { tempFolders } from '../../support/temp-folder.ts';

const ROOMY = { maxBytes: 10_000_000, maxEntries: 1_000 };
const HOUR_MS = 3_600_000;
const UNHEARD: StoreEvents = { kept: () => {}, evicted: () => {}, failed: () => {} };

const newFolder = tempFolders();
let directory: string;
let clock: FakeClock;
let stores: StoreThread;
const path = () => join(directory, 'cache.sqlite');

const open = (events = UNHEARD, options = ROOMY, log: LogProbe | typeof SILENT = SILENT) =>
  new SqliteStore(options, events, { stores, clock, dated: clock, log });

/** Keeps an answer, and waits until that is done. */
async function keep(store: SqliteStore, key: string, text = `answer of ${key}`, ttlMs = HOUR_MS) {
  const entry = { bytes: Buffer.from(text), model: 'm', projectId: 'p' };
  const isKept = store.set(key, entry, ttlMs, store.generation);
  await store.get(key);
  return isKept;
}

const textAt = async (store: SqliteStore, key: string) => (await store.get(key))?.toString();

/** Once the thread has ended, as when the process does. */
async function restart(meanwhile: () => void = () => {}): Promise<void> {
  await stores.close();
  meanwhile();
  stores = new StoreThread({ directory });
}

describe('answers in a directory', () => {
  beforeEach(() => {
    clock = new FakeClock();
    directory = newFolder();
    stores = new StoreThread({ directory });
  });
  afterEach(async () => {
    await stores.close();
  });

  it('outlive the process, with the time that they have left and the order of their use', async () => {
    const before = open();
    for (const key of ['a', 'b', 'c']) await keep(before, key);
    await keep(before, 'short', 'soon gone', 2_000);
    await before.get('a');
    await keep(before, 'd');
    const size = before.size();
    await restart(() => clock.advance(3_000));
    const after = open(UNHEARD, { ...ROOMY, maxEntries: 4 });
    expect(await textAt(after, 'a')).toBe('answer of a');
    expect(await after.get('short')).toBeUndefined();
    expect(after.size().bytes).toBeLessThanOrEqual(size.bytes);
    await keep(after, 'e');
    expect(await after.get('b')).toBeUndefined();
    expect(await textAt(after, 'c')).toBe('answer of c');
    expect(after.size().entries).toBe(4);
  });

  it('are read by nobody but the owner of the process, and leave nothing open behind', async () => {
    await keep(open(), 'a');
    for (const name of readdirSync(directory)) {
      expect([name, statSync(join(directory, name)).mode & 0o777]).toEqual([name, 0o600]);
    }
    await restart(() => {
      expect(readdirSync(directory).filter((name) => /-(wal|shm)$/.test(name))).toEqual([]);
    });
  });

  it('need no file while there are none', async () => {
    const store = open();
    expect(await store.get('a')).toBeUndefined();
    expect(await store.invalidate({ type: 'all' })).toBe(0);
    expect(await store.invalidate({ type: 'project', projectId: 'p' })).toBe(0);
    expect(existsSync(path())).toBe(false);
  });

  it('go with their file when all are taken out', async () => {
    const store = open();
    for (let count = 0; count < 50; count += 1) await keep(store, `k-${count}`, 'secret words');
    expect(await store.invalidate({ type: 'all' })).toBe(50);
    expect(existsSync(path())).toBe(false);
    expect(store.size()).toEqual({ entries: 0, bytes: 0 });
    await keep(store, 'a');
    expect(await textAt(store, 'a')).toBe('answer of a');
  });

  it('take no more of the disk than twice what they may, however many there were', async () => {
    const maxBytes = 2 ** 20;
    const store = open(UNHEARD, { maxBytes, maxEntries: 1_000 });
    for (let count = 0; count < 700; count += 1) {
      await keep(store, `k-${count}`, 'x'.repeat(61 * (count % 150)));
    }
    await restart();
    expect(statSync(path()).size).toBeLessThan(2 * maxBytes);
    expect(store.size().bytes).toBeLessThanOrEqual(maxBytes);
  });

  it('that were given are in memory, too, until they are taken out, replaced or over', async () => {
    const store = open();
    for (const key of ['a', 'b', 'c', 'd']) await keep(store, key, undefined, 5_000);
    const hot = () => ['a', 'b', 'c', 'd'].filter((key) => store.get(key) instanceof Buffer);
    expect(hot()).toEqual(['a', 'b', 'c', 'd']);
    await store.invalidate({ type: 'key', key: 'a', projectId: 'p' });
    store.set(
      'b',
      { bytes: Buffer.from('new'), model: 'm', projectId: 'p' },
      5_000,
      store.generation,
    );
    expect(hot()).toEqual(['c', 'd']);
    expect(await textAt(store, 'a')).toBeUndefined();
    expect(await textAt(store, 'b')).toBe('new');
    clock.advance(5_000);
    expect(hot()).toEqual([]);
    await keep(store, 'c');
    await store.invalidate({ type: 'model', model: 'm' });
    expect(await textAt(store, 'c')).toBeUndefined();
  });

  it('that are given from memory are the last to go', async () => {
    const store = open(UNHEARD, { ...ROOMY, maxEntries: 3 });
    for (const key of ['a', 'b', 'c']) await keep(store, key);
    expect(store.get('a')).toBeInstanceOf(Buffer);
    await keep(store, 'd');
    expect(await textAt(store, 'b')).toBeUndefined();
    await restart();
    expect(await textAt(open(), 'a')).toBe('answer of a');
  });

  it('that are read while something is taken out do not stay in memory', async () => {
    await keep(open(), 'a');
    await restart();
    const store = open();
    const read = store.get('a');
    const taken = store.invalidate({ type: 'project', projectId: 'p' });
    expect((await read)?.toString()).toBe('answer of a');
    expect(await taken).toBe(1);
    expect(await textAt(store, 'a')).toBeUndefined();
  });

  it('go when their time is over, also where the cache is not used any more', async () => {
    const store = open();
    for (let count = 0; count < 1_201; count += 1) await keep(store, `k-${count}`, 'words', 5_000);
    await keep(store, 'stays', 'others');
    await restart();
    clock.advance(5_001);
    const end = sweepAnswers({ stores, clock, dated: clock });
    const again = open();
    await again.get('stays');
    while (again.size().entries !== 1) await keep(again, 'stays', 'others');
    await keep(again, 'later', 'of later', 90_000);
    for (let minute = 0; minute < 2; minute += 1) {
      clock.advance(60_000);
      // What is asked of the file after a sweep is answered after it.
      await again.get('elsewhere');
    }
    end();
    expect(clock.pending).toBe(0);
    await restart();
    const left = new DatabaseSync(path());
    expect(left.prepare('SELECT key FROM answers').all()).toEqual([{ key: 'stays' }]);
    left.close();
  });

  it.each<[string, () => void]>([
    ['cut off in the middle of the file', () => truncateSync(path(), 6_000)],
    ['no database', () => writeFileSync(path(), 'what is this?'.repeat(1_000))],
    ['of a newer version', () => sql('PRAGMA user_version = 99')],
    ['of another program', () => sql('PRAGMA user_version = 0')],
    ['without their table', () => sql('DROP TABLE answers')],
    ['without a column', () => sql('ALTER TABLE answers DROP COLUMN model', 'answers_by_model')],
    ['with pages of noise', () => noise(4_096)],
    ['empty', () => truncateSync(path(), 0)],
  ])('that are %s are begun anew', async (_what, damage) => {
    const before = open();
    for (let count = 0; count < 50; count += 1) await keep(before, `k-${count}`, 'x'.repeat(3_000));
    await restart(damage);
    const failures: string[] = [];
    const store = open({ ...UNHEARD, failed: () => failures.push('failed') });
    const found = await Promise.all([...Array(50).keys()].map((at) => store.get(`k-${at}`)));
    expect(found.filter((one) => one !== undefined)).toEqual([]);
    await keep(store, 'a');
    await keep(store, 'a');
    expect(await textAt(store, 'a')).toBe('answer of a');
    await restart();
    expect(await textAt(open(), 'a')).toBe('answer of a');
    expect(failures).toEqual([]);
  });

  /** Changes the file as somebody else would. */
  function sql(statement: string, index?: string): void {
    const database = new DatabaseSync(path());
    if (index !== undefined) database.exec(`DROP INDEX ${index}`);
    database.exec(statement);
    database.close();
  }

  function noise(from: number): void {
    const bytes = readFileSync(path());
    for (let at = from; at < bytes.length; at += 1) bytes[at] = (at * 7_919) % 251;
    writeFileSync(path(), bytes);
  }

  it('are none, and no error, where the file cannot be opened; the log says so once a minute', async () => {
    await keep(open(), 'a');
    await restart(() => {
      rmSync(path());
      // Nobody can open a directory, root included.
      mkdirSync(path());
    });
    let failed = 0;
    const log = new LogProbe();
    const store = open(
      {
        ...UNHEARD,
        failed: () => {
          failed += 1;
        },
      },
      ROOMY,
      log,
    );
    for (let times = 0; times < 5; times += 1) expect(await store.get('a')).toBeUndefined();
    await keep(store, 'b');
    expect(failed).toBeGreaterThanOrEqual(6);
    expect(log.lines).toEqual([
      'warn: the response cache in the data directory fails; calls go on without it',
    ]);
    await expect(store.invalidate({ type: 'project', projectId: 'p' })).rejects.toThrow();
  });
});

describe('a store that is slow', () => {
  it('is waited for 20 ms by a call, and by none when it has much to do', async () => {
    clock = new FakeClock();
    const asked: string[] = [];
    /** Takes what it is asked, and never answers. */
    const client = {
      ask: (operation: string) => {
        asked.push(operation);
        return new Promise(() => {});
      },
    } as unknown as StoreClient<never>;
    let failed = 0;
    const events = {
      ...UNHEARD,
      failed: () => {
        failed += 1;
      },
    };
    const store = new SqliteStore(ROOMY, events, {
      stores: { client: () => client as never },
      clock,
      dated: clock,
      log: SILENT,
    });
    const waiting = store.get('a');
    clock.advance(19);
    expect(clock.pending).toBe(1);
    clock.advance(1);
    expect(await waiting).toBeUndefined();
    expect([clock.pending, failed]).toEqual([0, 1]);
    // What is asked and not answered is bounded: others need the thread, too.
    const others = Array.from({ length: 500 }, (_, at) => store.get(`k-${at}`));
    expect(asked.length).toBe(200);
    clock.advance(20);
    await Promise.all(others);
    const entry = { bytes: Buffer.from('x'), model: 'm', projectId: 'p' };
    expect(store.set('a', entry, HOUR_MS, store.generation)).toBe(false);
    expect(asked.length).toBe(200);
  });

  it('holds no more than 16 MiB of answers that are on their way', () => {
    clock = new FakeClock();
    const client = { ask: () => new Promise(() => {}) } as unknown as StoreClient<never>;
    const deps = { stores: { client: () => client as never }, clock, dated: clock, log: SILENT };
    const store = new SqliteStore({ ...ROOMY, maxBytes: 2 ** 30 }, UNHEARD, deps);
    const entry = { bytes: Buffer.alloc(2 ** 20), model: 'm', projectId: 'p' };
    const kept = Array.from({ length: 30 }, (_, at) =>
      store.set(`k-${at}`, entry, HOUR_MS, store.generation),
    );
    expect(kept.filter((one) => one)).toHaveLength(16);
    const large = { ...entry, bytes: Buffer.alloc(2 ** 20 + 1) };
    expect(store.set('large', large, HOUR_MS, store.generation)).toBe(false);
  });
});

describeWithDisk('answers on a disk that is full', () => {
  let disk: SmallDisk;
  beforeEach(() => {
    clock = new FakeClock();
    const mounted = SmallDisk.mount(8);
    if (mounted === undefined) throw new Error('It was there a moment ago.');
    disk = mounted;
    directory = join(disk.path, 'data');
    stores = new StoreThread({ directory });
  });
  afterEach(async () => {
    await stores.close();
    disk.unmount();
  });

  it('are given as before, no new ones are kept, and all can be taken out', async () => {
    const failed: number[] = [];
    const store = open({ ...UNHEARD, failed: () => failed.push(1) });
    for (let count = 0; count < 100; count += 1) await keep(store, `k-${count}`, 'x'.repeat(3_000));
    disk.fill();
    // Until the last free page of the database is used.
    for (let count = 0; failed.length === 0; count += 1) {
      await keep(store, `late-${count}`, 'y'.repeat(30_000));
    }
    for (let count = 0; count < 100; count += 1) {
      expect(await textAt(store, `k-${count}`)).toBe('x'.repeat(3_000));
    }
    await keep(store, 'more', 'z'.repeat(500_000));
    expect(await store.get('more')).toBeUndefined();
    expect(await store.invalidate({ type: 'project', projectId: 'p' })).toBeGreaterThanOrEqual(100);
    expect(await store.get('k-1')).toBeUndefined();
    disk.empty();
    await keep(store, 'a');
    expect(await textAt(store, 'a')).toBe('answer of a');
  });
});
