import { readlinkSync } from 'node:fs';
import { setPriority } from 'node:os';
import { databasePath, takeDirectory } from './directory.ts';
import { LedgerError, messageOf } from './ledger-error.ts';
import {
  failureOf,
  OPENED,
  type Operations,
  type StoreOptions,
  type StoreReply,
  type StoreRequest,
  type WorkerStart,
} from './protocol.ts';
import { StoreDatabase } from './store-database.ts';

/** Where a store finds its tables, and its files. */
export interface StorePlace {
  readonly database: StoreDatabase;
  /** Absent: the database is in memory. */
  readonly directory?: string;
}

/** A store as the worker opens it: once, after the migrations. */
export type OpenStore = (place: StorePlace) => Operations;

/** A long sum must not take a core from the calls, where there is but one. */
const NICENESS = 10;

/** Serves stores to the thread that started this one, until that closes the port. */
export function serveStores(
  stores: Readonly<Record<string, OpenStore>>,
  { options, port, replies }: WorkerStart,
): void {
  yieldToCalls();
  const reply = (message: StoreReply) => {
    port.postMessage(message);
    Atomics.add(replies, 0, 1);
    Atomics.notify(replies, 0);
  };
  let open: OpenStores;
  try {
    open = openStores(stores, options);
  } catch (thrown) {
    reply({ id: OPENED, failure: failureOf(thrown) });
    port.close();
    return;
  }
  reply({ id: OPENED, value: undefined });
  port.on('message', ({ id, store, operation, args }: StoreRequest) => {
    try {
      reply({ id, value: open.operations[store]?.[operation]?.(...args) });
    } catch (thrown) {
      reply({ id, failure: failureOf(thrown) });
    }
  });
  port.on('close', () => open.close());
}

interface OpenStores {
  readonly operations: Readonly<Record<string, Operations>>;
  readonly close: () => void;
}

function openStores(
  stores: Readonly<Record<string, OpenStore>>,
  { directory }: StoreOptions,
): OpenStores {
  if (directory === undefined) return openAll(stores, { database: new StoreDatabase(':memory:') });
  const release = takeDirectory(directory);
  let database: StoreDatabase | undefined;
  try {
    database = new StoreDatabase(databasePath(directory));
    const { operations, close } = openAll(stores, { database, directory });
    return {
      operations,
      close: () => {
        close();
        release();
      },
    };
  } catch (cause) {
    database?.close();
    release();
    throw new LedgerError(`the ledger in ${directory} cannot be opened: ${messageOf(cause)}`, {
      cause,
    });
  }
}

function openAll(stores: Readonly<Record<string, OpenStore>>, place: StorePlace): OpenStores {
  const operations = Object.fromEntries(
    Object.entries(stores).map(([name, open]) => [name, open(place)]),
  );
  return { operations, close: () => place.database.close() };
}

/** Linux alone has a priority for each thread; elsewhere it would be that of the whole process. */
function yieldToCalls(): void {
  if (process.platform !== 'linux') return;
  try {
    const thread = Number(readlinkSync('/proc/thread-self').split('/').at(-1));
    setPriority(thread, NICENESS);
  } catch {
    // Not allowed here: then all threads are alike.
  }
}
