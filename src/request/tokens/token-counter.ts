import { Worker } from 'node:worker_threads';
import { ProviderError } from '../../core/errors.ts';
import type { MessageRequest } from '../../core/message.ts';
import type { Model, TokenizerName } from '../../core/model.ts';
import { layOut } from './lay-out.ts';
import type { CountRequest, CountResponse, WorkerRequest } from './worker-messages.ts';

/** How many tokens a prompt has, and who says so. */
export interface TokenCount {
  readonly inputTokens: number;
  readonly estimated: boolean;
  readonly model: string;
  readonly tokenizer: string;
  /** 0: not known. */
  readonly contextWindow: number;
}

export interface TokenCounterOptions {
  /** Default: `startTokenWorker`. */
  readonly startWorker?: () => Worker;
}

type Job = Omit<CountRequest, 'type' | 'id'>;

interface PendingCount {
  readonly resolve: (response: CountResponse) => void;
  readonly reject: (error: ProviderError) => void;
}

/**
 * Counts the tokens of requests and answers, in one worker thread: counting a long conversation takes
 * tens of milliseconds, and a hostile one seconds, in which no call would move. The thread starts with
 * the first count, is replaced if it dies, and keeps the process alive only while it counts.
 */
export class TokenCounter {
  readonly #startWorker: () => Worker;
  readonly #pending = new Map<number, PendingCount>();
  #worker: Worker | undefined;
  #lastId = 0;
  #closed = false;

  constructor(options: TokenCounterOptions = {}) {
    this.#startWorker = options.startWorker ?? startTokenWorker;
  }

  /**
   * Counts what `request` costs as input to `model`; `request.model` is not looked at. The answer
   * calls the model `name`.
   *
   * Rejects with `signal.reason` when `signal` aborts, with SHUTTING_DOWN after `close`, and with
   * INTERNAL if the worker thread dies.
   */
  async count(
    name: string,
    model: Model,
    request: MessageRequest,
    signal: AbortSignal,
  ): Promise<TokenCount> {
    signal.throwIfAborted();
    const { id, tokenizer, tokenizerAssumed, contextWindow = 0 } = model;
    const { texts, fixedTokens, estimated } = layOut(id, tokenizer, request);
    const { tokens, exact } = await this.#ask({ tokenizer, texts }, signal);
    return {
      inputTokens: fixedTokens + tokens,
      estimated: estimated || !exact || tokenizerAssumed,
      model: name,
      tokenizer,
      contextWindow,
    };
  }

  /** Counts the tokens of a text by the tokenizer of `model`. Rejects as `count` does. */
  async countText(model: Model, text: string, signal: AbortSignal): Promise<number> {
    signal.throwIfAborted();
    const { tokenizer } = model;
    const { tokens } = await this.#ask({ tokenizer, texts: [text] }, signal);
    return tokens;
  }

  /** Starts the thread and loads a tokenizer, half a second that the first count takes otherwise. Never rejects. */
  async load(tokenizer: TokenizerName): Promise<void> {
    try {
      await this.#ask({ tokenizer, texts: [''] }, new AbortController().signal);
    } catch {
      // Whoever counts is told.
    }
  }

  /** Stops the worker thread. Counts that still run are rejected with SHUTTING_DOWN. */
  async close(): Promise<void> {
    this.#closed = true;
    const worker = this.#worker;
    this.#abandon(new ProviderError('SHUTTING_DOWN'));
    await worker?.terminate();
  }

  #ask(job: Job, signal: AbortSignal): Promise<CountResponse> {
    const worker = this.#runningWorker();
    const id = ++this.#lastId;
    const { promise, resolve, reject } = Promise.withResolvers<CountResponse>();
    this.#pending.set(id, { resolve, reject });
    worker.ref();
    send(worker, { type: 'count', id, ...job });
    const onAbort = () => {
      send(worker, { type: 'cancel', id });
      reject(signal.reason);
    };
    signal.addEventListener('abort', onAbort, { once: true });
    return promise.finally(() => {
      signal.removeEventListener('abort', onAbort);
      this.#pending.delete(id);
      if (this.#pending.size === 0) worker.unref();
    });
  }

  #runningWorker(): Worker {
    if (this.#closed) throw new ProviderError('SHUTTING_DOWN');
    try {
      this.#worker ??= this.#newWorker();
    } catch (cause) {
      throw ProviderError.from(cause);
    }
    return this.#worker;
  }

  #newWorker(): Worker {
    const worker = this.#startWorker();
    worker.on('message', (response: CountResponse) => {
      this.#pending.get(response.id)?.resolve(response);
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
  return new Worker(entry, { name: 'token-counter', execArgv: [] });
}

function send(worker: Worker, request: WorkerRequest): void {
  worker.postMessage(request);
}
