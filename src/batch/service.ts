import { projectOf, userOf } from '../core/caller.ts';
import { ProviderError } from '../core/errors.ts';
import { endReason } from '../core/signal.ts';
import type { Batch, BatchState, NewBatch } from '../money/batches/batch.ts';
import { DatabaseError } from '../money/store/protocol.ts';
import type {
  BatchCall,
  BatchPage,
  BatchResultEvent,
  CreateBatchOptions,
  IAIBatchProvider,
  ListQuery,
  ResultsQuery,
} from './batch-provider.ts';
import { checkOptions, DEFAULT_WINDOW_MS } from './check-options.ts';
import type { BatchItem } from './item.ts';
import { pageTokenOf, readPageToken } from './page-token.ts';
import { type Received, Receiver } from './receiver.ts';
import { batchNotFound, streamResults } from './results-stream.ts';
import type { BatchRetention } from './retention.ts';
import type { RunDeps } from './run-deps.ts';
import type { BatchRunner } from './runner.ts';

export interface BatchServiceDeps extends RunDeps {
  readonly runner: BatchRunner;
  readonly retention: BatchRetention;
  /** Makes ids of batches. */
  readonly newId: () => string;
}

/** Batches, kept in the data directory. */
export class BatchService implements IAIBatchProvider {
  readonly #deps: BatchServiceDeps;
  /** Batches that are being received, by owner and idempotency key. */
  readonly #receiving = new Map<string, Promise<unknown>>();

  constructor(deps: BatchServiceDeps) {
    this.#deps = deps;
  }

  /** Goes on with the batches of a process before this one. */
  async start(): Promise<void> {
    await this.#deps.retention.start();
    await this.#deps.runner.resume();
  }

  /** Stops working; the batches stay as they are. */
  async close(): Promise<void> {
    this.#deps.retention.close();
    await this.#deps.runner.close();
  }

  async createBatch(
    options: CreateBatchOptions,
    items: AsyncIterable<BatchItem>,
    call: BatchCall,
  ): Promise<Batch> {
    checkOptions(options);
    const owner = call.owner ?? options.metadata.project_id ?? '';
    const { idempotencyKey } = options;
    if (idempotencyKey === '' || options.validateOnly) {
      return orStorageTrouble(() => this.#receive(owner, options, items, call));
    }
    const key = `${owner}\n${idempotencyKey}`;
    // Who comes second gets what the first one makes, and takes its place if that fails.
    for (let first = this.#receiving.get(key); first; first = this.#receiving.get(key)) {
      await untilSettled(first, call.signal);
    }
    const receiving = orStorageTrouble(() => this.#once(owner, options, items, call));
    this.#receiving.set(key, receiving);
    try {
      return await receiving;
    } finally {
      this.#receiving.delete(key);
    }
  }

  async getBatch(id: string, { owner }: BatchCall): Promise<Batch> {
    const batch = await this.#deps.books.get(id);
    const isTheirs = owner === undefined || batch?.owner === owner;
    if (batch === undefined || batch.state === 'receiving' || !isTheirs) throw batchNotFound();
    return batch;
  }

  async listBatches({ limit, pageToken, state }: ListQuery, call: BatchCall): Promise<BatchPage> {
    const { owner } = call;
    const before = pageToken === undefined ? undefined : readPageToken(pageToken, state);
    const { batches, next } = await this.#deps.books.list({
      ...(owner !== undefined && { owner }),
      ...(before !== undefined && { before }),
      ...(state && { state }),
      limit,
    });
    return { batches, ...(next !== undefined && { nextPageToken: pageTokenOf(next, state) }) };
  }

  async cancelBatch(id: string, call: BatchCall): Promise<Batch> {
    await this.getBatch(id, call);
    await orStorageTrouble(() => this.#deps.books.cancel(id));
    this.#deps.runner.cancel(id);
    this.#deps.changes.tell(id);
    return this.getBatch(id, call);
  }

  async *batchResults(query: ResultsQuery, call: BatchCall): AsyncGenerator<BatchResultEvent> {
    await this.getBatch(query.batchId, call);
    yield* streamResults(query, this.#deps, call.signal);
  }

  /** Those that have not ended, as they stood a moment ago, newest first. */
  get active(): readonly Batch[] {
    return this.#deps.runner.active;
  }

  /** If that fails, too, the next start does it, or whoever sends the same idempotency key. */
  async #remove(id: string): Promise<void> {
    try {
      await this.#deps.retention.delete(id);
    } catch (err) {
      this.#deps.log.warn({ batch: id, err }, 'what was received of a batch cannot be removed');
    }
  }

  /** The batch that has the key, or else a new one. */
  async #once(
    owner: string,
    options: CreateBatchOptions,
    items: AsyncIterable<BatchItem>,
    call: BatchCall,
  ): Promise<Batch> {
    const known = await this.#deps.books.byKey(owner, options.idempotencyKey);
    // Nobody receives it: it could not be removed when its receipt failed.
    if (known?.state === 'receiving') await this.#deps.retention.delete(known.id);
    if (known === undefined || known.state === 'receiving') {
      return this.#receive(owner, options, items, call);
    }
    // Some clients do not look for an answer before they have said everything.
    for await (const _ of items) if (call.signal.aborted) throw endReason(call.signal);
    return known;
  }

