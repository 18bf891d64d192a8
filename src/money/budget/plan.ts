import type { Call } from '../../core/call.ts';
import type { Model } from '../../core/model.ts';
import { LEAST_TOKENS_ON_RESPONSES } from '../../request/fit/surface.ts';
import { affordableOutput, mostCosts, type PlannedAttempt } from '../pricing/price.ts';
import { dearestCall } from '../pricing/tool-price.ts';
import type { Wish } from './claim.ts';

/**
 * Sent as the output limit where the caller set none and none of the model's is known: a reservation
 * for an answer without bounds is none. In tokens; what common models write at most.
 */
export const FALLBACK_OUTPUT_LIMIT = 16_384;

/**
 * Sent as the limit of calls of hosted tools where the caller set none and they are billed: the same
 * goes for what has no bounds in money.
 */
export const FALLBACK_TOOL_CALLS = 16;

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
  readonly tools: ToolLimit;
  readonly wish: Wish;
}

/** How often hosted tools may be called, and what that costs at most, in pico-dollars. */
interface ToolLimit {
  readonly calls: number;
  readonly cost: bigint;
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
  const costs = mostCosts(target.model, attempt, output.tokens, output.leastTokens);
  const callPrice = dearestCall(request.hostedTools ?? [], target.model);
  if (costs === undefined || callPrice === undefined) return undefined;
  const [most, least] = costs;
  const calls = request.maxToolCalls ?? FALLBACK_TOOL_CALLS;
  const tools = { calls, cost: BigInt(calls) * callPrice };
  const wish = { most: most + tools.cost, least: least + tools.cost, explicit: output.explicit };
  return { attempt, output, tools, wish };
}

/** The call with the output limit that keeps it within `granted` pico-dollars, if it needs one. */
export function limitOutput(call: Call, plan: AttemptPlan, granted: bigint): Call {
  const { attempt, output, tools, wish } = plan;
  const withTools = limitTools(call, tools);
  if (granted < wish.most) {
    // Fewer than were planned, as those cost more.
    const maxTokens = affordableOutput(call.target.model, attempt, granted - tools.cost);
    return limited(withTools, maxTokens, 'which is what the budgets leave for it');
  }
  if (!output.enforced) return withTools;
  const why = `as no limit of ${call.model} is known and a budget applies`;
  return limited(withTools, output.tokens, why);
}

function limitTools(call: Call, { calls, cost }: ToolLimit): Call {
  if (cost === 0n || call.request.maxToolCalls !== undefined) return call;
  const warning = `Hosted tools are called at most ${calls} times, as a budget applies.`;
  return {
    ...call,
    request: { ...call.request, maxToolCalls: calls },
    warnings: [...call.warnings, warning],
  };
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
