import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from '@jest/globals';

import { createBatches } from '../../src/batch/create.ts';
import type { BatchItem } from '../../src/batch/item.ts';
import type { BatchService } from '../../src/batch/service.ts';
import { systemClock } from '../../src/core/clock.ts';
import { ProviderError } from '../../src/core/errors.ts';
import { type ProviderLog, SILENT } from '../../src/core/provider-log.ts';
import { type BatchBooks, BatchStore } from '../../src/money/batches/batch-store.ts';
import { Bookings } from '../../src/money/budget/bookings.ts';
import { BATCH_OPERATIONS } from '../../src/money/ledger/batch-books.ts';
import { DatabaseError } from '../../src/money/store/protocol.ts';
import { StoreDatabase } from '../../src/money/store/store-database.ts';
import type { BatchMeans } from '../../src/provider/batch-means.ts';
import { response } from '../server/convert/answer.ts';
import { aCall } from '../support/events.ts';
import { TelemetryProbe } from '../support/telemetry.ts';
import { tempFolders } from '../support/temp-folder.ts';

const { signal } = new AbortController();

const OPTIONS = {
  displayName: '',
  idempotencyKey: '',
  validateOnly: false,
  metadata: {},
  violations: [],
};

const newFolder = tempFolders();
let directory: string;
beforeEach(() => {
  directory = newFolder();
});

/** A request of each kind rejects once, after it was done or before: the thread died over it. */
function troubled(store: BatchStore, done: boolean, spared: readonly string[]): BatchBooks {
  const failed = new Set<string>(spared);
  const ask = async (name: keyof BatchStore, values: unknown[]) => {
    const fails = !failed.has(name);
    failed.add(name);
    if (fails && !done) throw new Error(`the thread died over ${name}`);
    const result = Reflect.apply(store[name], store, values);
    if (fails) throw new Error(`the thread died behind ${name}`);
    return result;
  };
  const operations = BATCH_OPERATIONS.map((name) => [
    name,
    (...values: unknown[]) => ask(name, values),
  ]);
  return Object.fromEntries(operations);
}

/** Of batches that are made as calls, without budgets. */
function means(send: BatchMeans['send'] = async () => response): BatchMeans {
  return {
    prepare: async () => aCall(),
    send,
    upstreams: new Map(),
    book: { appliesTo: () => false, bookings: new Bookings() } as unknown as BatchMeans['book'],
    sizes: { estimate: () => 1, count: async () => 1, atMost: () => 1 },
    catalogue: () => ({ find: () => undefined }) as unknown as ReturnType<BatchMeans['catalogue']>,
    labels: { label: (model) => model },
    costs: { trackingEnabled: false, unpriced: 'mark', minOutputTokens: 1 },
  };
}

function open(
  books: BatchBooks,
  { send, log = SILENT }: Partial<BatchMeans> & { log?: ProviderLog } = {},
): BatchService {
  return createBatches(
    directory,
    {
      retentionMs: 60_000,
      maxItems: 100,
      maxRequestsPerFile: 10,
      maxBytesPerFile: 100_000,
      pollIntervalMs: 5,
      maxPollIntervalMs: 10,
      lookForMs: 50,
      maxLocalCalls: 2,
    },
    {
      means: means(send),
      books,
      clock: systemClock,
      log,
      tracer: new TelemetryProbe().tracer,
      instruments: new TelemetryProbe().instruments,
    },
  );
}

async function* items(count: number): AsyncGenerator<BatchItem> {
  for (let n = 0; n < count; n += 1) {
    const request = { messages: [{ role: 'user', content: `Question ${n}` }] } as const;
    yield { customId: `item-${n}`, request, violations: [] };
  }
}

const newStore = () => new BatchStore(new StoreDatabase(':memory:').connection, () => {});

async function read(service: BatchService, batchId: string) {
  const found: string[] = [];
  for await (const one of service.batchResults(
    { batchId, afterSequence: 0, wait: true },
    { signal },
  )) {
    found.push(one.customId);
  }
  return found.sort();
}

/** What makes a batch, and what reads it: a caller hears of their failures, and asks again. */
const CALLERS = ['begin', 'addItems', 'commit', 'get', 'results', 'expendable', 'unfinished'];

