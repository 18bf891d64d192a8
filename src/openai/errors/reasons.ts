import type { ErrorReason } from '../../core/error-kinds.ts';
import type { UpstreamErrorBody } from './error-object.ts';
import { isThrottled, reasonOfSentence, saysOverload, speaksOfModel } from './sentences.ts';
import { isOverloadWord, reasonOfWord } from './words.ts';

/** What says the least: the sentence beside it may know more. */
const VAGUE: readonly ErrorReason[] = [
  'INVALID_REQUEST',
  'SERVICE_UNAVAILABLE',
  'PERMISSION_DENIED',
];

interface StatusRule {
  /** What the status means by itself. */
  readonly reason: ErrorReason;
  /** What the body may make of it; anything else it says is not believed. */
  readonly unless?: readonly ErrorReason[];
}

const REFUSED: StatusRule = {
  reason: 'INVALID_REQUEST',
  unless: [
    'CONTEXT_TOO_LONG',
    'CONTENT_FILTERED',
    'UNSUPPORTED_PARAMETER',
    'MODEL_NOT_FOUND',
    'QUOTA_EXCEEDED',
    'INVALID_API_KEY',
    'PERMISSION_DENIED',
    'RATE_LIMIT_EXCEEDED',
    'SERVICE_UNAVAILABLE',
  ],
};

const LATER: StatusRule = { reason: 'SERVICE_UNAVAILABLE' };

/** Servers fail over a prompt, too, or over what they cannot do with it, and say so in the body. */
const FAILED: StatusRule = {
  reason: 'SERVICE_UNAVAILABLE',
  unless: ['CONTEXT_TOO_LONG', 'CONTENT_FILTERED', 'UNSUPPORTED_PARAMETER'],
};

/** The path is not served, unless the body speaks of something else. */
const NO_PATH: StatusRule = {
  reason: 'PROVIDER_ERROR',
  unless: ['UNSUPPORTED_PARAMETER', 'MODEL_NOT_FOUND', 'INVALID_REQUEST', 'PERMISSION_DENIED'],
};

const RULE_OF_STATUS: ReadonlyMap<number, StatusRule> = new Map<number, StatusRule>([
  [400, REFUSED],
  // LiteLLM's key that may not use this model, and others it may.
  [401, { reason: 'INVALID_API_KEY', unless: ['MODEL_NOT_FOUND'] }],
  // Payment required: how several compatible services say that the credit is used up.
  [402, { reason: 'QUOTA_EXCEEDED' }],
  // A project without access to a model; content that is refused; xAI's used up credit; Amazon's key; Together's window; GitHub's rates.
  [
    403,
    {
      reason: 'PERMISSION_DENIED',
      unless: [
        'MODEL_NOT_FOUND',
        'CONTENT_FILTERED',
        'QUOTA_EXCEEDED',
        'INVALID_API_KEY',
        'CONTEXT_TOO_LONG',
        'RATE_LIMIT_EXCEEDED',
      ],
    },
  ],
  [404, NO_PATH],
  [405, NO_PATH],
  [408, LATER],
  [409, LATER],
  // NVIDIA and Hugging Face: a model that was shut down.
  [410, { reason: 'PROVIDER_ERROR', unless: ['MODEL_NOT_FOUND'] }],
  // Fireworks: an account that is suspended for what it owes.
  [412, { reason: 'PROVIDER_ERROR', unless: ['QUOTA_EXCEEDED'] }],
  [413, { reason: 'INVALID_REQUEST', unless: ['CONTEXT_TOO_LONG', 'RATE_LIMIT_EXCEEDED'] }],
  // MiMo: content that is refused.
  [421, { reason: 'PROVIDER_ERROR', unless: ['CONTENT_FILTERED'] }],
  [422, REFUSED],
  // A dependency of the server failed, or Cloudflare's guardrails; the request came too early.
  [424, { reason: 'SERVICE_UNAVAILABLE', unless: ['CONTENT_FILTERED'] }],
  [425, LATER],
  // Zhipu: a model that is not in the account's plan.
  [429, { reason: 'RATE_LIMIT_EXCEEDED', unless: ['QUOTA_EXCEEDED', 'MODEL_NOT_FOUND'] }],
  // The guardrails of Portkey and WSO2.
  [446, { reason: 'CONTENT_FILTERED' }],
  // Microsoft's "retry with", which gateways say of a limit.
  [449, LATER],
  // Alibaba's PAI: the queue of an instance is full.
  [450, LATER],
  // StepFun: content that is refused.
  [451, { reason: 'PERMISSION_DENIED', unless: ['CONTENT_FILTERED'] }],
  // Groq: no room in the flex tier. 499: a proxy before the server gave up.
  [498, LATER],
  [499, LATER],
  // What a web server does not support is no parameter.
  [501, LATER],
  [505, LATER],
]);

