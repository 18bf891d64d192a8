import { createHash } from 'node:crypto';
import type { AnswerOptions, ScriptedToolCall } from '../wire/answer-plan.ts';
import type { UsageOverrides } from '../wire/usage.ts';
import type { Reply } from './schema.ts';

const GREETING = 'Hello from the simulator.';

/**
 * What the writers make an answer of.
 *
 * @param answerId from which the ids of its tool calls are made
 */
export function answerOptions(reply: Reply = {}, answerId: string): AnswerOptions {
  const { text, pieces, reasoning, refusal, toolCalls, finishReason, model, serviceTier } = reply;
  const isSilent = (toolCalls ?? refusal ?? pieces) !== undefined;
  const said = text ?? (isSilent ? undefined : GREETING);
  return {
    systemFingerprint: 'fp_simulator',
    ...(said !== undefined && { text: said }),
    ...(pieces !== undefined && { deltas: pieces }),
    ...(reasoning !== undefined && { reasoning: { text: reasoning } }),
    ...(refusal !== undefined && { refusal }),
    ...(toolCalls !== undefined && {
      toolCalls: toolCalls.map((call, index) => scripted(call, callId(answerId, index))),
    }),
    ...(finishReason !== undefined && { finishReason }),
    ...(model !== undefined && { model }),
    ...(serviceTier !== undefined && { serviceTier }),
    ...(reply.usage !== undefined && { usage: usageOverrides(reply.usage) }),
  };
}

function scripted(
  { name, arguments: given, id, custom }: NonNullable<Reply['toolCalls']>[number],
  newId: string,
): ScriptedToolCall {
  return {
    id: id ?? newId,
    name,
    arguments: typeof given === 'string' ? given : JSON.stringify(given),
    ...(custom && { kind: 'custom' as const }),
  };
}

function callId(answerId: string, index: number): string {
  const hash = createHash('sha256').update(`${answerId} ${index}`);
  return `call_${hash.digest('hex').slice(0, 24)}`;
}

function usageOverrides(usage: NonNullable<Reply['usage']>): UsageOverrides {
  const { inputTokens, cachedTokens, cacheWriteTokens, outputTokens, reasoningTokens } = usage;
  return {
    ...(inputTokens !== undefined && { prompt_tokens: inputTokens }),
    ...(outputTokens !== undefined && { completion_tokens: outputTokens }),
    prompt_tokens_details: {
      ...(cachedTokens !== undefined && { cached_tokens: cachedTokens }),
      ...(cacheWriteTokens !== undefined && { cache_write_tokens: cacheWriteTokens }),
    },
    completion_tokens_details: {
      ...(reasoningTokens !== undefined && { reasoning_tokens: reasoningTokens }),
    },
  };
}
