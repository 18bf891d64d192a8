import { readlinkSync } from 'node:fs';
import { setPriority } from 'node:os';
import { databasePath, isEmpty, setAside, takeDirectory } from './directory.ts';
import { LedgerError, messageOf } from './ledger-error.ts';
import {
  DatabaseError,
  failureOf,
  isDamage,
  OPENED,
  type Opened,
  type Operations,
  SQLITE_CORRUPT,
  type StoreOptions,
  type StoreReply,
  type StoreRequest,
  type WorkerStart,
} from './protocol.ts';
import { hasReserve, keepReserve } from './reserve.ts';
import { FileRenewed, StoreDatabase } from './store-database.ts';

/** Where a store finds its tables, and its files. */
export interface StorePlace {
  readonly database: StoreDatabase;
  /** Absent: the database is in memory. */
  readonly directory?: string;
  /** See WorkerStart. Default: false. */
  readonly isReplacement?: boolean;
  /** Has something closed before the database is. Default: nothing has to be. */
  readonly onClose?: (close: () => void) => void;
}

/** A store as the worker opens it: once, after the migrations. */
export type OpenStore = (place: StorePlace) => Operations;

/** A long sum must not take a core from the calls, where there is but one. */
const NICENESS = 10;

/** Serves stores to the thread that started this one, until that closes the port. */
export function serveStores(
  stores: Readonly<Record<string, OpenStore>>,
  { options, isReplacement, port, replies }: WorkerStart,
): void {
  yieldToCalls();
  const reply = (message: StoreReply) => {
    port.postMessage(message);
    Atomics.add(replies, 0, 1);
    Atomics.notify(replies, 0);
  };
  let open: OpenStores;
  try {
    open = openStores(stores, options, isReplacement);
  } catch (thrown) {
    reply({ id: OPENED, failure: failureOf(thrown) });
    port.close();
    return;
  }
  reply({ id: OPENED, value: open.opened });
  port.on('message', ({ id, store, operation, args }: StoreRequest) => {
    try {
      reply({ id, value: open.operations[store]?.[operation]?.(...args) });
    } catch (thrown) {
      reply({ id, failure: failureOf(thrown) });
      // The thread that is started next opens it.
      if (thrown instanceof FileRenewed) port.close();
    }
  });
  port.on('close', () => open.close());
  // Nobody waits for it.
  const { directory, reserveBytes = 0 } = options;
  if (directory !== undefined) setImmediate(() => keepReserve(directory, reserveBytes));
}

interface OpenStores {
  readonly operations: Readonly<Record<string, Operations>>;
  readonly opened: Opened;
  readonly close: () => void;
}

type StoreList = Readonly<Record<string, OpenStore>>;

/**
 * Opens the database, after its migrations, and every store in it.
 *
 * @throws LedgerError if it cannot be opened
 */
export function openStores(
  stores: StoreList,
  options: StoreOptions,
  isReplacement = false,
): OpenStores {
  const { directory, onCorruption } = options;
  if (directory === undefined) return openAll(stores, { database: new StoreDatabase(':memory:') });
  // Before the file is made where there is none.
  const isEmptied = hasReserve(directory) && isEmpty(directory);
  const release = takeDirectory(directory);
  try {
    const place = { directory, isReplacement, isEmptied };
    const open = openOrReplace(stores, place, onCorruption === 'keep_aside');
    const close = () => {
      open.close();
      release();
    };
    return { ...open, close };
  } catch (cause) {
    release();
    throw new LedgerError(`the ledger in ${directory} cannot be opened: ${messageOf(cause)}`, {
      cause,
    });
  }
}

type FilePlace = Required<Omit<StorePlace, 'database' | 'onClose'>> & {
  /** The database was there, and nothing is left of it. */
  readonly isEmptied: boolean;
};

function openOrReplace(stores: StoreList, place: FilePlace, replace: boolean): OpenStores {
  const { directory } = place;
  try {
    if (place.isEmptied) throw new DatabaseError('nothing is left of it', SQLITE_CORRUPT);
    return openFile(stores, place);
  } catch (cause) {
    if (!isDamage(cause)) throw cause;
    if (!replace) {
      throw new LedgerError(
        `${databasePath(directory)} is damaged (${messageOf(cause)}); put a copy in its place, move it away, or set ledger.onCorruption to keep_aside`,
        { cause },
      );
    }
    const aside = setAside(directory, new Date());
    return { ...openFile(stores, place), opened: { aside } };
  }
}

function openFile(stores: StoreList, place: FilePlace): OpenStores {
  const database = new StoreDatabase(databasePath(place.directory));
  try {
    database.check();
    return openAll(stores, { database, ...place });
  } catch (error) {
    database.close();
    throw error;
  }
}

function openAll(stores: StoreList, place: StorePlace): OpenStores {
  const closes = [() => place.database.close()];
  const onClose = (close: () => void): unknown => closes.unshift(close);
  const operations = Object.fromEntries(
    Object.entries(stores).map(([name, open]) => [name, open({ ...place, onClose })]),
  );
  const close = (): void => {
    for (const each of closes) each();
  };
  return { operations, opened: {}, close };
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
