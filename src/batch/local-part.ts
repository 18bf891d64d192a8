import type { FileHandle } from 'node:fs/promises';
import { type CallRecord, newCallRecord } from '../core/call-record.ts';
import { callerIn } from '../core/caller.ts';
import { ProviderError } from '../core/errors.ts';
import { addUsage } from '../core/usage.ts';
import type { BatchPart, NewResult, OpenItem } from '../money/batches/batch.ts';
import { addCost } from '../money/pricing/cost.ts';
import { readLine } from './item-files.ts';
import { inItemSpan } from './item-span.ts';
import { Polling } from './polling.ts';
import type { RunDeps, Work } from './run-deps.ts';
import { failRest, type PartToSettle, settle } from './settle.ts';
import { restoreRequest } from './stored-request.ts';
import { type ItemResult, storeResult } from './stored-result.ts';

/** Rows that are read together. */
const PAGE = 100;

/** What all calls of an item came to. */
type Spent = Pick<NewResult, 'usage' | 'cost'>;

export interface LocalDeps extends RunDeps {
  /** Places for calls, over all batches. */
  readonly places: Places;
}

/** Items of a batch that are made as single calls, some at a time. */
export class LocalPart {
  readonly #part: BatchPart;
  readonly #work: Work;
  readonly #deps: LocalDeps;
  readonly #of: PartToSettle;
  readonly #running = new Set<Promise<void>>();
  #failure: unknown;

  constructor(part: BatchPart, work: Work, deps: LocalDeps) {
    this.#part = part;
    this.#work = work;
    this.#deps = deps;
    this.#of = {
      batch: work.batch.id,
      part: part.number,
      upstream: '',
      model: '',
      execution: 'local',
    };
  }

  /** Each call reserves for itself. */
  async hold(): Promise<void> {}

  /** Resolves when all its items have results. Rejects with the end of the process. */
  async run(): Promise<void> {
    if (this.#part.state === 'ended') return;
    const { books, files } = this.#deps;
    await books.start(this.#of.batch);
    const file = await files.open(this.#of.batch, this.#part.file);
    try {
      await this.#makeAll(file);
    } finally {
      await Promise.all(this.#running);
      await file.close();
    }
    if (this.#failure !== undefined) throw this.#failure;
    this.#work.stop.throwIfAborted();
    const { halted } = this.#work;
    if (halted?.reason === 'DEADLINE_EXCEEDED') await books.expire(this.#of.batch);
    if (halted !== undefined) await failRest(this.#of, halted, undefined, this.#deps);
    await books.updatePart(this.#of.batch, this.#of.part, { state: 'ended' });
  }

  async #makeAll(file: FileHandle): Promise<void> {
    const { books, places } = this.#deps;
    let after = 0;
    for (;;) {
      const items = await books.openItems(this.#of.batch, this.#of.part, after, PAGE);
      for (const item of items) {
        after = item.number;
        const leave = await places.enter(this.#work.end).catch(() => undefined);
        if (leave === undefined || this.#failure !== undefined) return leave?.();
        const making = this.#make(item, file)
          .catch((thrown: unknown) => {
            this.#failure ??= thrown;
          })
          .finally(() => {
            leave();
            this.#running.delete(making);
          });
        this.#running.add(making);
      }
      if (items.length < PAGE) return;
    }
  }

  /** Until it has a result, or the batch is to end. */
  async #make(item: OpenItem, file: FileHandle): Promise<void> {
    const { clock, tracer, means } = this.#deps;
    const { creator } = this.#work;
    const request = restoreRequest(await readLine(file, item));
    const polling = new Polling(this.#work, this.#deps);
    // With what was tried in vain: the upstream has it on its bill, and the ledger in its records.
    let spent: Spent = {};
    while (this.#work.halted === undefined) {
      const record = newCallRecord(clock.now());
      let result: ItemResult;
      try {
        const response = await inItemSpan(tracer, this.#of.batch, creator, (context) =>
          means.send(request, {
            id: `${this.#of.batch}/${item.number}`,
            caller: callerIn(this.#work.batch.owner),
            context,
            signal: this.#work.stop,
            deadline: this.#work.batch.expiresAt,
            record,
          }),
        );
        result = { response };
      } catch (thrown) {
        this.#work.stop.throwIfAborted();
        result = { error: ProviderError.from(thrown) };
      }
      spent = withSpent(spent, record);
      if (!('error' in result && mayPass(result.error))) {
        return this.#settle(item, result, spent);
      }
      await this.#work.problem(`A request waits: ${result.error.message}`);
      await polling.wait(result.error.facts.retryAfterMs);
    }
    const { halted } = this.#work;
    if (halted !== undefined && spent.usage) await this.#settle(item, { error: halted }, spent);
  }

  #settle({ customId }: OpenItem, result: ItemResult, spent: Spent): Promise<void> {
    const succeeded = 'response' in result;
    const settled = { customId, result: storeResult(result), succeeded, ...spent };
    return settle(this.#of, [settled], undefined, this.#deps);
  }
}

/** So does the outage of a store, without which a budget leases nothing. */
function mayPass({ retryable, facts }: ProviderError): boolean {
  return retryable || facts.budget?.storeAway !== undefined;
}

function withSpent(before: Spent, { usage, cost }: CallRecord): Spent {
  return {
    ...before,
    ...(usage && { usage: addUsage(before.usage, usage) }),
    ...(cost && { cost: addCost(before.cost, cost) }),
  };
}

/** So many calls of batches run at a time. First come, first served. */
export class Places {
  readonly #waiting = new Set<() => void>();
  #free: number;

  constructor(places: number) {
    this.#free = places;
  }

  /** Resolves with what gives the place back. Rejects with the end of the signal. */
  async enter(signal: AbortSignal): Promise<() => void> {
    signal.throwIfAborted();
    if (this.#free > 0) this.#free -= 1;
    else await this.#turn(signal);
    return () => {
      const [next] = this.#waiting;
      if (next === undefined) this.#free += 1;
      else next();
    };
  }

  #turn(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const onAbort = () => {
        this.#waiting.delete(wake);
        reject(signal.reason);
      };
      const wake = () => {
        this.#waiting.delete(wake);
        signal.removeEventListener('abort', onAbort);
        resolve();
      };
      this.#waiting.add(wake);
      signal.addEventListener('abort', onAbort, { once: true });
    });
  }
}
