import { ProviderError } from '../core/errors.ts';
import type { UpstreamBatch } from '../core/upstream-batches.ts';
import type { BatchPart, NewResult } from '../money/batches/batch.ts';
import type { PartChange } from '../money/batches/part-table.ts';
import { Holdings } from './holdings.ts';
import type { Lane } from './lane.ts';
import type { Deed } from './once.ts';
import { partContent } from './part-content.ts';
import { OTHER_KEY, PartKeys } from './part-keys.ts';
import { refusedLines, restError, tokenLimitReached } from './refused-file.ts';
import { RemoteBatch } from './remote-batch.ts';
import type { RunDeps, Work } from './run-deps.ts';
import { failRest, type PartToSettle, settle } from './settle.ts';
import { whenOver } from './when-over.ts';

/**
 * One part of a batch at the upstream: a file, and a batch of it. Wherever the process died, another
 * goes on from what is written down.
 */
export class UpstreamPart {
  readonly #work: Work;
  readonly #deps: RunDeps;
  readonly #lane: Lane;
  readonly #holdings: Holdings;
  readonly #remote: RemoteBatch;
  readonly #keys: PartKeys;
  readonly #of: PartToSettle;
  #part: BatchPart;
  /** Makes another part run beside this one. */
  readonly #addPart: (part: BatchPart) => void;

  constructor(part: BatchPart, work: Work, deps: RunDeps, addPart: (part: BatchPart) => void) {
    this.#part = part;
    this.#work = work;
    this.#deps = deps;
    this.#addPart = addPart;
    this.#lane = deps.lanes.of(part.upstream, part.modelId);
    this.#holdings = new Holdings(deps.means.book, part.modelId);
    this.#remote = new RemoteBatch(part, work, deps);
    this.#keys = new PartKeys(work, deps);
    const { number, upstream, modelId, execution } = part;
    this.#of = { batch: work.batch.id, part: number, upstream, model: modelId, execution };
  }

  /** Holds the money again that a process before this one had reserved. To be called before `run`. */
  async hold(): Promise<void> {
    if (['waiting', 'settled', 'ended'].includes(this.#part.state)) return;
    this.#holdings.resume(await this.#owed());
  }

  /** Resolves when all its items have results. Rejects with the end of the process. */
  async run(): Promise<void> {
    try {
      while (this.#part.state !== 'ended') {
        if (this.#part.state === 'settled') await this.#clean();
        else await this.#orGiveUp(() => this.#advance());
      }
    } finally {
      this.#holdings.release();
    }
  }

  #advance(): Promise<void> {
    return this.#part.state === 'running' ? this.#follow() : this.#send();
  }

  async #orGiveUp(step: () => Promise<void>): Promise<void> {
    try {
      await step();
    } catch (thrown) {
      this.#work.stop.throwIfAborted();
      const error = ProviderError.from(thrown);
      if (error.reason === 'INTERNAL') throw error;
      await this.#giveUp(this.#work.halted ?? error);
    }
  }

  async #change(change: PartChange): Promise<void> {
    await this.#deps.books.updatePart(this.#of.batch, this.#of.part, change);
    this.#part = { ...this.#part, ...change };
  }

