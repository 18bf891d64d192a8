import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll } from '@jest/globals';
import { type Clock, systemClock } from '../../src/core/clock.ts';
import { BudgetBook } from '../../src/money/budget/book.ts';
import type { BudgetDefinition } from '../../src/money/budget/options.ts';
import type { Reservation } from '../../src/money/budget/reservation.ts';
import type { Spending } from '../../src/money/ledger/ledger.ts';
import { redisAccounts } from '../../src/shared-store/budgets/redis-accounts.ts';
import { RedisConnection } from '../../src/shared-store/redis/connection.ts';
import type { SharedStoreOptions } from '../../src/shared-store/redis/options.ts';
import {
  type LuaScript,
  type ScriptRunner,
  StoreAwayError,
} from '../../src/shared-store/redis/script.ts';
import { aBudget, aSpender, exactly, NEVER } from '../money/budget/books.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { RedisServer } from '../support/redis-server.ts';
import { TelemetryProbe } from '../support/telemetry.ts';

export const DOLLAR = 1_000_000_000_000n;
/** As sidecars of tests have it unless they say otherwise. */
export const LEASE_MS = 60_000;
/** How often they look after their accounts; a fifth of a lease at least. */
const TICK_MS = 1_000;

export const CENT = DOLLAR / 100n;

/** As long as anything may take, in ms. */
const LONGEST_MS = 100_000;

/** @throws Error if it does not come to it */
export async function eventually(condition: () => boolean | Promise<boolean>): Promise<void> {
  const until = performance.now() + LONGEST_MS;
  while (!(await condition())) {
    if (performance.now() > until) throw new Error(`It never comes to ${condition}.`);
    await sleep(5);
  }
}

/** Notes what is logged. */
export class LogProbe {
  readonly lines: string[] = [];
  readonly fields: object[] = [];
  readonly info = (fields: object, message: string) => this.#note('info', fields, message);
  readonly warn = (fields: object, message: string) => this.#note('warn', fields, message);
  readonly error = (fields: object, message: string) => this.#note('error', fields, message);

  #note(level: string, fields: object, message: string): void {
    this.fields.push(fields);
    this.lines.push(`${level}: ${message}`);
  }
}

/** A server for the tests of a block, and a connection to it. */
export function redisOfBlock(): {
  readonly server: RedisServer;
  readonly connection: RedisConnection;
} {
  let server: RedisServer;
  let connection: RedisConnection;
  beforeAll(async () => {
    server = await RedisServer.start();
    connection = await connectedTo(server);
  });
  afterAll(async () => {
    connection.close();
    await server.stop();
  });
  return {
    get server() {
      return server;
    },
    get connection() {
      return connection;
    },
  };
}

/** A runner that a test cuts off from its server, or lets answer too late. */
export class Switch implements ScriptRunner {
  readonly #runner: ScriptRunner;
  readonly #listeners: (() => void)[] = [];
  #isUp = true;
  /** What is run arrives, and its answers do not. */
  losesAnswers = false;
  /** What the server says against everything. */
  refusal: Error | undefined;
  runs = 0;

  constructor(runner: ScriptRunner) {
    this.#runner = runner;
  }

  get isUp(): boolean {
    return this.#isUp;
  }

