import type { Call } from '../../core/call.ts';
import type { Model } from '../../core/model.ts';
import { LEAST_TOKENS_ON_RESPONSES } from '../../request/fit/surface.ts';
import { affordableOutput, mostCost, type PlannedAttempt } from '../pricing/price.ts';
import type { Wish } from './claim.ts';

/**
 * Sent as the output limit where the caller set none and none of the model's is known: a reservation
 * for an answer without bounds is none. In tokens; what common models write at most.
 */
export const FALLBACK_OUTPUT_LIMIT = 16_384;

/** The prompt of an attempt. */
export interface PromptSize {
  readonly tokens: number;
  /** Else it is an upper bound. */
  readonly counted: boolean;
}

export interface PlanOptions {
  /** In tokens. */
  readonly minOutputTokens: number;
  /** When the attempt is made, in epoch ms. */
  readonly at: number;
  /** It is made by the Batch API. */
  readonly batch?: boolean;
}

/** What an attempt may come to, before it is made. */
export interface AttemptPlan {
  readonly attempt: PlannedAttempt;
  readonly output: OutputLimit;
  readonly wish: Wish;
}

/** How long an answer may get. */
interface OutputLimit {
  /** That it surely does not exceed. */
  readonly tokens: number;
  /** To which it may be shortened, at most `tokens`. */
  readonly leastTokens: number;
  readonly explicit: boolean;
  /** Nothing but a limit that is sent keeps the answer within `tokens`. */
  readonly enforced: boolean;
}

/** @returns undefined if a price that may apply is not known */
export function planAttempt(
  call: Call,
  prompt: PromptSize,
  { minOutputTokens, at, batch = false }: PlanOptions,
): AttemptPlan | undefined {
  const { request, target } = call;
  const output = outputLimit(call, prompt, minOutputTokens);
  const attempt = { inputTokens: prompt.tokens, request, at, batch };
  const most = mostCost(target.model, { ...attempt, outputTokens: output.tokens });
  const least = mostCost(target.model, { ...attempt, outputTokens: output.leastTokens });
  if (most === undefined || least === undefined) return undefined;
  return { attempt, output, wish: { most, least, explicit: output.explicit } };
}

/** The call with the output limit that keeps it within `granted` pico-dollars, if it needs one. */
export function limitOutput(call: Call, plan: AttemptPlan, granted: bigint): Call {
  const { attempt, output, wish } = plan;
  if (granted < wish.most) {
    // Fewer than were planned, as those cost more.
    const maxTokens = affordableOutput(call.target.model, attempt, granted);
    return limited(call, maxTokens, 'which is what the budgets leave for it');
  }
  if (!output.enforced) return call;
  return limited(call, output.tokens, `as no limit of ${call.model} is known and a budget applies`);
}

function limited(call: Call, maxTokens: number, why: string): Call {
  return {
    ...call,
    request: { ...call.request, maxTokens },
    warnings: [...call.warnings, `The answer is limited to ${maxTokens} tokens, ${why}.`],
  };
}

function outputLimit(call: Call, prompt: PromptSize, minOutputTokens: number): OutputLimit {
  const { request, target } = call;
  const explicit = request.maxTokens !== undefined;
  const longest = longestAnswer(target.model, prompt);
  const floor =
    target.surface === 'responses'
      ? Math.max(minOutputTokens, LEAST_TOKENS_ON_RESPONSES)
      : minOutputTokens;
  const tokens = request.maxTokens ?? Math.max(longest ?? FALLBACK_OUTPUT_LIMIT, 1);
  // OpenAI refuses a limit beside a prediction, so one that is not there cannot be lowered.
  const isFixed = !explicit && Boolean(request.prediction);
  return {
    tokens,
    leastTokens: isFixed ? tokens : Math.min(tokens, floor),
    explicit,
    enforced: !explicit && longest === undefined,
  };
}

/** Undefined: not known. With an upper bound of the prompt, nothing is known of the window's rest. */
function longestAnswer(model: Model, prompt: PromptSize): number | undefined {
  const { contextWindow, maxOutputTokens = Number.POSITIVE_INFINITY } = model;
  if (contextWindow === undefined) return model.maxOutputTokens;
  const rest = prompt.counted ? contextWindow - prompt.tokens : contextWindow;
  return Math.min(maxOutputTokens, rest);
}
