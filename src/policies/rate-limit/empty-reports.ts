import { MINUTE_MS } from '../../core/clock.ts';
import type { Mark } from './reported-bucket.ts';

/** Answers in a row from which on it is tried whether more is granted than the report leaves. */
const FIRST_TRY = 2;
const MAX_FIRST_TRY = 640;

/** Answers from the first try on, before they prove anything. */
const PROVING = 10;

/** So many times what a limit refills nobody grants who keeps it. */
const BEYOND = 1.5;

/**
 * Whether a limit of which no report has ever left anything is used up, or its counter means nothing. More is sent
 * than it refills, one attempt at first and two more for each answer: who means what he reports refuses the first of
 * them, and is then left alone for twice as many answers.
 */
export class EmptyReports {
  /** A report left something: they mean what they say. */
  #isOver = false;
  /** Answers since the last refusal. */
  #inARow = 0;
  #firstTry = FIRST_TRY;
  #tries = 0;
  #isRefuted = false;
  /** Admitted last before the first try. */
  #before: Mark = { at: Number.POSITIVE_INFINITY, taken: 0 };
  /** When a refusal ended the tries, epoch ms. */
  #refusedAt = Number.NEGATIVE_INFINITY;

  /** Far more was granted than such a limit has. */
  get isRefuted(): boolean {
    return this.#isRefuted;
  }

  get mayTry(): boolean {
    return this.#isTrying && this.#tries <= 2 * (this.#inARow - this.#firstTry);
  }

  tried(): void {
    this.#tries += 1;
  }

  /** @param refill of the limit, per ms */
  observe(isEmpty: boolean, sent: Mark, refill: number, now: number): void {
    if (this.#isOver) return;
    this.#isOver = !isEmpty;
    if (!this.#isTrying || now - this.#before.at > MINUTE_MS) this.#before = sent;
    if (this.#inARow < this.#firstTry + PROVING) return;
    const granted = sent.taken - this.#before.taken;
    if (granted > BEYOND * refill * (now - this.#before.at)) this.#isRefuted = !this.#isOver;
  }

  accepted(): void {
    this.#inARow += 1;
  }

  refused(now: number): void {
    if (this.#isTrying) {
      this.#firstTry = Math.min(MAX_FIRST_TRY, 2 * this.#firstTry);
      this.#refusedAt = now;
    }
    this.#inARow = 0;
    this.#tries = 0;
    this.#isRefuted = false;
  }

  /** Whether a refusal of what was sent then was risked. */
  wasTrying(sentAt: number): boolean {
    return sentAt >= this.#before.at && sentAt <= this.#refusedAt;
  }

  get #isTrying(): boolean {
    return !this.#isOver && this.#inARow >= this.#firstTry;
  }
}
