import type { Call, Emit } from '../../core/call.ts';
import { ProviderError } from '../../core/errors.ts';
import type { Completed } from '../../core/events.ts';
import type { AnswerPlace, UpstreamAnswers } from '../../core/upstream-answers.ts';
import { ANOTHER_KEY } from '../resources/resource-http.ts';
import { KeptResponse, type KeptResponseDeps } from './kept-response.ts';

/** Answers that one upstream keeps: how they are asked for, gone on with and deleted. */
export class KeptResponses implements UpstreamAnswers {
  readonly #deps: KeptResponseDeps;
  readonly #keys: number;

  /** @param keys how many API keys there are */
  constructor(keys: number, deps: KeptResponseDeps) {
    this.#keys = keys;
    this.#deps = deps;
  }

  /** One connection's worth of a call that has its answer kept. */
  answer(call: Call, emit: Emit): Promise<Completed> {
    return call.resumes instanceof KeptResponse
      ? call.resumes.goOn(call, emit)
      : new KeptResponse(call, this.#deps).begin(emit);
  }

  async remove(
    { id, key, mayRun }: Pick<AnswerPlace, 'id' | 'key'> & { readonly mayRun: boolean },
    signal: AbortSignal,
  ): Promise<void> {
    let refusal: ProviderError | undefined;
    for (const one of this.#keysFrom(key)) {
      const { status, error } = await this.#removeWith(one, { id, mayRun }, signal);
      if (status === undefined) return;
      if (!ANOTHER_KEY.has(status)) throw error;
      // It is gone if all say so; a key that is refused cannot tell.
      if (status !== 404) refusal ??= error;
    }
    if (refusal !== undefined) throw refusal;
  }

  *#keysFrom(key: number): Iterable<number> {
    yield key;
    for (let other = 0; other < this.#keys; other += 1) if (other !== key) yield other;
  }

  /** Without a status: it is deleted. Status 0: nobody answered. */
  async #removeWith(
    key: number,
    { id, mayRun }: { readonly id: string; readonly mayRun: boolean },
    signal: AbortSignal,
  ): Promise<{ readonly status?: number; readonly error?: ProviderError }> {
    const http = this.#deps.resources(key);
    const collection = '/responses';
    try {
      // It is not said that deleting what runs stops it.
      if (mayRun) {
        await http
          .askText({ method: 'post', collection, below: `${id}/cancel` }, signal)
          .catch(unlessEnded);
      }
      await http.askText({ method: 'delete', collection, below: id }, signal);
      return {};
    } catch (thrown) {
      const error = ProviderError.from(thrown);
      return { status: error.facts.upstreamStatus ?? 0, error };
    }
  }
}

/** What has ended, or does not run in the background, cannot be stopped, and need not be. */
function unlessEnded(thrown: unknown): void {
  const { upstreamStatus } = ProviderError.from(thrown).facts;
  if (upstreamStatus !== 400 && upstreamStatus !== 409) throw thrown;
}
