import type { Call } from '../../core/call.ts';
import { ProviderError } from '../../core/errors.ts';
import type { BatchLine, BatchLineResult, UpstreamBatches } from '../../core/upstream-batches.ts';
import { ANOTHER_KEY } from '../resources/resource-http.ts';
import type { OpenAIBatches } from './batches.ts';

const KEY_GONE =
  'The API key with which it was made is configured no more, and no other one is told of it.';

/**
 * The Files and Batch APIs by several keys. Files and batches belong to the project of the key that made
 * them, which several keys may share: what one made is looked for with the others where it is refused.
 */
export class KeyedBatches implements UpstreamBatches {
  readonly keys: readonly string[];
  readonly #first: OpenAIBatches;
  readonly #byKey: ReadonlyMap<string, OpenAIBatches>;

  /**
   * @param first that of an upstream that wants no key, too
   * @param others by the names of their keys, the first one among them if it has a key
   */
  constructor(first: OpenAIBatches, others: ReadonlyMap<string, OpenAIBatches>) {
    this.#first = first;
    this.#byKey = others;
    this.keys = others.size === 0 ? [''] : [...others.keys()];
  }

  line(customId: string, call: Call): BatchLine {
    return this.#first.line(customId, call);
  }

  upload: UpstreamBatches['upload'] = async (file, key, signal) =>
    this.#own(key).upload(file, signal);

  create: UpstreamBatches['create'] = async (batch, key, signal) =>
    this.#own(key).create(batch, signal);

  findFile: UpstreamBatches['findFile'] = (file, since, key, signal) =>
    this.#any(key, (batches) => batches.findFile(file, since, signal));

  find: UpstreamBatches['find'] = (batch, since, key, signal) =>
    this.#any(key, (batches) => batches.find(batch, since, signal));

  retrieve: UpstreamBatches['retrieve'] = (id, key, signal) =>
    this.#any(key, (batches) => batches.retrieve(id, signal));

  cancel: UpstreamBatches['cancel'] = (id, key, signal) =>
    this.#any(key, (batches) => batches.cancel(id, signal));

  deleteFile: UpstreamBatches['deleteFile'] = (id, key, signal) =>
    this.#any(key, (batches) => batches.deleteFile(id, signal));

  async *results(
    fileId: string,
    key: string,
    signal: AbortSignal,
  ): AsyncGenerator<BatchLineResult | undefined> {
    let refusal: ProviderError | undefined;
    for (const batches of this.#from(key)) {
      let hasBegun = false;
      try {
        for await (const line of batches.results(fileId, signal)) {
          hasBegun = true;
          yield line;
        }
        return;
      } catch (thrown) {
        if (hasBegun) throw thrown;
        refusal ??= refusalOf(thrown);
      }
    }
    throw this.#refused(key, refusal);
  }

  /** What is not found with the key itself is not there; with others it may be another project's. */
  async #any<T>(key: string, ask: (batches: OpenAIBatches) => Promise<T>): Promise<T> {
    const own = this.#find(key);
    let refusal: ProviderError | undefined;
    for (const batches of this.#from(key)) {
      try {
        const found = await ask(batches);
        if (found !== undefined || batches === own) return found;
      } catch (thrown) {
        refusal ??= refusalOf(thrown);
      }
    }
    throw this.#refused(key, refusal);
  }

  /** The key itself, and then the others. */
  *#from(key: string): Iterable<OpenAIBatches> {
    const own = this.#find(key);
    if (own !== undefined) yield own;
    for (const other of this.#byKey.values()) if (other !== own) yield other;
  }

  #own(key: string): OpenAIBatches {
    const own = this.#find(key);
    if (own === undefined) throw this.#refused(key, undefined);
    return own;
  }

  /** Versions that knew one key alone named none. */
  #find(key: string): OpenAIBatches | undefined {
    return key === '' ? this.#first : this.#byKey.get(key);
  }

  /** What the key itself was told says most. */
  #refused(key: string, refusal: ProviderError | undefined): ProviderError {
    if (refusal !== undefined && this.#find(key) !== undefined) return refusal;
    return new ProviderError('INVALID_API_KEY', { message: KEY_GONE });
  }
}

/** @throws what another key would not mend */
function refusalOf(thrown: unknown): ProviderError {
  const error = ProviderError.from(thrown);
  if (!ANOTHER_KEY.has(error.facts.upstreamStatus)) throw thrown;
  return error;
}
