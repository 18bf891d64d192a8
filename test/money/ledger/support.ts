import fs, { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { afterEach, jest } from '@jest/globals';
import type { Charge } from '../../../src/core/call-record.ts';
import type { Usage } from '../../../src/core/usage.ts';
import { batchStore } from '../../../src/money/ledger/batch-operations.ts';
import { type ExportRow, exportRows } from '../../../src/money/ledger/export-rows.ts';
import type { LedgerOpening } from '../../../src/money/ledger/ledger.ts';
import { type LedgerOperations, ledgerStore } from '../../../src/money/ledger/ledger-store.ts';
import {
  type LedgerDeps,
  type LedgerOptions,
  openLedger,
} from '../../../src/money/ledger/open-ledger.ts';
import type { StoredRecord } from '../../../src/money/ledger/record-rows.ts';
import { RecordStore } from '../../../src/money/ledger/record-store.ts';
import type { Operations } from '../../../src/money/store/protocol.ts';
import { openStores } from '../../../src/money/store/serve-stores.ts';
import type { StoreClient, Stores } from '../../../src/money/store/store-client.ts';
import { StoreDatabase } from '../../../src/money/store/store-database.ts';
import { StoreThread } from '../../../src/money/store-thread/store-thread.ts';
import { FakeClock } from '../../support/fake-clock.ts';

export const DAY = 86_400_000;

/** Where FakeClock begins. */
export const MIDNIGHT = Date.UTC(2026, 0, 1);

const directories: string[] = [];
const opened: { close(): Promise<void> }[] = [];

afterEach(async () => {
  await Promise.all(opened.splice(0).map((one) => one.close()));
  for (const directory of directories.splice(0)) rmSync(directory, { recursive: true });
});

/** An empty directory that is gone after the test. */
export function aDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'ledger-'));
  directories.push(directory);
  return directory;
}

/** What a process killed at this moment would leave of a ledger, in a directory of its own. */
export function leftBy(directory: string): string {
  const copy = aDirectory();
  const isShared = (path: string) => path.endsWith('.lock') || path.endsWith('-shm');
  cpSync(directory, copy, { recursive: true, filter: (path) => !isShared(path) });
  return copy;
}

/** The disk takes nothing for the journal, or what `write` lets through, until it is restored. */
export function diskFull(
  write: typeof fs.writeFileSync = () => {
    throw new Error('ENOSPC');
  },
): void {
  jest.spyOn(fs, 'writeFileSync').mockImplementation(write);
  // What is imported by name is bound to what the object has by now.
  syncBuiltinESMExports();
}

export function restoreDisk(): void {
  jest.restoreAllMocks();
  syncBuiltinESMExports();
}

/** The names of the journal's segments. */
export function segments(directory: string): readonly string[] {
  return readdirSync(directory).filter((name) => name.endsWith('.jsonl'));
}

/** The journal as text, all segments. */
export function journalOf(directory: string): string {
  return segments(directory)
    .map((name) => readFileSync(join(directory, name), 'utf8'))
    .join('');
}

/** Notes the messages, with their level. */
export class FakeLog {
  readonly lines: string[] = [];
  readonly fields: object[] = [];

  info(fields: object, message: string): void {
    this.fields.push(fields);
    this.lines.push(`info: ${message}`);
  }

  error(fields: object, message: string): void {
    this.fields.push(fields);
    this.lines.push(`error: ${message}`);
  }
}

/** A ledger on a clock that stands still; closed after the test. */
export function aLedger(
  options: Partial<LedgerOptions> = {},
  clock = new FakeClock(),
  keptBy = storesHere,
) {
  const log = new FakeLog();
  const whole = { retentionMs: 30 * DAY, ...options };
  const { ledger, stores, close } = openAlone(whole, { clock, log }, keptBy(whole));
  opened.push({ close });
  // As the request of each attempt leaves at once here.
  const open = ledger.open.bind(ledger);
  ledger.open = (opening) => {
    const entry = open(opening);
    entry.sent();
    return entry;
  };
  const client = stores.client<LedgerOperations>('ledger');
  /** Lets time pass, and the thread answer what it was asked by then. */
  const advance = async (ms: number) => {
    clock.advance(ms);
    await client.ask('recovered');
    await turn();
  };
  return { ledger, clock, log, close, advance };
}

