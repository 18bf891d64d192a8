import {
  MessageChannel,
  type MessagePort,
  receiveMessageOnPort,
  Worker,
} from 'node:worker_threads';
import {
  answerIn,
  errorOf,
  isFailedStart,
  OPENED,
  type Opened,
  type Operations,
  type StoreOptions,
  type StoreReply,
  type StoreRequest,
  type WorkerStart,
} from '../store/protocol.ts';
import type { StoreClient, Stores } from '../store/store-client.ts';

/** Requests that may wait for the worker; each store bounds what its own requests hold. */
const MAX_WAITING = 1_000;

/** Waits before a thread that died is started again, in ms, each twice the last. */
const FIRST_RESTART_MS = 100;
const LAST_RESTART_MS = 10_000;

/** A thread that held for so long, in ms, was a good one: the next starts come soon again. */
const GOOD_MS = 60_000;

/** A request waits no longer when the event loop stands still for it, in ms. */
const BLOCKED_MS = 120_000;

type Waiting = PromiseWithResolvers<unknown>;

interface Running {
  readonly worker: Worker;
  readonly port: MessagePort;
  readonly exited: Promise<void>;
  /** By performance.now(). */
  readonly since: number;
}

/**
 * The thread in which everything is kept: one database, one worker, one request at a time in the order
 * in which they are made. No call waits for the disk, and no sum over what is kept holds one up.
 *
 * A thread that died over a directory is started again: what it was asked and has not answered rejects,
 * for it may have been done, and what is asked meanwhile waits.
 */
export class StoreThread implements Stores {
  readonly #options: StoreOptions;
  readonly #replies = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
  readonly #waiting = new Map<number, Waiting>();
  #running: Running | undefined;
  /** It died, and is started again after this. */
  #restart: NodeJS.Timeout | undefined;
  /** For the thread that is to be started. */
  #held: StoreRequest[] = [];
  /** Starts in a row after which it did not live long. */
  #failures = 0;
  #opened: Opened = {};
  #lastId = OPENED;
  /** Why nothing can be asked any more. */
  #ended: Error | undefined;

  /**
   * Opens the database, and returns once it is open. Without a directory there is nothing to open: the
   * thread starts with the first request, and only who asks it `askNow` waits for that.
   *
   * @throws LedgerError if it cannot be opened
   */
  constructor(options: StoreOptions) {
    this.#options = options;
    if (options.directory !== undefined) this.#start();
  }

  /** Path of a damaged database that was moved away at the start. Undefined: there was none. */
  get keptAside(): string | undefined {
    return this.#opened.aside;
  }

  client<S extends Operations>(store: string): StoreClient<S> {
    return {
      ask: (operation, ...args) => this.#ask(store, operation, args) as never,
      askNow: (operation, ...args) => this.#askNow(store, operation, args) as never,
    };
  }

