import type { Call } from '../../core/call.ts';
import type { Clock, Timer } from '../../core/clock.ts';
import { ProviderError } from '../../core/errors.ts';
import type { KeptAnswer, KeptAnswers, KeptPlace } from '../../core/kept-answer.ts';
import type { ProviderLog } from '../../core/provider-log.ts';
import type { KeptBook } from '../../money/ledger/ledger.ts';

/** An upstream that may keep answers. */
export interface Keeper {
  readonly name: string;
  /** Scheme, host and port. */
  readonly endpoint: string;
  readonly kept: KeptAnswers;
}

export interface KeptRegisterDeps {
  /** What outlives the process. */
  readonly book: KeptBook;
  readonly keepers: readonly Keeper[];
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

interface Removal {
  readonly place: KeptPlace;
  readonly keeper: Keeper;
  readonly mayRun: boolean;
  tries: number;
}

/**
 * The answers that upstreams keep on our behalf: each is written down before anybody hears of it, and
 * struck out when it is deleted. Deletes in the background, a few at a time; what cannot be deleted is
 * left to the next start.
 */
export class KeptRegister {
  readonly #deps: KeptRegisterDeps;
  readonly #places = new Map<string, KeptPlace>();
  readonly #queue: Removal[] = [];
  readonly #waits = new Set<Timer>();
  readonly #stop = new AbortController();
  #running = 0;
  #closed = false;
  #idle = Promise.withResolvers<void>();
  /** It was told that something is left, and nothing was deleted since. */
  #hasWarned = false;

  constructor(deps: KeptRegisterDeps) {
    this.#deps = deps;
  }

  /** Deletes what a process that died has left. */
  start(): void {
    const { book, log } = this.#deps;
    if (book.left.length === 0) return;
    log.info(
      { answers: book.left.length },
      'answers are deleted that a process that died had stored at upstreams',
    );
    for (const place of book.left) {
      const keeper = this.#keeperOf(place);
      if (keeper !== undefined) this.#enqueue({ place, keeper, mayRun: true, tries: 0 });
      else this.#giveUp(place, 'no target leads there any more');
    }
  }

  /** An upstream keeps the answer of this call. */
  add({ id }: KeptAnswer, { upstream, key }: Pick<Call, 'upstream' | 'key'>): void {
    const keeper = this.#deps.keepers.find(({ name }) => name === upstream);
    if (keeper === undefined) return;
    const place = { id, upstream, endpoint: keeper.endpoint, key };
    this.#places.set(id, place);
    this.#deps.book.add(place);
  }

  /** The answer is of no more use. */
  remove({ id, isOver }: KeptAnswer): void {
    const place = this.#places.get(id);
    if (place === undefined) return;
    this.#places.delete(id);
    const keeper = this.#keeperOf(place);
    if (keeper !== undefined) this.#enqueue({ place, keeper, mayRun: !isOver, tries: 0 });
  }

  /** Waits for deletions that are due, 5 s at most; the others are left to the next start. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const wait of this.#waits) wait.cancel();
    if (this.#running === 0) return;
    const limit = this.#deps.clock.after(CLOSE_MS, () =>
      this.#stop.abort(new ProviderError('SHUTTING_DOWN')),
    );
    await this.#idle.promise;
    limit.cancel();
  }

  /** Names may have been given to other upstreams since. */
  #keeperOf({ upstream, endpoint }: KeptPlace): Keeper | undefined {
    const there = this.#deps.keepers.filter((keeper) => keeper.endpoint === endpoint);
    return there.find(({ name }) => name === upstream) ?? there[0];
  }

  #enqueue(removal: Removal): void {
    if (this.#queue.length + this.#waits.size >= MAX_WAITING) {
      this.#giveUp(removal.place, 'too many wait');
      return;
    }
    this.#queue.push(removal);
    this.#next();
  }

  #next(): void {
    while (this.#running < MAX_RUNNING && !this.#stop.signal.aborted) {
      const removal = this.#queue.shift();
      if (removal === undefined) break;
      this.#running += 1;
      void this.#run(removal).finally(() => {
        this.#running -= 1;
        this.#next();
      });
    }
    if (this.#running > 0) return;
    this.#idle.resolve();
    this.#idle = Promise.withResolvers();
  }

  async #run(removal: Removal): Promise<void> {
    const { place, keeper, mayRun } = removal;
    try {
      await keeper.kept.remove({ ...place, mayRun }, this.#stop.signal);
      this.#deps.book.gone(place.id);
      this.#hasWarned = false;
    } catch (thrown) {
      this.#tryAgain(removal, ProviderError.from(thrown));
    }
  }

  #tryAgain(removal: Removal, { reason }: ProviderError): void {
    if (this.#closed) return;
    const waitMs = TRY_AGAIN_MS[removal.tries];
    if (waitMs === undefined) {
      this.#giveUp(removal.place, reason);
      return;
    }
    removal.tries += 1;
    const wait = this.#deps.clock.after(
      waitMs,
      () => {
        this.#waits.delete(wait);
        this.#enqueue(removal);
      },
      true,
    );
    this.#waits.add(wait);
  }

  #giveUp({ id, upstream }: KeptPlace, why: string): void {
    if (this.#hasWarned) return;
    this.#hasWarned = true;
    this.#deps.log.warn(
      { target: upstream, response_id: id, why },
      'an answer could not be deleted that the upstream stores; with a dataDir, the next start tries again',
    );
  }
}