  #owed() {
    return this.#deps.books.owed(this.#of.batch, this.#of.part);
  }

  /** Until the upstream has it, or all its items have results. */
  async #send(): Promise<void> {
    const { stop, end } = this.#work;
    // What was begun is seen to its end, even if the batch is not to be done any more.
    const leave = await this.#lane.enter(this.#part.state === 'waiting' ? end : stop);
    try {
      let taken = false;
      while (!taken) {
        while (!['running', 'settled'].includes(this.#part.state)) await this.#step();
        taken = this.#part.state === 'settled' || (await this.#isTaken());
      }
    } finally {
      leave();
    }
  }

  #step(): Promise<void> {
    const { state, key } = this.#part;
    // A file alone costs nothing. Whether there is a batch of it is found out, or waited for.
    const mayBeginAnew = state === 'uploading' || state === 'uploaded';
    if (mayBeginAnew && key !== '' && !this.#remote.api.keys.includes(key))
      return this.#beginAnew();
    switch (state) {
      case 'waiting':
        return this.#prepareUpload();
      case 'uploading':
        return this.#upload(true);
      case 'uploaded':
        return this.#create(false);
      default:
        return this.#create(true);
    }
  }

  async #prepareUpload(): Promise<void> {
    const { books, clock } = this.#deps;
    const { batch, part } = this.#of;
    const refused = await this.#holdings.reserve(await this.#owed(), this.#work.end);
    for (const { spender, error } of refused) {
      await failRest(this.#of, error, this.#holdings, this.#deps, spender);
    }
    const { items, bytes } = await books.countOpen(batch, part);
    if (items === 0) return this.#change({ state: 'settled' });
    await books.start(batch);
    const key = this.#keys.choose(this.#remote.api.keys);
    await this.#change({ state: 'uploading', since: Math.floor(clock.now()), size: bytes, key });
    return this.#upload(false);
  }

  async #upload(mayBeDone: boolean): Promise<void> {
    const { since, size, number, key } = this.#part;
    const { batch } = this.#of;
    const name = `tamma-${batch}-${number}-${since}.jsonl`;
    const uploaded = await this.#withKey({
      mayBeDone,
      find: (signal) => this.#remote.api.findFile({ name, size }, since, key, signal),
      act: (signal) => {
        const content = partContent(batch, this.#part, this.#deps);
        return this.#remote.api.upload({ name, size, content }, key, signal);
      },
    });
    if (uploaded === undefined) return;
    const { done: fileId } = uploaded;
    if (fileId !== undefined) await this.#change({ state: 'uploaded', fileId });
    this.#throwIfHalted();
  }

  async #create(mayBeDone: boolean): Promise<void> {
    if (!mayBeDone) {
      this.#throwIfHalted();
      await this.#change({ state: 'creating', since: Math.floor(this.#deps.clock.now()) });
    }
    const { since, fileId, endpoint, number, key } = this.#part;
    const metadata = {
      tamma_batch: this.#of.batch,
      tamma_part: String(number),
      tamma_attempt: String(since),
    };
    const created = await this.#withKey({
      mayBeDone,
      find: (signal) => this.#remote.api.find({ fileId, metadata }, since, key, signal),
      act: (signal) => this.#remote.api.create({ fileId, endpoint, metadata }, key, signal),
    });
    if (created === undefined) return;
    if (created.done === undefined) this.#throwIfHalted();
    await this.#change({ state: 'running', upstreamBatchId: created.done?.id ?? '' });
    this.#deps.changes.tell(this.#of.batch);
  }

  /** Does it with the part's key; undefined if that is refused, and the part begins anew with another. */
  async #withKey<T>(deed: Omit<Deed<T>, 'isFinal'>): Promise<{ readonly done?: T } | undefined> {
    const { keys } = this.#remote.api;
    const done = await this.#keys.do(deed, this.#part.key, keys, () => this.#deleteInput());
    if (done !== OTHER_KEY) return done === undefined ? {} : { done };
    await this.#beginAnew();
    return undefined;
  }

  #beginAnew(): Promise<void> {
    return this.#change({ state: 'waiting', fileId: '', upstreamBatchId: '', key: '' });
  }

  #deleteInput(): Promise<void> {
    return this.#remote.deleteFiles({ ...this.#part, upstreamBatchId: '' });
  }

  /** Whether the upstream has taken it, once it has looked at the file: the next one may follow then. */
  async #isTaken(): Promise<boolean> {
    const batch = await this.#remote.until(this.#part, (it) => it.status !== 'validating');
    if (!tokenLimitReached(batch)) return true;
    await this.#waitForTokens();
    return false;
  }

  /** The upstream has too many tokens waiting: fewer must be sent, or later. */
  async #waitForTokens(): Promise<void> {
    const { books, options, clock } = this.#deps;
    const { batch, part } = this.#of;
    const isAlone = this.#lane.running === 0;
    const { items } = await books.countOpen(batch, part);
    if (isAlone && items > 1) {
      await this.#deleteInput();
      this.#holdings.release();
      const other = await books.splitPart(batch, part);
      this.#part = { ...this.#part, state: 'waiting', fileId: '', upstreamBatchId: '' };
      if (other !== undefined) this.#addPart(other);
      return;
    }
    await this.#change({ state: 'uploaded', upstreamBatchId: '' });
    await this.#work.problem('The upstream has as many tokens of batches waiting as it takes.');
    await this.#lane.untilLeft(options.maxPollIntervalMs, this.#work.end, clock);
    this.#throwIfHalted();
  }

  /** Until the upstream is done with it, and all its items have results. */
  async #follow(): Promise<void> {
    const { clock, options } = this.#deps;
    this.#lane.running += 1;
    try {
      await this.#take(await this.#remote.until(this.#part, whenOver(clock, options.lookForMs)));
    } finally {
      this.#lane.left();
    }
  }

  /** Takes its results in. */
  async #take(batch: UpstreamBatch): Promise<void> {
    if (batch.status === 'failed' && (await this.#mend(batch))) return;
    for (const fileId of [batch.outputFileId, batch.errorFileId]) {
      if (fileId !== undefined) {
        await this.#remote.readFile(fileId, this.#part, (results) => this.#settle(results));
      }
    }
    if (batch.status === 'expired') await this.#deps.books.expire(this.#of.batch);
    await this.#giveUp(this.#work.halted ?? restError(batch));
  }

  /** Leaves out what the upstream found wrong, and sends the rest again. Whether there is any use in it. */
  async #mend(batch: UpstreamBatch): Promise<boolean> {
    if (tokenLimitReached(batch)) {
      await this.#change({ state: 'uploaded', upstreamBatchId: '' });
      return true;
    }
    const refused = await refusedLines(batch, this.#of, this.#deps.books);
    if (refused.length === 0) return false;
    await this.#settle(refused);
    await this.#deleteInput();
    await this.#beginAnew();
    return true;
  }

  #settle(results: readonly NewResult[]): Promise<void> {
    return settle(this.#of, results, this.#holdings, this.#deps);
  }

  /** What has no result fails, and that is the end of the part. */
  async #giveUp(error: ProviderError): Promise<void> {
    if (error.reason === 'DEADLINE_EXCEEDED') await this.#deps.books.expire(this.#of.batch);
    await failRest(this.#of, error, this.#holdings, this.#deps);
    await this.#change({ state: 'settled' });
  }

  async #clean(): Promise<void> {
    await this.#remote.deleteFiles(this.#part);
    await this.#change({ state: 'ended' });
  }

  #throwIfHalted(): void {
    if (this.#work.halted !== undefined) throw this.#work.halted;
  }
}
