import type { Call } from '../../core/call.ts';
import type { Clock, Timer } from '../../core/clock.ts';
import type { Counted } from '../../core/counted.ts';
import { ProviderError } from '../../core/errors.ts';
import type { ProviderLog } from '../../core/provider-log.ts';
import type { Upstream } from '../../core/upstream.ts';
import type { AnswerPlace, UpstreamAnswer } from '../../core/upstream-answers.ts';
import type { KeptBook } from '../../money/ledger/ledger.ts';

/** An upstream that may keep answers. It is held as long as one of them is to be deleted. */
export interface Keeper {
  readonly name: string;
  readonly upstream: Counted<Pick<Upstream, 'endpoint' | 'answers'>>;
}

export interface KeptRegisterDeps {
  /** What outlives the process. To be asked for once it is open. */
  readonly book: () => KeptBook;
  readonly clock: Clock;
  readonly log: ProviderLog;
}

/** Deletions that run at once. */
const MAX_RUNNING = 16;

/** Answers that wait to be deleted at most; those beyond are left to the next start. */
const MAX_WAITING = 10_000;

/** Waits before a deletion that failed is tried again, in ms. */
const TRY_AGAIN_MS: readonly number[] = [1_000, 5_000, 25_000, 125_000];

/** How long a stop waits for deletions, in ms. */
const CLOSE_MS = 5_000;

/** An answer that is kept, and what was tried to delete it. */
interface Entry {
  readonly place: AnswerPlace;
  readonly keeper: Keeper;
  mayRun: boolean;
  tries: number;
  /** Of the wait before the next try. */
  timer?: Timer;
}

/**
 * The answers that upstreams keep on our behalf: each is written down before anybody hears of it, and
 * struck out when it is deleted. Deletes in the background, a few at a time; what cannot be deleted is
 * left to the next start.
 */
export class KeptRegister {
  readonly #deps: KeptRegisterDeps;
  readonly #entries = new Map<string, Entry>();
  readonly #queue: Entry[] = [];
  readonly #stop = new AbortController();
  #running = 0;
  #waiting = 0;
  #isClosed = false;
  readonly #idle = Promise.withResolvers<void>();
  /** It was told that something is left, and nothing was deleted since. */
  #hasWarned = false;

  constructor(deps: KeptRegisterDeps) {
    this.#deps = deps;
  }

  /** Deletes what a process that died has left. */
  start(keepers: readonly Keeper[]): void {
    const { left } = this.#deps.book();
    if (left.length === 0) return;
    this.#deps.log.info(
      { answers: left.length },
      'answers are deleted that a process that died had stored at upstreams',
    );
    for (const place of left) {
      const keeper = keeperOf(place, keepers);
      if (keeper !== undefined) this.#enqueue(this.#enter(place, keeper));
      else this.#warn(place, 'no target leads there any more');
    }
  }

  /** An upstream keeps the answer of this call. */
  add({ id }: UpstreamAnswer, { upstream, key }: Pick<Call, 'upstream' | 'key'>, by: Keeper): void {
    const place = { id, upstream, endpoint: by.upstream.value.endpoint, key };
    this.#enter(place, by);
    this.#deps.book().add(place);
  }

  /** The answer is of no more use. */
  remove({ id, isOver }: UpstreamAnswer): void {
    const entry = this.#entries.get(id);
    if (entry === undefined || this.#isClosed) return;
    entry.mayRun = !isOver;
    this.#enqueue(entry);
  }

  /** Waits for deletions that are due, 5 s at most; the others are left to the next start. */
  async close(): Promise<void> {
    this.#isClosed = true;
    if (this.#running > 0) {
      const limit = this.#deps.clock.after(CLOSE_MS, () =>
        this.#stop.abort(new ProviderError('SHUTTING_DOWN')),
      );
      await this.#idle.promise;
      limit.cancel();
    }
    for (const entry of this.#entries.values()) this.#letGo(entry);
  }

  #enter(place: AnswerPlace, keeper: Keeper): Entry {
    const entry = { place, keeper, mayRun: true, tries: 0 };
    this.#entries.set(place.id, entry);
    keeper.upstream.hold();
    return entry;
  }

  #enqueue(entry: Entry): void {
    if (this.#queue.length + this.#waiting >= MAX_WAITING) {
      this.#giveUp(entry, 'too many wait');
      return;
    }
    this.#queue.push(entry);
    this.#next();
  }

  #next(): void {
    while (this.#running < MAX_RUNNING && !this.#stop.signal.aborted) {
      const entry = this.#queue.shift();
      if (entry === undefined) break;
      this.#running += 1;
      void this.#run(entry).finally(() => {
        this.#running -= 1;
        this.#next();
      });
    }
    if (this.#isClosed && this.#running === 0) this.#idle.resolve();
  }

  async #run(entry: Entry): Promise<void> {
    const { place, keeper, mayRun } = entry;
    try {
      await keeper.upstream.value.answers.remove({ ...place, mayRun }, this.#stop.signal);
      this.#deps.book().gone(place.id);
      this.#hasWarned = false;
      this.#letGo(entry);
    } catch (thrown) {
      this.#tryAgain(entry, ProviderError.from(thrown));
    }
  }

  #tryAgain(entry: Entry, { reason }: ProviderError): void {
    if (this.#isClosed) return;
    const waitMs = TRY_AGAIN_MS[entry.tries];
    if (waitMs === undefined) {
      this.#giveUp(entry, reason);
      return;
    }
    entry.tries += 1;
    this.#waiting += 1;
    entry.timer = this.#deps.clock.after(
      waitMs,
      () => {
        this.#waiting -= 1;
        this.#enqueue(entry);
      },
      true,
    );
  }

  #giveUp(entry: Entry, why: string): void {
    this.#letGo(entry);
    this.#warn(entry.place, why);
  }

  #letGo({ place, keeper, timer }: Entry): void {
    timer?.cancel();
    if (this.#entries.delete(place.id)) void keeper.upstream.release();
  }

  #warn({ id, upstream }: AnswerPlace, why: string): void {
    if (this.#hasWarned) return;
    this.#hasWarned = true;
    this.#deps.log.warn(
      { target: upstream, response_id: id, why },
      'an answer could not be deleted that the upstream stores; with a dataDir, the next start tries again',
    );
  }
}

/** Names may have been given to other upstreams since. */
function keeperOf(
  { upstream, endpoint }: AnswerPlace,
  keepers: readonly Keeper[],
): Keeper | undefined {
  const there = keepers.filter((keeper) => keeper.upstream.value.endpoint === endpoint);
  return there.find(({ name }) => name === upstream) ?? there[0];
}
