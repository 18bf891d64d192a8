import type { ErrorReason } from '../core/error-kinds.ts';
import { matchContextOverflow } from './context-overflow.ts';
import type { UpstreamErrorBody } from './error-body.ts';

/** Sentences by which servers say what they have no code for, or a code that says too little. */
const SENTENCES: readonly (readonly [RegExp, ErrorReason])[] = [
  // xAI and Gemini refuse a key with 400, Amazon and Databricks with 403.
  [
    /\b(?:incorrect|invalid) api key\b|\bapi key (?:is )?(?:not valid|invalid)\b|\bmake sure your api key is valid\b|\binvalid access token\b/i,
    'INVALID_API_KEY',
  ],
  [/\blocation is not supported\b/i, 'PERMISSION_DENIED'],
  [
    /\binsufficient (?:balance|credits?|quota|funds)\b|\b(?:used all available|run out of|requires more|have any) credits\b|\breach(?:ed (?:its|your)|ing the) monthly spending limit\b|\bbalance is (?:too low|insufficient)\b|\bnot enough balance\b|\bspecified api usage limits\b|\b(?:daily free allocation|(?:weekly|monthly) usage limit)\b|\bapi calls \/ month\b|\bkey limit exceeded\b|余额不足/i,
    'QUOTA_EXCEEDED',
  ],
  // xAI, what OpenRouter says of the moderation of others, Zhipu, and LiteLLM's guardrails
  [
    /\bviolates usage guidelines\b|\byour input was flagged\b|敏感内容|\bunsafe or sensitive content\b|\bviolated guardrail policy\b/i,
    'CONTENT_FILTERED',
  ],
  // MiniMax and Baidu have numbers for it that nobody else has.
  [
    /\brate limit exceeded\b|\b(?:rate|request) limit reached\b|\bexceeded your current rate limit\b|速率限制/i,
    'RATE_LIMIT_EXCEEDED',
  ],
  // OpenAI's two surfaces, and what a model or a gateway behind it cannot do.
  [
    /\bsupported in (?:the )?v1\/|\bnot supported (?:on|by|with|for) this model\b|\bdoes not support (?:tools?|functions?|images?|vision|streaming|the)\b|\bno endpoints found that support\b|\bextra inputs are not permitted\b/i,
    'UNSUPPORTED_PARAMETER',
  ],
  [
    /\bmodel\b.{1,200}\b(?:(?:does )?not exist|not found|decommissioned|reached its end of life|deprecated and no longer supported|not supported by any provider)\b|\bno endpoints found for\b|\bno such model @|\binvalid model\b|\bnot a valid model id\b|\bmodel identifier is invalid\b/i,
    'MODEL_NOT_FOUND',
  ],
  // NVIDIA's 404 for a model that is not served to the account
  [/^function '[^']{1,64}': not found for account\b/i, 'MODEL_NOT_FOUND'],
  // NVIDIA's 400 for one that is down: another route may have it.
  [/\bDEGRADED function cannot be invoked\b/, 'MODEL_NOT_FOUND'],
  // LM Studio
  [/\bmodel has crashed\b/i, 'SERVICE_UNAVAILABLE'],
];

/** What an error's sentence says; undefined if that is nothing known. */
export function reasonOfSentence(body: UpstreamErrorBody): ErrorReason | undefined {
  const { message } = body;
  if (matchContextOverflow(message) !== undefined) return 'CONTEXT_TOO_LONG';
  for (const [pattern, reason] of SENTENCES) if (pattern.test(message)) return reason;
  return saysUnsupported(body) ? 'UNSUPPORTED_PARAMETER' : undefined;
}

/** Refusals of a combination of parameters come without a code, with `param` and a sentence. */
function saysUnsupported({ code, param, message }: UpstreamErrorBody): boolean {
  const hasCode = code !== '' && !/^\d+$/.test(code);
  return !hasCode && param !== '' && /^unsupported\b|\bnot supported\b/i.test(message);
}

/** Whether a 404 is about a model or its deployment, and not about the path. */
export function speaksOfModel(
  { message, param, isPage }: UpstreamErrorBody,
  model: string,
): boolean {
  if (param === 'model') return true;
  if (isPage) return false;
  return (
    /\b(?:models?|deployments?|engine)\b/i.test(message) ||
    (model.length > 3 && message.includes(model))
  );
}
