import type { ErrorReason } from '../../core/error-kinds.ts';
import { matchContextOverflow } from './context-overflow.ts';
import type { UpstreamErrorBody } from './error-object.ts';

/** Sentences by which servers say what they have no code for, or a code that says too little. */
const SENTENCES: readonly (readonly [RegExp, ErrorReason])[] = [
  // xAI and Gemini refuse a key with 400, Amazon and Databricks with 403.
  [
    /\b(?:incorrect|invalid) api key\b|\bapi key (?:is )?(?:not valid|invalid)\b|\bmake sure your api key is valid\b|\bapi key was reported as leaked\b|\binvalid access token\b/i,
    'INVALID_API_KEY',
  ],
  [/\blocation is not supported\b|\bnot available in your country\b/i, 'PERMISSION_DENIED'],
  // MiniMax and Baidu have numbers for it that nobody else has.
  [
    /\brate limit exceeded\b|\b(?:rate|request) limit reached\b|\bexceeded (?:the|your|a)(?: current| secondary)? rate limit\b|\bdue to rate[- ]limit(?:s|ing)?\b|(?<!\b(?:has|contains?) )\btoo many requests\b(?! in (?:the|a|your) (?:batch|file|input)\b)|\brequests? (?:(?:is|are) )?too frequent(?:ly)?\b|速率限制|限流|请求(?:过于|太)频繁|频率(?:过高|超出|限制)/i,
    'RATE_LIMIT_EXCEEDED',
  ],
  // What is used up: money, what a key or a project may spend, what a plan has in a week
  [
    /\b(?:insufficient|not enough)(?: account)? (?:balance|credits?|quota|funds)\b|\b(?:used all(?: the)? (?:available|included)|(?:(?:run )?out of|requires more|have any|no) (?:credits|funds|extra usage))\b|\bbalance is (?:too low|insufficient)\b|余额不足|额度(?:已用[尽完]|不足)/i,
    'QUOTA_EXCEEDED',
  ],
  [
    /\b(?:usage|spend|spending) (?:limits?|cap)\b(?!.{0,80}\bper (?:second|minute)\b)|(?<!\b(?:thinking|reasoning|token) )\bbudget has been exceeded\b|\bexceeded\w{0,20} ?budget\b|\b(?:weekly|monthly|hour)\b.{0,20} limit exhausted\b|\bdaily free (?:allocation|quota)\b|\bquota has been exhausted\b|\bapi calls \/ month\b|\bkey limit exceeded\b|\bno quota left\b|\bquota will be replenished\b|^quota exceeded\.?$/i,
    'QUOTA_EXCEEDED',
  ],
  // xAI, what OpenRouter says of the moderation of others, DeepSeek, Moonshot, Zhipu, MiniMax, Huawei, Spark, SAP, and the guardrails of LiteLLM and Cloudflare
  [
    /\bviolates usage guidelines\b|\bcontent exists risk\b|\bconsidered high risk\b|\byour input was flagged\b|敏感内容|审核不通过|\bnew_sensitive\b|\bmay contain sensitive information\b|\bunsafe or sensitive content\b|\bviolated guardrail policy\b|\bfiltered due to safety violations\b|\b(?:prompt|response) blocked due to security configurations\b/i,
    'CONTENT_FILTERED',
  ],
  // OpenAI's two surfaces, what a model or a gateway behind it cannot do, and the conversation that its template refuses.
  [
    /\bsupported in (?:the )?v1\/|\bnot supported by the (?:responses|chat completions) api\b|\bunsupported for streaming\b|\bnot supported (?:on|by|with|for) this model\b|\bproperty '[^']{1,200}' is unsupported\b|\bdoes(?: not|n't) support (?:tools?|functions?|images?|vision|thinking|reasoning|streaming|parameters?|response[ _]format|json|the)\b|\b(?:image|audio|video) input is not supported\b|\bis not enabled for models\/|\bis deprecated for this model\b|\bonly \S{1,40} is allowed for this model\b|\bresponse_format type is unavailable\b|\bjinja exception:|\braise_exception\(|\broles must alternate\b|\bsystem role not supported\b|\bis not a multimodal model\b|\bdoes not support this tool_choice\b|\b(?:tool choice|param) requires --|\bunknown (?:field|name) ["'`]|\bunrecognized request arguments? supplied\b|\bno endpoints found that support\b|\bextra inputs are not permitted\b/i,
    'UNSUPPORTED_PARAMETER',
  ],
  [
    /\bmodel\b.{1,200}\b(?:(?:does )?not exist|not found|decommissioned|reached its end of life|deprecated and no longer supported|not supported by any provider)\b|\bno endpoints (?:found|available)\b|\bno such model @|\b(?:invalid|unknown|unsupported|unavailable) model\b|\bnot a valid model id\b|\bmodel (?:identifier|name) is invalid\b|\bno healthy deployments for this model\b|\bendpoint with name\b.{1,200}\bdoes not exist\b|\bno keys found that support model\b/i,
    'MODEL_NOT_FOUND',
  ],
  // "The requested model (x) is not available on …", "The 'x' model is not supported when …", but no field of it
  [
    /\bmodel:? ?(?:[`'"(]{0,2}[\w.:@/-]{1,100}[`'")]{0,2} )?is (?:not (?:currently )?|no longer )(?:available|supported)\b/i,
    'MODEL_NOT_FOUND',
  ],
  // What NVIDIA does not serve to the account, OpenVINO not at all, and SiliconFlow no longer
  [
    /^function '[^']{1,64}': not found for account\b|\bgraph definition with requested name is not found\b|^model disabled\.?$/i,
    'MODEL_NOT_FOUND',
  ],
  // NVIDIA's 400 for one that is down: another route may have it.
  [/\bDEGRADED function cannot be invoked\b/, 'MODEL_NOT_FOUND'],
  // LM Studio, in a stream TGI, Llama Stack, TensorRT-LLM and Ollama, Hugging Face, Envoy, and gateways that say it under 400 or call it a fault of the request
  [
    /\bmodel has crashed\b|^request failed during generation\b|^incomplete generation\b|^(?:\d{3}: )?internal server error:|^an error was encountered while running the model\b|^model too busy\b|^upstream connect error\b|\bupstream request failed\.?$|\bis (?:currently |temporarily )?(?:overloaded|at capacity)\b/i,
    'SERVICE_UNAVAILABLE',
  ],
  // TGI in a stream, which says 422 of whatever goes wrong there.
  [/^input validation error\b/i, 'INVALID_REQUEST'],
];

/** A server without memory for the prompt just now, which asks for a shorter context as well: oMLX. */
const OUT_OF_MEMORY = /\bmemory (?:limit exceeded|guard)\b|\bavailable memory\b|\bsafety cap\b/i;

/** DashScope's words for the tokens of a minute, by which others mean that the credit is used up. */
const THROTTLED =
  /(?<!\bfree )\ballocated quota exceeded\b|\b(?:aliyun|alibabacloud)\.com\S{1,200}#token-limit\b/i;

/** Whether the sentence is to be believed before the code beside it, which says that the credit is used up. */
export function isThrottled({ message }: UpstreamErrorBody): boolean {
  return THROTTLED.test(message);
}

/** A server that is, and no limit of the account: Z.ai, Moonshot, Novita. */
const OVERLOADED = /\b(?:server|service|engine|model)\b.{0,40}\boverload(?:ed)?\b/i;

/** Whether the sentence under a 429 says that the server has too much to do. */
export function saysOverload({ message }: UpstreamErrorBody): boolean {
  return OVERLOADED.test(message);
}

/** What an error's sentence says; undefined if that is nothing known. */
export function reasonOfSentence(body: UpstreamErrorBody): ErrorReason | undefined {
  const { message } = body;
  if (OUT_OF_MEMORY.test(message)) return 'SERVICE_UNAVAILABLE';
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

/** Whether a 404 may be about its path. To whatever goes wrong mlx-lm answers 404, with a sentence about that. */
export function speaksOfPath({ message, isPage }: UpstreamErrorBody): boolean {
  return isPage || !/\s/.test(message) || PATH.test(message);
}

const PATH =
  /\bnot.?found\b|\bno such\b|\b(?:ur[il]|path|route|endpoint|method|resource|page|cannot|unknown|invalid)\b/i;