type KeptBy = (options: LedgerOptions) => Stores & { close(): Promise<void> };

/** A thread of its own, as a sidecar has it. */
export const inThread: KeptBy = (options) => new StoreThread(options);

/** A ledger, and what keeps it; `close` ends both. */
export function openAlone(
  options: LedgerOptions,
  deps: Omit<LedgerDeps, 'stores'>,
  stores = storesHere(options),
) {
  const ledger = openLedger(options, { ...deps, stores });
  const close = async () => {
    await ledger.close();
    await stores.close();
  };
  return { ledger, stores, close };
}

/** What the thread keeps, in this one: the start of another takes longer than most tests. */
const storesHere: KeptBy = (options) => {
  const open = openStores({ ledger: ledgerStore, batches: batchStore }, options);
  let isClosed = false;
  const close = async () => {
    if (!isClosed) open.close();
    isClosed = true;
  };
  return { client: (store: string) => asked(open.operations[store] ?? {}) as never, close };
};

/** The ledger's tables in a database in memory, asked in this thread. */
export function storeInMemory() {
  const database = new StoreDatabase(':memory:');
  const operations: Operations = ledgerStore({ database });
  const store = asked(operations);
  return { store, records: new RecordStore(database), database };
}

/** Arguments and results are copied, as between threads. */
function asked(operations: Operations): StoreClient<LedgerOperations> {
  const call = (operation: string, args: readonly unknown[]): unknown =>
    structuredClone(operations[operation]?.(...structuredClone(args)));
  return {
    ask: async (operation, ...args) => call(operation, args) as never,
    askNow: (operation, ...args) => call(operation, args) as never,
  };
}

/** A ledger's in memory. */
export function storesInMemory() {
  const { store, database } = storeInMemory();
  return { client: () => store as never, close: async () => database.close() };
}

export function anOpening(overrides: Partial<LedgerOpening> = {}): LedgerOpening {
  return {
    callId: 'call-1',
    traceId: 'trace-1',
    attempt: 1,
    upstream: 'default',
    model: 'gpt-5.4-mini',
    userId: 'user-1',
    projectId: 'project-1',
    inputTokens: 100,
    startedAt: MIDNIGHT,
    prices: { input: 750_000n, output: 4_500_000n },
    catalogueVersion: '2026-01-01',
    ...overrides,
  };
}

export function someUsage(overrides: Partial<Usage> = {}): Usage {
  return {
    inputTokens: 100,
    outputTokens: 10,
    totalTokens: 110,
    cacheReadTokens: 40,
    cacheWriteTokens: 5,
    reasoningTokens: 3,
    estimated: false,
    ...overrides,
  };
}

export function aCharge(overrides: Partial<Charge> = {}): Charge {
  return {
    attempt: 1,
    upstream: 'default',
    model: 'gpt-5.4-mini',
    usage: someUsage(),
    cost: {
      picoDollars: 1_000n,
      catalogueVersion: '2026-01-01',
      estimated: false,
      unpriced: false,
    },
    serviceTier: 'default',
    outcome: 'completed',
    startedAt: MIDNIGHT,
    endedAt: MIDNIGHT + 500,
    ...overrides,
  };
}

/** A cost of so much. */
export function costing(picoDollars: bigint): Pick<Charge, 'cost'> {
  return {
    cost: { picoDollars, catalogueVersion: '2026-01-01', estimated: false, unpriced: false },
  };
}

/** A record whose opening and charge say the same. */
export function aRecord(
  callId: string,
  charge: Partial<Charge> = {},
  labels: { readonly userId?: string; readonly projectId?: string } = {},
): StoredRecord {
  const whole = aCharge(charge);
  return {
    openedAt: whole.startedAt,
    record: { ...whole, callId, traceId: '', userId: '', projectId: '', ...labels },
  };
}

/** What an export of the directory has. */
export function recordsIn(directory: string): readonly ExportRow[] {
  return [...exportRows(directory, {})];
}
