import { ProviderError } from '../core/errors.ts';
import { endReason } from '../core/signal.ts';
import type { BatchExecution, NewItem } from '../money/batches/batch.ts';
import { formatDollars } from '../money/pricing/money.ts';
import { type BatchItem, ItemPreparer, type ItemWishes, type PreparedItem } from './item.ts';
import type { BatchOptions } from './options.ts';
import { PartFiles } from './part-files.ts';
import { itemPath, Problems } from './problems.ts';
import type { RunDeps } from './run-deps.ts';
import { storeCall } from './stored-call.ts';
import { storeRequest } from './stored-request.ts';

type ReceiverDeps = Pick<RunDeps, 'means' | 'books' | 'files' | 'clock'>;

export interface ReceiveOptions {
  readonly execution?: BatchExecution;
  /** In pico-dollars. */
  readonly maxCost?: bigint;
  /** Keep nothing but what tells custom_ids apart. */
  readonly validateOnly: boolean;
  readonly signal: AbortSignal;
}

/** What was received. */
export interface Received {
  readonly total: number;
  readonly execution: BatchExecution;
  readonly problems: Problems;
  readonly parts: PartFiles['parts'];
}

/** Rows that are written together. */
const CHUNK = 500;

const LOCAL = { execution: 'local', upstream: '', endpoint: '', model: '', modelId: '' } as const;

/**
 * Takes the items of one batch as they come: prepares each, writes what is to be sent to the disk and
 * what is to be known of it into the database. Holds a few of them at a time.
 */
export class Receiver {
  readonly #id: string;
  readonly #limits: Pick<BatchOptions, 'maxItems'>;
  readonly #deps: ReceiverDeps;
  readonly #options: ReceiveOptions;
  readonly #wishes: ItemWishes;
  readonly #preparer: ItemPreparer;
  readonly #files: PartFiles;
  readonly #problems = new Problems();
  #rows: NewItem[] = [];
  #total = 0;
  #most = 0n;

  constructor(id: string, limits: BatchOptions, options: ReceiveOptions, deps: ReceiverDeps) {
    this.#id = id;
    this.#limits = limits;
    this.#options = options;
    this.#deps = deps;
    const { execution, maxCost, signal } = options;
    this.#wishes = { ...(execution && { execution }), hasMaxCost: maxCost !== undefined, signal };
    this.#preparer = new ItemPreparer(deps.means, deps.clock);
    this.#files = new PartFiles(id, options.validateOnly ? undefined : deps.files, limits);
  }

  /** Rejects with ProviderError: the end of the call, BUDGET_EXCEEDED, or that of whoever sends items. */
  async receive(items: AsyncIterable<BatchItem>): Promise<Received> {
    const { signal } = this.#options;
    try {
      for await (const item of items) {
        if (signal.aborted) throw endReason(signal);
        this.#total += 1;
        if (this.#total > this.#limits.maxItems) throw tooMany(this.#limits.maxItems);
        await this.#take(item);
      }
      await this.#writeRows();
      if (this.#total === 0) this.#problems.add('item', 'must be there at least once');
      await this.#files.finish();
    } finally {
      await this.#files.close();
    }
    this.#checkCost();
    const { parts } = this.#files;
    const execution = parts.some((part) => part.execution === 'upstream') ? 'upstream' : 'local';
    return { total: this.#total, execution, problems: this.#problems, parts };
  }

  async #take(item: BatchItem): Promise<void> {
    const path = itemPath(item.customId, this.#total - 1);
    const idProblem = problemOfId(item.customId);
    if (idProblem !== undefined) this.#problems.add(`${path}.custom_id`, idProblem);
    try {
      const prepared = await this.#preparer.prepare(item, this.#wishes);
      if (idProblem === undefined) await this.#keep(item, path, prepared);
    } catch (thrown) {
      if (this.#options.signal.aborted) throw endReason(this.#options.signal);
      this.#problems.addItem(path, ProviderError.from(thrown));
    }
  }

  async #keep({ customId, request }: BatchItem, path: string, item: PreparedItem): Promise<void> {
    const { call, execution, spender, inputTokens, most } = item;
    this.#most += most ?? 0n;
    const upstream = this.#deps.means.upstreams.get(call.upstream);
    const line = execution === 'upstream' ? upstream?.batches.line(customId, call) : undefined;
    const kind =
      line === undefined
        ? LOCAL
        : {
            execution,
            upstream: call.upstream,
            endpoint: line.endpoint,
            model: call.model,
            modelId: call.target.model.id,
          };
    const text = line?.text ?? storeRequest(request);
    const problem = this.#files.problem(kind, text);
    if (problem !== undefined) {
      this.#problems.add(`${path}.request`, problem);
      return;
    }
    this.#rows.push({
      number: this.#total,
      customId,
      ...(await this.#files.add(kind, text)),
      userId: spender.userId,
      projectId: spender.projectId,
      ...(most === undefined ? {} : { most }),
      inputTokens,
      context: line === undefined ? '' : storeCall(call, this.#deps.means.catalogue()),
    });
    if (this.#rows.length >= CHUNK) await this.#writeRows();
  }

  async #writeRows(): Promise<void> {
    const rows = this.#rows;
    this.#rows = [];
    if (rows.length === 0) return;
    for (const customId of await this.#deps.books.addItems(this.#id, rows)) {
      this.#problems.add(`${itemPath(customId, 0)}.custom_id`, 'is there more than once');
    }
  }

  #checkCost(): void {
    const { maxCost, validateOnly } = this.#options;
    if (maxCost === undefined || this.#most <= maxCost || this.#problems.any) return;
    const message = `The batch could cost ${formatDollars(this.#most)} USD, which is more than its max_cost of ${formatDollars(maxCost)} USD.`;
    if (!validateOnly)
      throw new ProviderError('BUDGET_EXCEEDED', { message, quotaSubject: 'max_cost' });
    this.#problems.add(
      'options.max_cost',
      `is less than what the batch could cost, ${formatDollars(this.#most)} USD`,
    );
  }
}

const MAX_ID_BYTES = 64;

function problemOfId(customId: string): string | undefined {
  const bytes = Buffer.byteLength(customId);
  if (bytes === 0 || bytes > MAX_ID_BYTES) return `must be 1 to ${MAX_ID_BYTES} bytes`;
  return customId.isWellFormed() && !/\p{Cc}/u.test(customId)
    ? undefined
    : 'must be well-formed Unicode without control characters';
}

function tooMany(max: number): ProviderError {
  const description = `must be there at most ${max} times`;
  return new ProviderError('INVALID_REQUEST', {
    fieldViolations: [{ field: 'item', description }],
  });
}
