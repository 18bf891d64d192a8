import { ProviderError } from '../core/errors.ts';
import { pause } from '../core/pause.ts';
import type { UpstreamBatch } from '../core/upstream-batches.ts';
import type { BatchPart, NewResult } from '../money/batches/batch.ts';
import { Holdings } from './holdings.ts';
import type { Lane } from './lane.ts';
import { lostResult } from './read-results.ts';
import { refusedLines, restError, tokenLimitReached } from './refused-file.ts';
import { type FileRead, RemoteBatch } from './remote-batch.ts';
import { type RunDeps, throwIfHalted, type Work } from './run-deps.ts';
import { failRest, type PartToSettle, settle } from './settle.ts';
import { StoredPart } from './stored-part.ts';
import { Submission } from './submission.ts';
import { whenOver } from './when-over.ts';

/** Rows that are read together. */
const PAGE = 1_000;

/** How often it is looked at least, and at most, whether there is now what a part lacked. */
const MONEY_LOOK_MS = 1_000;
const LEAST_LOOK_MS = 50;

const LACKS_MONEY = 'A part waits for what others hold of its budgets.';

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
  readonly #submission: Submission;
  readonly #of: PartToSettle;
  readonly #part: StoredPart;
  /** Makes another part run beside this one. */
  readonly #addPart: (part: BatchPart) => void;
  /** How often it was looked for money that others hold. */
  #moneyLooks = 0;

  constructor(part: BatchPart, work: Work, deps: RunDeps, addPart: (part: BatchPart) => void) {
    this.#part = new StoredPart(part, work.batch.id, deps.books);
    this.#work = work;
    this.#deps = deps;
    this.#addPart = addPart;
    this.#lane = deps.lanes.of(part.upstream, part.modelId);
    this.#holdings = new Holdings(deps.means.book, part.modelId);
    this.#remote = new RemoteBatch(part, work, deps);
    const { number, upstream, modelId, execution } = part;
    this.#of = { batch: work.batch.id, part: number, upstream, model: modelId, execution };
    const means = { of: this.#of, holdings: this.#holdings, remote: this.#remote };
    this.#submission = new Submission(this.#part, work, deps, means);
  }

  /** Holds the money again that a process before this one had reserved. To be called before `run`. */
  async hold(): Promise<void> {
    if (['waiting', 'settled', 'ended'].includes(this.#part.row.state)) return;
    this.#holdings.resume(await this.#part.owed());
  }

  /** Resolves when all its items have results. Rejects with the end of the process. */
  async run(): Promise<void> {
    try {
      while (this.#part.row.state !== 'ended') {
        if (this.#part.row.state === 'settled') await this.#clean();
        else await this.#orGiveUp(() => this.#advance());
      }
    } finally {
      this.#holdings.release();
    }
  }

  #advance(): Promise<void> {
    return this.#part.row.state === 'running' ? this.#follow() : this.#send();
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

  /** Until the upstream has it, all its items have results, or it is to be looked for money again. */
  async #send(): Promise<void> {
    const { stop, end } = this.#work;
    const { clock } = this.#deps;
    // What was begun is seen to its end, even if the batch is not to be done any more.
    const leave = await this.#lane.enter(this.#part.row.state === 'waiting' ? end : stop);
    try {
      if (await this.#sendInTurn()) return;
    } finally {
      leave();
    }
    const { change } = this.#holdings;
    await pause(LEAST_LOOK_MS, end, clock);
    this.#moneyLooks += 1;
    // A lease of a shared budget comes by the second look.
    if (this.#moneyLooks === 2) await this.#work.problem(LACKS_MONEY);
    await Promise.race([change, pause(MONEY_LOOK_MS, end, clock)]);
  }

  /** False: others hold what it may cost. */
  async #sendInTurn(): Promise<boolean> {
    for (;;) {
      while (!['running', 'settled'].includes(this.#part.row.state)) {
        if (this.#part.row.state === 'waiting' && !(await this.#submission.reserve())) return false;
        await this.#submission.step();
      }
      if (this.#part.row.state === 'settled' || (await this.#isTaken())) return true;
    }
  }

  /** Whether the upstream has taken it, once it has looked at the file: the next one may follow then. */
  async #isTaken(): Promise<boolean> {
    const batch = await this.#remote.until(this.#part.row, (it) => it.status !== 'validating');
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
      await this.#submission.deleteInput();
      this.#holdings.release();
      const other = await this.#part.split();
      if (other !== undefined) this.#addPart(other);
      return;
    }
    await this.#part.change({ state: 'uploaded', upstreamBatchId: '' });
    await this.#work.problem('The upstream has as many tokens of batches waiting as it takes.');
    await this.#lane.untilLeft(options.maxPollIntervalMs, this.#work.end, clock);
    throwIfHalted(this.#work);
  }

  /** Until the upstream is done with it, and all its items have results. */
  async #follow(): Promise<void> {
    const { clock, options } = this.#deps;
    this.#lane.running += 1;
    try {
      await this.#take(
        await this.#remote.until(this.#part.row, whenOver(clock, options.lookForMs)),
      );
    } finally {
      this.#lane.left();
    }
  }

  /** Takes its results in. */
  async #take(batch: UpstreamBatch): Promise<void> {
    if (batch.status === 'failed' && (await this.#mend(batch))) return;
    const answers = await this.#readAnswers(batch);
    await this.#read(batch.errorFileId);
    if (!answers.isWhole) await this.#bookLost(batch, answers.lines);
    if (batch.status === 'expired') await this.#deps.books.expire(this.#of.batch);
    await this.#giveUp(this.#work.halted ?? restError(batch));
  }

  async #readAnswers({ outputFileId, counts }: UpstreamBatch): Promise<FileRead> {
    if (outputFileId !== undefined || counts.completed === 0) return this.#read(outputFileId);
    await this.#work.problem(
      `The upstream names no file of the ${counts.completed} answers that it counts.`,
    );
    return { isWhole: false, lines: 0 };
  }

  async #read(fileId: string | undefined): Promise<FileRead> {
    if (fileId === undefined) return { isWhole: true, lines: 0 };
    return this.#remote.readFile(fileId, this.#part.row, (results) => this.#settle(results));
  }

  /**
   * What was answered is billed, though nobody can read it: what neither file tells of, up to what the upstream counts
   * beside the answers that were read.
   */
  async #bookLost(batch: UpstreamBatch, read: number): Promise<void> {
    const { batch: id, part: number } = this.#of;
    const of = { batch: id, part: this.#part.row, signal: this.#work.stop };
    const { completed } = batch.counts;
    let left = completed === 0 ? Number.POSITIVE_INFINITY : completed - read;
    while (left > 0) {
      const items = await this.#deps.books.openItems(id, number, 0, Math.min(left, PAGE));
      if (items.length === 0) return;
      await this.#settle(items.map((item) => lostResult(item, restError(batch), of, this.#deps)));
      left -= items.length;
    }
  }

  /** Leaves out what the upstream found wrong, and sends the rest again. Whether there is any use in it. */
  async #mend(batch: UpstreamBatch): Promise<boolean> {
    if (tokenLimitReached(batch)) {
      await this.#part.change({ state: 'uploaded', upstreamBatchId: '' });
      return true;
    }
    const refused = await refusedLines(batch, this.#of, this.#deps.books);
    if (refused.length === 0) return false;
    await this.#settle(refused);
    await this.#submission.deleteInput();
    await this.#submission.beginAnew();
    return true;
  }

  #settle(results: readonly NewResult[]): Promise<void> {
    return settle(this.#of, results, this.#holdings, this.#deps);
  }

  /** What has no result fails, and that is the end of the part. */
  async #giveUp(error: ProviderError): Promise<void> {
    if (error.reason === 'DEADLINE_EXCEEDED') await this.#deps.books.expire(this.#of.batch);
    await failRest(this.#of, error, this.#holdings, this.#deps);
    await this.#part.change({ state: 'settled' });
  }

  async #clean(): Promise<void> {
    await this.#remote.deleteFiles(this.#part.row);
    await this.#part.change({ state: 'ended' });
  }
}