  /** Closes the database once all that was asked is answered. */
  async close(): Promise<void> {
    if (this.#ended !== undefined) return;
    this.#ended = new Error('the ledger is closed');
    this.#running?.worker.ref();
    // A closed port brings no replies.
    await Promise.allSettled(Array.from(this.#waiting.values(), ({ promise }) => promise));
    clearTimeout(this.#restart);
    this.#running?.port.close();
    await this.#running?.exited;
  }

  /** Returns once the database is open. */
  #start(): Running {
    const running = this.#launch(false);
    const { worker, port } = running;
    try {
      this.#opened = this.#waitFor(OPENED, port) as Opened;
    } catch (error) {
      this.#end(error as Error);
      void worker.terminate();
      throw error;
    }
    port.on('message', (reply: StoreReply) => this.#take(reply));
    port.unref();
    return running;
  }

  #startAgain(): void {
    this.#restart = undefined;
    const { port } = this.#startBehind(true);
    for (const request of this.#held.splice(0)) port.postMessage(request);
    if (this.#waiting.size === 0) port.unref();
  }

  /** Waits for nothing: that the database cannot be opened is the end of this thread, too. */
  #startBehind(isReplacement: boolean): Running {
    const running = this.#launch(isReplacement);
    running.port.on('message', (reply: StoreReply) => {
      if (isFailedStart(reply)) this.#died(running, errorOf(reply.failure));
      else this.#take(reply);
    });
    return running;
  }

  #launch(isReplacement: boolean): Running {
    const { port1: port, port2 } = new MessageChannel();
    const options = this.#options;
    const workerData: WorkerStart = { options, isReplacement, port: port2, replies: this.#replies };
    // What the process was started with (--import, --input-type, …) is not meant for this thread.
    const worker = new Worker(entry(), {
      name: 'stores',
      execArgv: [],
      workerData,
      transferList: [port2],
    });
    const { promise: exited, resolve } = Promise.withResolvers<void>();
    worker.unref();
    let why = new Error('the thread of the ledger has ended');
    worker.on('error', (error: Error) => {
      why = error;
    });
    worker.on('exit', () => {
      // Its end may overtake what it said last: why it could not start, or a reply.
      for (let said = receiveMessageOnPort(port); said; said = receiveMessageOnPort(port)) {
        const reply: StoreReply = said.message;
        if (reply.id !== OPENED) this.#take(reply);
        else if ('failure' in reply) why = errorOf(reply.failure);
      }
      this.#died(running, why);
      resolve();
    });
    const running = { worker, port, exited, since: performance.now() };
    this.#running = running;
    return running;
  }

  #died(running: Running, error: Error): void {
    if (running !== this.#running) return;
    // What was kept in memory is gone with it.
    if (this.#ended !== undefined || this.#options.directory === undefined) {
      this.#end(error);
      return;
    }
    this.#running = undefined;
    this.#rejectAll(error);
    if (performance.now() - running.since >= GOOD_MS) this.#failures = 0;
    const delayMs = Math.min(LAST_RESTART_MS, FIRST_RESTART_MS * 2 ** this.#failures);
    this.#failures += 1;
    this.#restart = setTimeout(() => this.#startAgain(), delayMs).unref();
  }

  #ask(store: string, operation: string, args: readonly unknown[]): Promise<unknown> {
    const waiting: Waiting = Promise.withResolvers();
    if (this.#ended !== undefined) waiting.reject(this.#ended);
    else if (this.#waiting.size >= MAX_WAITING) {
      waiting.reject(new Error(`${MAX_WAITING} requests wait for the thread of the ledger`));
    } else {
      this.#waiting.set(this.#send({ store, operation, args }), waiting);
    }
    return waiting.promise;
  }

  #askNow(store: string, operation: string, args: readonly unknown[]): unknown {
    if (this.#ended !== undefined) throw this.#ended;
    if (this.#restart !== undefined) throw new Error('the thread of the ledger is started again');
    const { port } = this.#running ?? this.#start();
    return this.#waitFor(this.#send({ store, operation, args }), port);
  }

  #send(wanted: Omit<StoreRequest, 'id'>): number {
    const request: StoreRequest = { id: ++this.#lastId, ...wanted };
    if (this.#restart !== undefined) {
      // Whoever waits for it keeps the process alive.
      this.#restart.ref();
      this.#held.push(request);
    } else {
      const { port } = this.#running ?? this.#startBehind(false);
      if (this.#waiting.size === 0) port.ref();
      port.postMessage(request);
    }
    return request.id;
  }

  /** Blocks this thread until the reply is there. */
  #waitFor(id: number, port: MessagePort): unknown {
    const until = performance.now() + BLOCKED_MS;
    for (;;) {
      const seen = Atomics.load(this.#replies, 0);
      const received = receiveMessageOnPort(port);
      if (received !== undefined) {
        const reply: StoreReply = received.message;
        if (reply.id === id || isFailedStart(reply)) return answerIn(reply);
        this.#take(reply);
      } else if (Atomics.wait(this.#replies, 0, seen, until - performance.now()) === 'timed-out') {
        throw new Error(`the thread of the ledger did not answer in ${BLOCKED_MS / 1000} s`);
      }
    }
  }

  #take(reply: StoreReply): void {
    const waiting = this.#waiting.get(reply.id);
    this.#waiting.delete(reply.id);
    if (this.#waiting.size === 0) this.#running?.port.unref();
    try {
      waiting?.resolve(answerIn(reply));
    } catch (error) {
      waiting?.reject(error as Error);
    }
  }

  #end(error: Error): void {
    this.#ended ??= error;
    this.#rejectAll(this.#ended);
  }

  #rejectAll(error: Error): void {
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
  }
}

/** It is TypeScript next to TypeScript, JavaScript once built. */
function entry(): URL {
  return import.meta.url.endsWith('.ts')
    ? new URL('./store-worker.ts', import.meta.url)
    : new URL('./store-worker.js', import.meta.url);
}