/**
 * The reason of an error that the upstream told us of.
 *
 * @param status of the HTTP response; undefined if the error came inside a stream or a 200 body
 * @param model that was asked for
 */
export function reasonOf(
  body: UpstreamErrorBody,
  status: number | undefined,
  model: string,
): ErrorReason {
  const effective = status ?? body.statusCode;
  const named = reasonOfBody(body, effective, model);
  if (effective === undefined) return named ?? 'PROVIDER_ERROR';
  const rule = ruleOf(effective);
  if (rule === undefined) return 'PROVIDER_ERROR';
  if (effective === 429 && saysOverloaded(body)) return 'SERVICE_UNAVAILABLE';
  return named !== undefined && rule.unless?.includes(named) ? named : rule.reason;
}

function ruleOf(status: number): StatusRule | undefined {
  return RULE_OF_STATUS.get(status) ?? (status >= 500 && status <= 599 ? FAILED : undefined);
}

function reasonOfBody(
  body: UpstreamErrorBody,
  status: number | undefined,
  model: string,
): ErrorReason | undefined {
  const { innerCode, code, type, statusWord } = body;
  if (isThrottled(body)) return 'RATE_LIMIT_EXCEEDED';
  const named = [innerCode, code, type].map(reasonOfWord).find((reason) => reason);
  const isVague = named === undefined || VAGUE.includes(named);
  const said = reasonOfSentence(body);
  // MiniMax calls the end of a plan a limit of rates.
  const saysMore = named === 'RATE_LIMIT_EXCEEDED' && said === 'QUOTA_EXCEEDED';
  if (said !== undefined && (isVague || saysMore)) return said;
  if (status === 404 && isVague) return reasonOf404(body, model);
  // Google's word says no more than a status, and a word alone makes no outage of a refusal.
  const known = named ?? reasonOfWord(statusWord);
  return known === 'SERVICE_UNAVAILABLE' && status !== undefined && status < 500
    ? undefined
    : known;
}

/** Of a 404 whose words say nothing more precise. */
function reasonOf404(body: UpstreamErrorBody, model: string): ErrorReason | undefined {
  if (speaksOfModel(body, model)) return 'MODEL_NOT_FOUND';
  // A field that refers to something, as an item of an earlier answer.
  return body.param === '' ? undefined : 'INVALID_REQUEST';
}

function saysOverloaded(body: UpstreamErrorBody): boolean {
  const { innerCode, code, type } = body;
  return [innerCode, code, type].some(isOverloadWord) || saysOverload(body);
}

/** What of the account is exhausted, for QuotaFailure: OpenAI says it in the `type` of a 429. */
const QUOTA_SUBJECTS: ReadonlyMap<string, string> = new Map([
  ['requests', 'upstream requests'],
  ['tokens', 'upstream tokens'],
]);

export function quotaSubjectOf(body: UpstreamErrorBody): string | undefined {
  return QUOTA_SUBJECTS.get(body.type);
}

/** Whether the upstream asks not just to wait but to be sent less. OpenAI says so in the code. */
export function asksToSlowDown({ code, type }: UpstreamErrorBody): boolean {
  return code === 'slow_down' || type === 'slow_down';
}
