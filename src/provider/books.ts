import type { ObservableResult } from '@opentelemetry/api';
import type { Clock } from '../core/clock.ts';
import type { ProviderLog } from '../core/provider-log.ts';
import type { StoreStatus } from '../core/store-status.ts';
import { BudgetBook, type BudgetBookDeps } from '../money/budget/book.ts';
import { localAccounts } from '../money/budget/local-accounts.ts';
import type { AnswerStore, OpenAnswerStore, StoreEvents } from '../money/cache/answer-store.ts';
import type { StorageOptions } from '../money/cache/kept-answers.ts';
import { MemoryStore } from '../money/cache/memory-store.ts';
import { SqliteStore, sweepAnswers } from '../money/cache/sqlite-store.ts';
import type { Ledger, LedgerRecord } from '../money/ledger/ledger.ts';
import { noLedger } from '../money/ledger/no-ledger.ts';
import { openLedger } from '../money/ledger/open-ledger.ts';
import type { RepeatStore } from '../money/repeats/repeats.ts';
import { StoreThread } from '../money/store-thread/store-thread.ts';
import { localSource } from '../policies/rate-limit/local-source.ts';
import type { NewRateSource } from '../policies/rate-limit/source.ts';
import type { SharedStoreOptions } from '../shared-store/redis/options.ts';
import { sidecarName } from '../shared-store/redis/sidecar.ts';
import { openSharedStore, sharedLedger } from '../shared-store/shared-store.ts';
import type { Instruments } from '../telemetry/instruments.ts';
import type { ProviderSettings } from './options.ts';

type StoreInstruments = Pick<
  Instruments,
  | 'ledgerOutage'
  | 'ledgerPending'
  | 'ledgerLost'
  | 'ledgerDiskFree'
  | 'ledgerDiskSize'
  | 'sharedStoreOutage'
  | 'sharedStoreDuration'
>;

export interface BooksDeps extends BudgetBookDeps {
  readonly instruments: BudgetBookDeps['instruments'] & StoreInstruments;
  /** By which days and months begin, and by which records are dated. */
  readonly dated: Clock;
  /** In [0, 1). */
  readonly random: () => number;
  readonly log: ProviderLog;
}

/** What was spent, what may be, and how fast: of this process alone, or of all that share a store. */
export interface Books {
  readonly ledger: Ledger;
  readonly book: BudgetBook;
  /** Where configured rate limits are drawn from. */
  readonly newSource: NewRateSource;
  /** Where several sidecars keep answers of calls with an idempotency key. Absent: nothing is shared. */
  readonly repeatStore?: RepeatStore;
  /** Where a response cache has its answers, as its options say. */
  readonly openAnswers: OpenAnswerStore<StorageOptions>;
  /** Of what several sidecars share. Absent: nothing is shared. */
  readonly sharedStoreStatus?: () => StoreStatus;
  /** Writes out what is left, and gives leases back. */
  closeBooks(): Promise<void>;
}

type BooksSettings = Pick<ProviderSettings, 'costs' | 'ledger' | 'budgets' | 'sharedStore'>;

/** @throws LedgerError if there can be no ledger in the directory that is given */
export function openBooks(settings: BooksSettings, deps: BooksDeps): Books {
  const { sharedStore } = settings;
  const isKept = settings.ledger.directory !== undefined;
  const stores = new StoreThread(settings.ledger);
  if (stores.keptAside !== undefined) {
    deps.log.error(
      { aside: stores.keptAside },
      'the ledger was damaged and is kept aside; it goes on with a new one, and so do budgets',
    );
  }
  try {
    const books =
      sharedStore === undefined
        ? openOwn(settings, { ...deps, stores })
        : openShared(settings, sharedStore, { ...deps, stores });
    const endGauges = observeStores(books, deps.instruments);
    const endSweeps = isKept ? sweepAnswers({ ...deps, stores }) : () => {};
    return {
      ...books,
      closeBooks: async () => {
        endSweeps();
        await books.closeBooks();
        endGauges();
        await stores.close();
      },
    };
  } catch (error) {
    void stores.close();
    throw error;
  }
}