  set isUp(isUp: boolean) {
    this.#isUp = isUp;
    for (const listener of this.#listeners) listener();
  }

  onChange(listener: () => void): void {
    this.#listeners.push(listener);
  }

  async run(script: LuaScript, keys: readonly string[], args: readonly string[]): Promise<unknown> {
    if (!this.#isUp) throw new StoreAwayError('It is switched off.');
    if (this.refusal !== undefined) throw this.refusal;
    const answer = await this.#runner.run(script, keys, args);
    this.runs += 1;
    if (this.losesAnswers) throw new StoreAwayError('The answer is lost.');
    return answer;
  }
}

/** How long servers of tests may take that do not hang, in ms: no machine is so slow. */
export const PATIENT_MS = 60_000;

/** @param random Default: the shortest waits. */
export function connectTo(
  server: Pick<RedisServer, 'url'>,
  log = new LogProbe(),
  random = () => 0,
  timeoutMs = PATIENT_MS,
): RedisConnection {
  return new RedisConnection(
    { url: server.url, keyPrefix: 'test:', timeoutMs },
    { clock: systemClock, dated: systemClock, log, random },
  );
}

export async function connectedTo(server: RedisServer): Promise<RedisConnection> {
  const connection = connectTo(server);
  await eventually(() => connection.isUp);
  return connection;
}

export interface SidecarOptions extends Partial<SharedStoreOptions> {
  readonly budgets?: readonly BudgetDefinition[];
  /** What its ledger has. */
  readonly spent?: readonly Spending[];
  /** Default: the ledger does not outlive the process. */
  readonly keepsLedger?: boolean;
  /** Default: the system's. */
  readonly clock?: Clock;
}

/** The budgets of one sidecar. */
export function openSidecar(runner: ScriptRunner, options: SidecarOptions = {}) {
  const { budgets = [aBudget({ limit: 8n * DOLLAR })], spent = [], keepsLedger = false } = options;
  const { clock = systemClock, ...store } = options;
  const log = new LogProbe();
  const accounts = redisAccounts(
    runner,
    { url: '', keyPrefix: 'test:', leaseMs: LEASE_MS, onOutage: 'refuse', ...store },
    {
      clock,
      dated: clock,
      log,
      definitions: budgets,
      ledger: { spending: () => spent },
      keepsLedger,
    },
  );
  const { instruments } = new TelemetryProbe();
  const book = new BudgetBook({ budgets, minOutputTokens: 1 }, accounts, {
    clock,
    instruments,
    log,
  });
  return { accounts, book, log };
}

export type TestSidecar = ReturnType<typeof openSidecar>;

/** Reserves exactly so much, however long it takes. */
export const reserve = async (
  { book }: Pick<TestSidecar, 'book'>,
  amount: bigint,
  userId = 'alice',
): Promise<Reservation> => await book.reserve(aSpender({ userId }), exactly(amount), NEVER);

/** A real server, and sidecars whose clocks stand still. */
export class Bench {
  readonly server: RedisServer;
  readonly #connection: RedisConnection;
  #sidecars: TestSidecar[] = [];

  private constructor(server: RedisServer, connection: RedisConnection) {
    this.server = server;
    this.#connection = connection;
  }

  static async start(): Promise<Bench> {
    const server = await RedisServer.start();
    return new Bench(server, await connectedTo(server));
  }

  /** Ends the sidecars of the last test, and what they left. */
  async clear(): Promise<void> {
    await Promise.all(this.#sidecars.map(({ book }) => book.close()));
    this.#sidecars = [];
    await this.server.command('flushall');
  }

  async stop(): Promise<void> {
    await this.clear();
    this.#connection.close();
    await this.server.stop();
  }

  /** What a sidecar can do that begins at the time of the server. */
  sidecar(options: SidecarOptions = {}) {
    const clock = new FakeClock(Date.now());
    const tickMs = Math.min(TICK_MS, (options.leaseMs ?? LEASE_MS) / 5);
    const runner = new Switch(this.#connection);
    const sidecar = openSidecar(runner, { clock, ...options });
    this.#sidecars.push(sidecar);
    const state = () => {
      const [first] = sidecar.book.states({});
      if (first === undefined) throw new Error('It has no budget.');
      return first;
    };
    /** Waits for the next answer of the server. */
    const answer = async () => {
      const { runs } = runner;
      await eventually(() => runner.runs > runs);
    };
    /** Lets it look after its accounts, some times. */
    const tick = async (times = 1) => {
      for (let count = 0; count < times; count += 1) {
        clock.advance(tickMs);
        await answer();
      }
    };
    return { ...sidecar, clock, runner, state, answer, tick };
  }
}

export type BenchSidecar = ReturnType<Bench['sidecar']>;

/** What the log says when the server goes, and when it comes back. */
export const AWAY = 'warn: the shared store is away; calls go on within their leases';
export const BACK = 'info: the shared store is back';
