import type { Clock, Timer } from '../../core/clock.ts';
import { LiveSet } from '../../core/live-set.ts';
import type { AnswerPlace } from '../../core/upstream-answers.ts';
import type { Attempt } from './attempt.ts';
import { type Journal, keptLines } from './journal.ts';
import type { JournalLine } from './journal-line.ts';
import type { Outage } from './outage.ts';

/** How old the output of a running attempt may be in the journal. */
const PROGRESS_INTERVAL_MS = 50;

/** Answers of which it is known that upstreams keep them: more only if they refuse to delete any. */
const MAX_KEPT = 10_000;

export interface InFlightDeps {
  readonly journal: Journal;
  readonly outage: Outage;
  readonly clock: Clock;
}

/** The attempts that run, the answers that upstreams keep, and their journal. Never throws: the outage tells what went wrong. */
export class InFlight {
  readonly #journal: Journal;
  readonly #outage: Outage;
  readonly #clock: Clock;
  readonly #attempts = new LiveSet<Attempt>();
  readonly #kept = new Map<string, AnswerPlace>();
  #timer: Timer | undefined;
  #ticking = false;

  /** @param kept what the journal began with */
  constructor({ journal, outage, clock }: InFlightDeps, kept: readonly AnswerPlace[]) {
    for (const place of kept) this.#kept.set(place.id, place);
    this.#journal = journal;
    this.#outage = outage;
    this.#clock = clock;
  }

  get broken(): boolean {
    return this.#journal.broken;
  }

  get large(): boolean {
    return this.#journal.large;
  }

  /** In the path of a call. */
  add(attempt: Attempt): void {
    this.#attempts.add(attempt);
    this.append(opened(attempt));
    this.#tick();
  }

  delete(attempt: Attempt): void {
    this.#attempts.delete(attempt);
  }

  /** In the path of a call. */
  keep(place: AnswerPlace): void {
    const [oldest] = this.#kept.keys();
    if (oldest !== undefined && this.#kept.size >= MAX_KEPT) this.gone(oldest);
    this.#kept.set(place.id, place);
    this.append({ type: 'kept', place });
  }

  gone(id: string): void {
    if (this.#kept.delete(id)) this.append({ type: 'gone', id });
  }

  /** Whether it could. */
  append(line: JournalLine): boolean {
    return !this.#journal.broken && this.#outage.watchNow(() => this.#journal.append(line));
  }

  /** Begins the journal anew with the attempts that run, and `more`. Whether it could. */
  renew(more: Iterable<JournalLine>): boolean {
    return this.#outage.watchNow(() => this.#journal.renew(this.#lines(more)));
  }

  /** Leaves a journal if attempts run still, an upstream keeps an answer, or `keep` says so. */
  close(keep: boolean): void {
    this.#timer?.cancel();
    this.#progress();
    if (keep || this.#attempts.size > 0 || this.#kept.size > 0) this.#journal.close();
    else this.#outage.watchNow(() => this.#journal.remove());
  }

  *#lines(more: Iterable<JournalLine>): Iterable<JournalLine> {
    for (const attempt of this.#attempts) yield opened(attempt);
    yield this.#progressLine([...this.#attempts]);
    yield* keptLines(this.#kept.values());
    yield* more;
  }

  /** Sees to it that progress is written down as long as attempts run. */
  #tick(): void {
    if (this.#ticking) return;
    this.#ticking = true;
    if (this.#timer !== undefined) this.#timer.refresh();
    else this.#timer = this.#clock.after(PROGRESS_INTERVAL_MS, () => this.#onTick());
  }

  #onTick(): void {
    this.#ticking = false;
    this.#progress();
    if (this.#attempts.size > 0) this.#tick();
  }

  #progress(): void {
    const changed: Attempt[] = [];
    for (const attempt of this.#attempts) {
      if (attempt.outputTokens !== attempt.journalledTokens) changed.push(attempt);
    }
    if (changed.length > 0) this.append(this.#progressLine(changed));
  }

  #progressLine(attempts: readonly Attempt[]): JournalLine {
    const tokens = attempts.map((attempt) => {
      attempt.journalledTokens = attempt.outputTokens;
      return [attempt.number, attempt.outputTokens] as const;
    });
    return { type: 'progress', now: this.#clock.now(), tokens };
  }
}

function opened({ number, opening }: Attempt): JournalLine {
  return { type: 'opened', number, opening };
}
