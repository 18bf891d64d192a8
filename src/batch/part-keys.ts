import { ProviderError } from '../core/errors.ts';
import { type Deed, doOnce } from './once.ts';
import { OF_A_KEY, Polling } from './polling.ts';
import type { RunDeps, Work } from './run-deps.ts';

/** What was to be done was refused to the key: it begins anew, with another one. */
export const OTHER_KEY = Symbol('another key is to be used');

/** Which of an upstream's keys a part is sent with: the first that is not refused. */
export class PartKeys {
  readonly #work: Work;
  readonly #deps: RunDeps;
  /** While all keys are refused. */
  readonly #polling: Polling;
  readonly #refused = new Set<string>();

  constructor(work: Work, deps: RunDeps) {
    this.#work = work;
    this.#deps = deps;
    this.#polling = new Polling(work, deps);
  }

  choose(keys: readonly string[]): string {
    return keys.find((key) => !this.#refused.has(key)) ?? keys[0] ?? '';
  }

  /**
   * Sees to it that it is done once, with the key. Resolves and rejects as `doOnce` does, and with
   * OTHER_KEY.
   *
   * @param keys those of the upstream
   * @param clean takes back what was done before, while the key may still be good for that
   */
  async do<T>(
    deed: Omit<Deed<T>, 'isFinal'>,
    key: string,
    keys: readonly string[],
    clean: () => Promise<void>,
  ): Promise<T | typeof OTHER_KEY | undefined> {
    const isFinal = ({ reason }: ProviderError) =>
      OF_A_KEY.has(reason) && keys.some((other) => other !== key);
    try {
      return await doOnce({ ...deed, isFinal }, this.#work, this.#deps);
    } catch (thrown) {
      this.#work.stop.throwIfAborted();
      const error = ProviderError.from(thrown);
      if (!isFinal(error)) throw error;
      await this.#refuse(key, keys, error, clean);
      return OTHER_KEY;
    }
  }

  async #refuse(
    key: string,
    keys: readonly string[],
    error: ProviderError,
    clean: () => Promise<void>,
  ): Promise<void> {
    const isRefused = error.reason === 'INVALID_API_KEY';
    this.#refused.add(key);
    const hasOther = keys.some((one) => !this.#refused.has(one));
    // Batches have time until somebody has mended a key.
    if (!hasOther && !isRefused) throw error;
    await this.#work.problem(`The upstream refused an API key: ${error.message}`);
    if (!isRefused) await clean();
    if (hasOther) return;
    this.#refused.clear();
    await this.#polling.wait();
  }
}
