import type { Model } from '../../core/model.ts';

/** How many tokens a prompt may have. */
export interface InputRoom {
  /** With room left for the answer. */
  readonly limit: number;
  /** What the model takes if the answer is left no room at all; at least `limit`. */
  readonly capacity: number;
}

/**
 * Kept free for the answer where the caller set no limit to it. It is modest: the model needs only
 * the prompt to fit, and a prompt that is refused here would have been answered.
 */
const ANSWER_ROOM = 4_096;
/** The same for models that reason first: OpenAI's advice for reasoning and answer together. */
const REASONING_ANSWER_ROOM = 25_000;
/** A small window keeps no larger share of itself free. */
const MAX_ANSWER_SHARE = 0.25;

/**
 * The room for the prompt of a request whose answer may have `maxTokens`: the window less
 * `maxTokens`, as many upstreams demand. Without `maxTokens`, less 4,096 tokens (25,000 for
 * a reasoning model), but no more than a quarter of the window nor than the longest answer.
 *
 * @returns undefined if neither the model's window nor its input limit is known.
 */
export function inputRoom(model: Model, maxTokens: number | undefined): InputRoom | undefined {
  const window = model.contextWindow ?? Number.POSITIVE_INFINITY;
  const maxInputTokens = model.maxInputTokens ?? Number.POSITIVE_INFINITY;
  const capacity = Math.min(maxInputTokens, window);
  if (capacity === Number.POSITIVE_INFINITY) return undefined;
  const besideAnswer = window - (maxTokens ?? answerRoom(model, window));
  return { capacity, limit: Math.max(0, Math.min(maxInputTokens, besideAnswer)) };
}

function answerRoom(model: Model, window: number): number {
  return Math.min(
    model.reasoning.isReasoning ? REASONING_ANSWER_ROOM : ANSWER_ROOM,
    model.maxOutputTokens ?? Number.POSITIVE_INFINITY,
    Math.floor(window * MAX_ANSWER_SHARE),
  );
}
