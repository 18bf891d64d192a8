import {
  MessageChannel,
  type MessagePort,
  receiveMessageOnPort,
  Worker,
} from 'node:worker_threads';
import {
  errorOf,
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

/** A request waits no longer when the event loop stands still for it, in ms. */
const BLOCKED_MS = 120_000;

type Waiting = PromiseWithResolvers<unknown>;

interface Running {
  readonly worker: Worker;
  readonly port: MessagePort;
  readonly exited: Promise<void>;
}

/**
 * The thread in which everything is kept: one database, one worker, one request at a time in the order
 * in which they are made. No call waits for the disk, and no sum over what is kept holds one up.
 */
export class StoreThread implements Stores {
  readonly #options: StoreOptions;
  readonly #replies = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
  readonly #waiting = new Map<number, Waiting>();
  #running: Running | undefined;
  #opened: Opened = {};
  #lastId = OPENED;
  /** Why nothing can be asked any more. */
  #ended: Error | undefined;

  /**
   * Opens the database, and returns once it is open. Without a directory there is nothing to open: the
   * thread starts with the first request.
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
    if (this.#running === undefined) return;
    const { worker, port, exited } = this.#running;
    worker.ref();
    // A closed port brings no replies.
    await Promise.allSettled(Array.from(this.#waiting.values(), ({ promise }) => promise));
    port.close();
    await exited;
  }

  #start(): Running {
    const { port1: port, port2 } = new MessageChannel();
    const workerData: WorkerStart = { options: this.#options, port: port2, replies: this.#replies };
    // What the process was started with (--import, --input-type, …) is not meant for this thread.
    const worker = new Worker(entry(), {
      name: 'stores',
      execArgv: [],
      workerData,
      transferList: [port2],
    });
    const { promise: exited, resolve } = Promise.withResolvers<void>();
    worker.on('error', (error: Error) => this.#end(error));
    worker.on('exit', () => {
      this.#end(new Error('the thread of the ledger has ended'));
      resolve();
    });
    this.#running = { worker, port, exited };
    try {
      this.#opened = this.#waitFor(OPENED, port) as Opened;
    } catch (error) {
      this.#end(error as Error);
      void worker.terminate();
      throw error;
    }
    port.on('message', (reply: StoreReply) => this.#take(reply));
    worker.unref();
    port.unref();
    return this.#running;
  }

  #ask(store: string, operation: string, args: readonly unknown[]): Promise<unknown> {
    const waiting: Waiting = Promise.withResolvers();
    if (this.#ended !== undefined) waiting.reject(this.#ended);
    else if (this.#waiting.size >= MAX_WAITING) {
      waiting.reject(new Error(`${MAX_WAITING} requests wait for the thread of the ledger`));
    } else {
      const { port } = this.#running ?? this.#start();
      if (this.#waiting.size === 0) port.ref();
      this.#waiting.set(this.#send(port, { store, operation, args }), waiting);
    }
    return waiting.promise;
  }

  #askNow(store: string, operation: string, args: readonly unknown[]): unknown {
    if (this.#ended !== undefined) throw this.#ended;
    const { port } = this.#running ?? this.#start();
    return this.#waitFor(this.#send(port, { store, operation, args }), port);
  }

  #send(port: MessagePort, request: Omit<StoreRequest, 'id'>): number {
    this.#lastId += 1;
    port.postMessage({ id: this.#lastId, ...request } satisfies StoreRequest);
    return this.#lastId;
  }

  /** Blocks this thread until the reply is there. */
  #waitFor(id: number, port: MessagePort): unknown {
    const until = performance.now() + BLOCKED_MS;
    for (;;) {
      const seen = Atomics.load(this.#replies, 0);
      const received = receiveMessageOnPort(port);
      if (received !== undefined) {
        const reply: StoreReply = received.message;
        if (reply.id === id) return answerIn(reply);
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
    for (const { reject } of this.#waiting.values()) reject(this.#ended);
    this.#waiting.clear();
  }
}

/** @throws LedgerError or DatabaseError if it tells of a failure */
function answerIn(reply: StoreReply): unknown {
  if ('failure' in reply) throw errorOf(reply.failure);
  return reply.value;
}

/** It is TypeScript next to TypeScript, JavaScript once built. */
function entry(): URL {
  return import.meta.url.endsWith('.ts')
    ? new URL('./store-worker.ts', import.meta.url)
    : new URL('./store-worker.js', import.meta.url);
}
