import type { Clock, Timer } from './clock.ts';
import { readTextFile } from './read-file.ts';

/**
 * How often files are read again, in ms. Not watched for: what Kubernetes mounts are links that are
 * put in the place of others, of which no watch tells reliably.
 */
const READ_EVERY_MS = 5_000;

export interface LiveFilesDeps {
  readonly clock: Clock;
  /**
   * Takes the contents, in the order of the paths: at first, and when one of them has changed. If it
   * throws at first, `start` rejects; later on, what was taken before goes on to hold.
   */
  readonly take: (contents: readonly string[]) => void;
  /** Told why files could not be read or taken, once for each state of theirs. */
  readonly onError: (error: unknown) => void;
}

/** Files that others change while this process runs, such as certificates and tokens. */
export class LiveFiles {
  readonly #paths: readonly string[];
  readonly #deps: LiveFilesDeps;
  /** What was last taken, refused or complained of. */
  #seen = '';
  #timer: Timer | undefined;
  #stopped = false;

  constructor(paths: readonly string[], deps: LiveFilesDeps) {
    this.#paths = paths;
    this.#deps = deps;
  }

  /** Reads them, and from then on again and again. */
  async start(): Promise<void> {
    const contents = await this.#read();
    this.#seen = JSON.stringify(contents);
    this.#deps.take(contents);
    this.follow();
  }

  /** Reads them from now on: what they hold was taken before. */
  follow(): void {
    if (this.#stopped) return;
    this.#timer = this.#deps.clock.after(READ_EVERY_MS, () => void this.#readAgain(), true);
  }

  stop(): void {
    this.#stopped = true;
    this.#timer?.cancel();
  }

  #read(): Promise<readonly string[]> {
    return Promise.all(this.#paths.map((path) => readTextFile(path)));
  }

  async #readAgain(): Promise<void> {
    try {
      const contents = await this.#read();
      this.#once(JSON.stringify(contents), () => this.#deps.take(contents));
    } catch (error) {
      this.#once(String(error), () => {
        throw error;
      });
    }
    if (!this.#stopped) this.#timer?.refresh();
  }

  #once(state: string, step: () => void): void {
    if (state === this.#seen) return;
    this.#seen = state;
    try {
      step();
    } catch (error) {
      this.#deps.onError(error);
    }
  }
}
