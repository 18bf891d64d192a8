import type { Call } from '../../core/call.ts';
import { type Clock, systemClock } from '../../core/clock.ts';
import { ProviderError } from '../../core/errors.ts';
import type { LongText } from '../../core/long-text.ts';
import type { MessageRequest } from '../../core/message.ts';
import type { Model } from '../../core/model.ts';
import { estimateInputTokens, estimateTokens } from '../../core/usage.ts';
import { imageSlack } from './image-tokens.ts';
import type { TokenCounter } from './token-counter.ts';
import { promptTokensAtMost } from './upper-bound.ts';

/**
 * How long the end of an attempt waits for a count, in ms. The first one, which loads the tokenizer,
 * takes 0.2 to 0.6 s, others take milliseconds.
 */
const COUNT_LIMIT_MS = 1_000;

/**
 * Longest answer that is counted, in characters: twice what a model writes at most. To count ten times as much would
 * take longer than COUNT_LIMIT_MS, and to hand it to the thread that counts copies it twice.
 */
const MAX_COUNTED_LENGTH = 1024 * 1024;

/**
 * How many tokens prompts and answers have: as a bound, as a guess, or counted, each at its price. For
 * stages that reserve before an attempt and settle after it.
 */
export class PromptSizes {
  readonly #tokens: Pick<TokenCounter, 'count' | 'countText'>;
  readonly #clock: Clock;
  /** What was counted; a request may go to several models. */
  readonly #counted = new WeakMap<
    MessageRequest,
    { readonly model: Model; readonly size: number }
  >();

  constructor(tokens: Pick<TokenCounter, 'count' | 'countText'>, clock: Clock = systemClock) {
    this.#tokens = tokens;
    this.#clock = clock;
  }

  /** Not fewer than `count` finds. Takes microseconds. */
  atMost({ target, request }: Call): number {
    return promptTokensAtMost(target.model.id, request);
  }

  /** What was counted, or a guess from the length of the prompt. Takes microseconds. */
  estimate(call: Call): number {
    return this.#known(call) ?? estimateInputTokens(call.request);
  }

  /**
   * Counts the prompt, once per request and model. Where it cannot be counted, `atMost`: whoever waits
   * for a count reserves by it.
   *
   * Rejects with the reason of the call's signal when it aborts, and with nothing else.
   */
  async count(call: Call): Promise<number> {
    try {
      return await this.#count(call, call.signal);
    } catch {
      call.signal.throwIfAborted();
      return this.atMost(call);
    }
  }

  /**
   * What `count` finds, with the most that images can cost in place of what they usually do; `counted` if
   * that is no more.
   */
  async countAtMost(call: Call): Promise<{ readonly tokens: number; readonly counted: boolean }> {
    const slack = imageSlack(call.target.model.id, call.request);
    return { tokens: (await this.count(call)) + slack, counted: slack === 0 };
  }

  /**
   * Counts the prompt of an attempt that is over, whatever ended it. A guess where that takes longer
   * than a second, for the end of a call does not hang on its bill; never more than `atMost`.
   */
  spentInput(call: Call): Promise<number> {
    return this.#inTime(
      (signal) => this.#count(call, signal),
      () => Math.min(this.estimate(call), this.atMost(call)),
    );
  }

  /** Counts what the model of a call said. Rejects never; a guess as in `spentInput`, and of a text that is very long. */
  outputTokens({ target }: Call, text: string | LongText): Promise<number> {
    if (text.length === 0) return Promise.resolve(0);
    if (text.length > MAX_COUNTED_LENGTH) return Promise.resolve(estimateTokens(text.length));
    return this.#inTime(
      (signal) => this.#tokens.countText(target.model, text.toString(), signal),
      () => estimateTokens(text.length),
    );
  }

  #known({ target, request }: Call): number | undefined {
    const counted = this.#counted.get(request);
    return counted?.model === target.model ? counted.size : undefined;
  }

  async #count(call: Call, signal: AbortSignal): Promise<number> {
    const known = this.#known(call);
    if (known !== undefined) return known;
    const { request, model: name } = call;
    const { model } = call.target;
    const { inputTokens: size } = await this.#tokens.count(name, model, request, signal);
    this.#counted.set(request, { model, size });
    return size;
  }

  async #inTime(
    count: (signal: AbortSignal) => Promise<number>,
    guess: () => number,
  ): Promise<number> {
    const limit = new AbortController();
    const timer = this.#clock.after(COUNT_LIMIT_MS, () =>
      limit.abort(new ProviderError('TIMEOUT')),
    );
    try {
      return await count(limit.signal);
    } catch {
      return guess();
    } finally {
      timer.cancel();
    }
  }
}