  async #receive(
    owner: string,
    options: CreateBatchOptions,
    items: AsyncIterable<BatchItem>,
    { signal }: BatchCall,
  ): Promise<Batch> {
    const { books, runner, clock } = this.#deps;
    const { validateOnly, metadata, displayName, execution, maxCost } = options;
    const now = Math.floor(clock.now());
    const batch: NewBatch = {
      id: `batch-${this.#deps.newId()}`,
      owner,
      idempotencyKey: validateOnly ? '' : options.idempotencyKey,
      displayName,
      metadata,
      createdAt: now,
      expiresAt: now + (options.completionWindowMs ?? DEFAULT_WINDOW_MS),
    };
    await books.begin(batch);
    let kept = false;
    try {
      const wishes = {
        validateOnly,
        signal,
        ...(execution && { execution }),
        ...(maxCost !== undefined && { maxCost }),
      };
      const receiver = new Receiver(batch.id, this.#deps.options, wishes, this.#deps);
      const received = await receiver.receive(withSpender(items, metadata));
      if (validateOnly) return dryRun(batch, received);
      received.problems.throwIfAny();
      signal.throwIfAborted();
      await books.commit(batch.id, received.execution, received.total, received.parts);
      kept = true;
      const made = newBatch(batch, 'queued', received);
      runner.add(made);
      return made;
    } finally {
      if (!kept) await this.#remove(batch.id);
    }
  }
}

/** Items are paid by whom the batch names, unless they name somebody themselves. */
async function* withSpender(
  items: AsyncIterable<BatchItem>,
  ofBatch: Readonly<Record<string, string>>,
): AsyncGenerator<BatchItem> {
  const [userId, projectId] = [userOf(ofBatch), projectOf(ofBatch)];
  if (userId === '' && projectId === '') return yield* items;
  for await (const item of items) {
    const { metadata = {} } = item.request;
    const payer = {
      ...(userId !== '' && userOf(metadata) === '' && { user_id: userId }),
      ...(projectId !== '' && projectOf(metadata) === '' && { project_id: projectId }),
    };
    yield { ...item, request: { ...item.request, metadata: { ...metadata, ...payer } } };
  }
}

function dryRun(batch: NewBatch, received: Received): Batch {
  return { ...newBatch(batch, 'receiving', received), id: '' };
}

/** Nothing of it was sent. */
function newBatch(batch: NewBatch, state: BatchState, received: Received): Batch {
  const { total, execution, problems } = received;
  return {
    ...batch,
    state,
    execution,
    counts: { total, completed: 0, failed: 0 },
    upstreamBatchIds: [],
    problems: problems.sentences,
  };
}

/** Rejects with the end of the signal, and with nothing else. */
async function untilSettled(first: Promise<unknown>, signal: AbortSignal): Promise<void> {
  const { promise, reject } = Promise.withResolvers<never>();
  const onAbort = () => reject(endReason(signal));
  signal.addEventListener('abort', onAbort, { once: true });
  if (signal.aborted) onAbort();
  try {
    await Promise.race([first.catch(() => undefined), promise]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

const NOT_KEPT = 'This provider cannot keep batches now, for a reason that its log tells.';

/**
 * Does it. Where the disk or the database refuses, which passes, callers hear that they may ask again, and
 * not of a bug.
 */
async function orStorageTrouble<T>(act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (thrown) {
    const error = ProviderError.from(thrown);
    const { cause } = error.facts;
    if (error.reason !== 'INTERNAL' || !isOfStorage(cause)) throw thrown;
    throw new ProviderError('SERVICE_UNAVAILABLE', { message: NOT_KEPT, cause });
  }
}

/** What the file system refuses names the call it refused. */
function isOfStorage(cause: unknown): boolean {
  return cause instanceof DatabaseError || (cause instanceof Error && 'syscall' in cause);
}