function observeStores(books: Books, instruments: StoreInstruments): () => void {
  const { ledger, sharedStoreStatus } = books;
  const { ledgerOutage, ledgerPending, ledgerLost, sharedStoreOutage } = instruments;
  const { ledgerDiskFree, ledgerDiskSize } = instruments;
  const outage = (gauge: ObservableResult) => gauge.observe(ledger.status().problem ? 1 : 0);
  const pending = (gauge: ObservableResult) => gauge.observe(ledger.status().pending);
  const lost = (counter: ObservableResult) => counter.observe(ledger.status().lost);
  const free = (gauge: ObservableResult) => observeDisk(gauge, ledger.status().disk?.freeBytes);
  const size = (gauge: ObservableResult) => observeDisk(gauge, ledger.status().disk?.sizeBytes);
  const away = (gauge: ObservableResult) => {
    if (sharedStoreStatus) gauge.observe(sharedStoreStatus().problem ? 1 : 0);
  };
  ledgerOutage.addCallback(outage);
  ledgerPending.addCallback(pending);
  ledgerLost.addCallback(lost);
  ledgerDiskFree.addCallback(free);
  ledgerDiskSize.addCallback(size);
  sharedStoreOutage.addCallback(away);
  return () => {
    ledgerOutage.removeCallback(outage);
    ledgerPending.removeCallback(pending);
    ledgerLost.removeCallback(lost);
    ledgerDiskFree.removeCallback(free);
    ledgerDiskSize.removeCallback(size);
    sharedStoreOutage.removeCallback(away);
  };
}

function observeDisk(gauge: ObservableResult, bytes: number | undefined): void {
  if (bytes !== undefined) gauge.observe(bytes);
}

interface OpenDeps extends BooksDeps {
  readonly stores: StoreThread;
}

/** For what goes by days and months. */
function dated(deps: OpenDeps): OpenDeps {
  return { ...deps, clock: deps.dated };
}

function openAnswers(options: StorageOptions, events: StoreEvents, deps: OpenDeps): AnswerStore {
  return options.storage === 'sqlite'
    ? new SqliteStore(options, events, deps)
    : new MemoryStore(options, events, deps.clock);
}

function openOwn({ costs, ledger: options, budgets }: BooksSettings, deps: OpenDeps): Books {
  const ledger = costs.trackingEnabled ? openLedger(options, dated(deps)) : noLedger();
  const accounts = localAccounts(ledger, budgets.budgets);
  const book = new BudgetBook(budgets, accounts, dated(deps));
  return {
    ledger,
    book,
    newSource: localSource,
    openAnswers: (options, events) => openAnswers(options, events, deps),
    closeBooks: async () => {
      await book.close();
      await ledger.close();
    },
  };
}

function openShared(
  { costs, ledger: options, budgets }: BooksSettings,
  shared: SharedStoreOptions,
  deps: OpenDeps,
): Books {
  const recovered: LedgerRecord[] = [];
  let book = (record: LedgerRecord): unknown => recovered.push(record);
  const own = costs.trackingEnabled
    ? openLedger(options, { ...dated(deps), onRecord: (record) => book(record) })
    : noLedger();
  const store = openSharedStore(
    { ...shared, name: sidecarName(shared.name, options.directory) },
    {
      ...deps,
      duration: deps.instruments.sharedStoreDuration,
      definitions: budgets.budgets,
      ledger: own,
      directory: costs.trackingEnabled ? options.directory : undefined,
    },
  );
  book = (record) => store.totals.add(record);
  recovered.forEach(book);
  const budgetBook = new BudgetBook(budgets, store.accounts, dated(deps));
  return {
    ledger: sharedLedger(own, store.totals),
    book: budgetBook,
    newSource: store.newRateSource,
    repeatStore: store.repeats,
    openAnswers: (options, events) =>
      options.storage === 'redis'
        ? store.openAnswers(options, events)
        : openAnswers(options, events, deps),
    sharedStoreStatus: () => store.status(),
    closeBooks: async () => {
      await budgetBook.close();
      // What is told is compared with the ledger, which has to be open for that.
      await store.close();
      await own.close();
    },
  };
}