describe('a batch whose store dies over a request', () => {
  it.each([
    ['before it was done', false],
    ['behind it', true],
  ])('%s goes on, and every item has one result', async (_when, done) => {
    const store = newStore();
    const service = open(troubled(store, done, CALLERS));
    await service.start();
    const { id } = await service.createBatch(OPTIONS, items(3), { signal });
    expect(await read(service, id)).toEqual(['item-0', 'item-1', 'item-2']);
    expect(store.get(id)).toMatchObject({ state: 'completed', counts: { completed: 3 } });
    await service.close();
  });

  it('while it is made is not there, and its caller hears of it', async () => {
    const store = newStore();
    for (const done of [false, true]) {
      const spared = BATCH_OPERATIONS.filter((name) => name !== 'commit');
      const service = open(troubled(store, done, spared));
      await service.start();
      await expect(service.createBatch(OPTIONS, items(2), { signal })).rejects.toThrow(/thread/);
      expect(store.list({ limit: 10 }).batches).toEqual([]);
      await service.close();
    }
  });

  it('gives its key back where not even what was received can be removed', async () => {
    const store = newStore();
    const books = troubled(store, false, [...BATCH_OPERATIONS]);
    let isFull = true;
    const full = async () => {
      throw new DatabaseError('database or disk is full', 13);
    };
    const service = open({
      ...books,
      addItems: (...values) => (isFull ? full() : books.addItems(...values)),
      delete: (...values) => (isFull ? full() : books.delete(...values)),
      cancel: full,
    });
    const keyed = { ...OPTIONS, idempotencyKey: 'k' };
    await expect(service.createBatch(keyed, items(2), { signal })).rejects.toMatchObject({
      reason: 'SERVICE_UNAVAILABLE',
      message: expect.stringMatching(/cannot keep batches now/),
    });
    isFull = false;
    const { id } = await service.createBatch(keyed, items(2), { signal });
    expect((await service.createBatch(keyed, items(2), { signal })).id).toBe(id);
    expect(await read(service, id)).toHaveLength(2);
    expect(store.list({ limit: 10 }).batches).toHaveLength(1);
    await expect(service.cancelBatch(id, { signal })).rejects.toMatchObject({
      reason: 'SERVICE_UNAVAILABLE',
    });
    await service.close();
  });

  it('is not taken where its files cannot be written', async () => {
    const store = newStore();
    writeFileSync(join(directory, 'batches'), 'no directory');
    const service = open(troubled(store, false, [...BATCH_OPERATIONS]));
    await expect(service.createBatch(OPTIONS, items(2), { signal })).rejects.toMatchObject({
      reason: 'SERVICE_UNAVAILABLE',
    });
    await service.close();
  });

  it('has one line in the log when it is held up, however often it is tried, and one when it goes on', async () => {
    const store = newStore();
    let failures = 3;
    const books = {
      ...troubled(store, false, [...BATCH_OPERATIONS]),
      finish: async (...values: Parameters<BatchStore['finish']>) => {
        failures -= 1;
        if (failures >= 0) throw new Error('the disk is full');
        store.finish(...values);
      },
    };
    const lines: string[] = [];
    const note = (_: object, line: string) => void lines.push(line);
    const log = { ...SILENT, info: note, error: note };
    const service = open(books, { log });
    const { id } = await service.createBatch(OPTIONS, items(1), { signal });
    expect(await read(service, id)).toEqual(['item-0']);
    expect(lines).toEqual(['a batch is held up', 'a batch goes on']);
    await service.close();
  });

  it('is left as it stands by the end of the process', async () => {
    const store = newStore();
    const books = {
      ...troubled(store, false, [...BATCH_OPERATIONS]),
      finish: () => Promise.reject(new Error('the disk is full')),
    };
    const service = open(books);
    const { id } = await service.createBatch(OPTIONS, items(1), { signal });
    while (store.get(id)?.counts.completed === 0) await new Promise((wake) => setTimeout(wake, 5));
    await service.close();
    expect(store.get(id)?.state).toBe('running');
  });
});

it('results that are kept no longer do not end as if they were all', async () => {
  const store = newStore();
  const service = open(troubled(store, false, [...BATCH_OPERATIONS]));
  const { id } = await service.createBatch(OPTIONS, items(3), { signal });
  await read(service, id);
  const results = service.batchResults({ batchId: id, afterSequence: 0, wait: false }, { signal });
  expect((await results.next()).value).toMatchObject({ sequence: 1 });
  store.delete(id);
  const rest = async () => {
    for await (const _ of results);
  };
  await expect(rest()).rejects.toBeInstanceOf(ProviderError);
  await service.close();
});
