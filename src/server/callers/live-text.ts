import { hash } from 'node:crypto';
import type { Clock, Timer } from '../../core/clock.ts';
import { readTextFile } from '../../core/read-file.ts';

/**
 * How often a file is read again, in ms. Not watched for: what Kubernetes mounts are links that are
 * put in the place of others, of which no watch tells reliably.
 */
const READ_EVERY_MS = 2_000;

export interface LiveTextDeps {
  readonly clock: Clock;
  /** Takes the content, at first and whenever it is another. What it refuses by throwing does not hold. */
  readonly take: (text: string) => void;
  /** Told why a change does not hold, once for each change. */
  readonly onRefusal: (error: unknown) => void;
}

/**
 * A file that others change while the process runs. A change holds once it was read twice, so that a
 * file which is being written is not taken for a shorter one.
 */
export class LiveText {
  readonly #path: string;
  readonly #deps: LiveTextDeps;
  /** What was taken or refused, and what was read last: as digests, since it may be a secret. */
  #settled = '';
  #seen = '';
  #timer: Timer | undefined;
  #isStopped = false;

  constructor(path: string, deps: LiveTextDeps) {
    this.#path = path;
    this.#deps = deps;
  }

  /** @throws what node:fs throws, and what `take` throws: there is nothing older yet. */
  async start(): Promise<void> {
    const text = await readTextFile(this.#path);
    this.#settled = this.#seen = hash('sha256', text);
    this.#deps.take(text);
    if (this.#isStopped) return;
    this.#timer = this.#deps.clock.after(READ_EVERY_MS, () => void this.look(), true);
  }

  /** Watches it without reading it first; what it holds is taken once, too, though it may be known. */
  watch(): void {
    this.#timer = this.#deps.clock.after(READ_EVERY_MS, () => void this.look(), true);
  }

  stop(): void {
    this.#isStopped = true;
    this.#timer?.cancel();
  }

  /** Reads it again, which it does by itself. Never rejects. */
  async look(): Promise<void> {
    let text: string | undefined;
    let problem: unknown;
    try {
      text = await readTextFile(this.#path);
    } catch (error) {
      problem = error;
    }
    const state = hash('sha256', text ?? String(problem));
    if (state === this.#seen && state !== this.#settled) {
      this.#settled = state;
      this.#settle(text, problem);
    }
    this.#seen = state;
    if (!this.#isStopped) this.#timer?.refresh();
  }

  #settle(text: string | undefined, problem: unknown): void {
    try {
      if (text === undefined) throw problem;
      this.#deps.take(text);
    } catch (error) {
      this.#deps.onRefusal(error);
    }
  }
}
