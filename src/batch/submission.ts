import type { Holdings } from './holdings.ts';
import type { Deed } from './once.ts';
import { partContent } from './part-content.ts';
import { OTHER_KEY, PartKeys } from './part-keys.ts';
import type { RemoteBatch } from './remote-batch.ts';
import { type RunDeps, throwIfHalted, type Work } from './run-deps.ts';
import { failRest, type PartToSettle } from './settle.ts';
import type { StoredPart } from './stored-part.ts';

/** What a part is sent with. */
interface SubmissionMeans {
  readonly of: PartToSettle;
  readonly holdings: Holdings;
  readonly remote: RemoteBatch;
}

/** How a part comes to its upstream: a file of it, and a batch of the file, each made once. */
export class Submission {
  readonly #part: StoredPart;
  readonly #work: Work;
  readonly #deps: RunDeps;
  readonly #of: PartToSettle;
  readonly #holdings: Holdings;
  readonly #remote: RemoteBatch;
  readonly #keys: PartKeys;

  constructor(part: StoredPart, work: Work, deps: RunDeps, means: SubmissionMeans) {
    this.#part = part;
    this.#work = work;
    this.#deps = deps;
    this.#of = means.of;
    this.#holdings = means.holdings;
    this.#remote = means.remote;
    this.#keys = new PartKeys(work, deps);
  }

  /** Goes one step further; of a part that has not been sent. */
  step(): Promise<void> {
    const { state, key } = this.#part.row;
    // A file alone costs nothing. Whether there is a batch of it is found out, or waited for.
    const mayBeginAnew = state === 'uploading' || state === 'uploaded';
    if (mayBeginAnew && key !== '' && !this.#remote.api.keys.includes(key)) return this.beginAnew();
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

  /** Whether what its items may cost is there, or nobody's to wait for: that of a part that is to be sent. */
  async reserve(): Promise<boolean> {
    throwIfHalted(this.#work);
    const refused = this.#holdings.reserve(await this.#part.owed());
    for (const { spender, error } of refused ?? []) {
      await failRest(this.#of, error, this.#holdings, this.#deps, spender);
    }
    return refused !== undefined;
  }

  async #prepareUpload(): Promise<void> {
    const { books, clock } = this.#deps;
    const { batch, part } = this.#of;
    const { items, bytes } = await books.countOpen(batch, part);
    if (items === 0) return this.#part.change({ state: 'settled' });
    await books.start(batch);
    const key = this.#keys.choose(this.#remote.api.keys);
    await this.#part.change({
      state: 'uploading',
      since: Math.floor(clock.now()),
      size: bytes,
      key,
    });
    return this.#upload(false);
  }

  async #upload(mayBeDone: boolean): Promise<void> {
    const { since, size, number, key } = this.#part.row;
    const { batch } = this.#of;
    const name = `tamma-${batch}-${number}-${since}.jsonl`;
    const uploaded = await this.#withKey({
      mayBeDone,
      find: (signal) => this.#remote.api.findFile({ name, size }, since, key, signal),
      act: (signal) => {
        const content = partContent(batch, this.#part.row, this.#deps);
        return this.#remote.api.upload({ name, size, content }, key, signal);
      },
    });
    if (uploaded === undefined) return;
    const { done: fileId } = uploaded;
    if (fileId !== undefined) await this.#part.change({ state: 'uploaded', fileId });
    throwIfHalted(this.#work);
  }

  async #create(mayBeDone: boolean): Promise<void> {
    if (!mayBeDone) {
      throwIfHalted(this.#work);
      await this.#part.change({ state: 'creating', since: Math.floor(this.#deps.clock.now()) });
    }
    const { since, fileId, endpoint, number, key } = this.#part.row;
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
    if (created.done === undefined) throwIfHalted(this.#work);
    await this.#part.change({ state: 'running', upstreamBatchId: created.done?.id ?? '' });
    this.#deps.changes.tell(this.#of.batch);
  }

  /** Does it with the part's key; undefined if that is refused, and the part begins anew with another. */
  async #withKey<T>(deed: Omit<Deed<T>, 'isFinal'>): Promise<{ readonly done?: T } | undefined> {
    const { keys } = this.#remote.api;
    const done = await this.#keys.do(deed, this.#part.row.key, keys, () => this.deleteInput());
    if (done !== OTHER_KEY) return done === undefined ? {} : { done };
    await this.beginAnew();
    return undefined;
  }

  beginAnew(): Promise<void> {
    return this.#part.change({ state: 'waiting', fileId: '', upstreamBatchId: '', key: '' });
  }

  /** Deletes the file that it was sent as. */
  deleteInput(): Promise<void> {
    return this.#remote.deleteFiles({ ...this.#part.row, upstreamBatchId: '' });
  }
}
