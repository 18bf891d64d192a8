import { Worker } from 'node:worker_threads';
import { ProviderError } from '../../core/errors.ts';
import type { TextCount } from './count-texts.ts';
import type { CountRequest, CountResponse, WorkerRequest } from './worker-messages.ts';

export type Job = Omit<CountRequest, 'type' | 'id'>;

interface PendingCount {
  readonly holder: object;
  readonly resolve: (counts: readonly TextCount[]) => void;
  readonly reject: (error: ProviderError) => void;
}

/** Memory for what is young in the thread, in MiB: by itself V8 takes up to 96 for what a count throws away, and keeps it. */
const YOUNG_MIB = 8;

/**
 * The worker thread in which tokens are counted: a long conversation takes tens of milliseconds, and a
 * hostile one seconds, in which no call would move. It starts with the first count, is replaced if it
 * dies, keeps the process alive only while it counts, and ends with the last who holds it.
 */
export class TokenThread {
  readonly #startWorker: () => Worker;
  readonly #pending = new Map<number, PendingCount>();
  readonly #holders = new Set<object>();
  #worker: Worker | undefined;
  #lastId = 0;

  constructor(startWorker: () => Worker) {
    this.#startWorker = startWorker;
  }

  hold(holder: object): void {
    this.#holders.add(holder);
  }

  /** Rejects what the holder still counts with SHUTTING_DOWN. */
  async release(holder: object): Promise<void> {
    this.#holders.delete(holder);
    for (const [id, pending] of this.#pending) {
      if (pending.holder === holder) this.#cancel(id, new ProviderError('SHUTTING_DOWN'));
    }
    if (this.#holders.size > 0) return;
    const worker = this.#worker;
    this.#worker = undefined;
    await worker?.terminate();
  }

  /**
   * The counts of the job's prompts.
   *
   * Rejects with `signal.reason` when `signal` aborts, with SHUTTING_DOWN after `release`, and with
   * INTERNAL if the thread dies.
   */
  ask(holder: object, job: Job, signal: AbortSignal): Promise<readonly TextCount[]> {
    const worker = this.#runningWorker(holder);
    const id = ++this.#lastId;
    const { promise, resolve, reject } = Promise.withResolvers<readonly TextCount[]>();
    this.#pending.set(id, { holder, resolve, reject });
    worker.ref();
    send(worker, { type: 'count', id, ...job });
    const onAbort = () => this.#cancel(id, signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });
    return promise.finally(() => {
      signal.removeEventListener('abort', onAbort);
      this.#pending.delete(id);
      if (this.#pending.size === 0) worker.unref();
    });
  }

  #cancel(id: number, error: ProviderError): void {
    if (this.#worker !== undefined) send(this.#worker, { type: 'cancel', id });
    this.#pending.get(id)?.reject(error);
  }

  #runningWorker(holder: object): Worker {
    if (!this.#holders.has(holder)) throw new ProviderError('SHUTTING_DOWN');
    try {
      this.#worker ??= this.#newWorker();
    } catch (cause) {
      throw ProviderError.from(cause);
    }
    return this.#worker;
  }

  #newWorker(): Worker {
    const worker = this.#startWorker();
    worker.on('message', ({ id, counts }: CountResponse) => {
      this.#pending.get(id)?.resolve(counts);
    });
    const onDeath = (cause: unknown) => {
      if (worker === this.#worker) this.#abandon(new ProviderError('INTERNAL', { cause }));
    };
    worker.on('error', onDeath);
    worker.on('exit', (exitCode) =>
      onDeath(new Error(`The token worker exited with code ${exitCode}.`)),
    );
    return worker;
  }

  /** Forgets the worker and fails what waits for it; the next count starts a new one. */
  #abandon(error: ProviderError): void {
    this.#worker = undefined;
    for (const { reject } of this.#pending.values()) reject(error);
  }
}

/** Starts the thread that serves counts. It is TypeScript next to TypeScript, JavaScript once built. */
export function startTokenWorker(): Worker {
  const entry = import.meta.url.endsWith('.ts')
    ? new URL('./token-worker.ts', import.meta.url)
    : new URL('./token-worker.js', import.meta.url);
  // What the process was started with (--import, --input-type, …) is not meant for this thread.
  const resourceLimits = { maxYoungGenerationSizeMb: YOUNG_MIB };
  return new Worker(entry, { name: 'token-counter', execArgv: [], resourceLimits });
}

function send(worker: Worker, request: WorkerRequest): void {
  worker.postMessage(request);
}
