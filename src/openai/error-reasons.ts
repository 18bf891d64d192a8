import type { ErrorReason } from '../core/error-kinds.ts';
import { matchContextOverflow } from './context-overflow.ts';
import type { UpstreamErrorBody } from './error-body.ts';

/** Codes of a failed Responses answer whose image could not be used. */
const IMAGE_FAULTS = [
  'invalid_image',
  'invalid_image_format',
  'invalid_base64_image',
  'invalid_image_url',
  'invalid_image_mode',
  'image_too_large',
  'image_too_small',
  'image_parse_error',
  'image_file_too_large',
  'unsupported_image_media_type',
  'empty_image_file',
  'failed_to_download_image',
  'image_file_not_found',
] as const;

/**
 * What upstreams' words for a failure mean here. This file and context-overflow.ts are the only ones
 * that compare them. `code` decides before `type`.
 */
const REASON_OF_WORD: ReadonlyMap<string, ErrorReason> = new Map<string, ErrorReason>([
  ['rate_limit_exceeded', 'RATE_LIMIT_EXCEEDED'],
  ['rate_limit_error', 'RATE_LIMIT_EXCEEDED'],
  ['slow_down', 'RATE_LIMIT_EXCEEDED'],
  ['requests', 'RATE_LIMIT_EXCEEDED'],
  ['tokens', 'RATE_LIMIT_EXCEEDED'],
  ['insufficient_quota', 'QUOTA_EXCEEDED'],
  ['credit_balance_exhausted', 'QUOTA_EXCEEDED'],
  ['billing_not_active', 'QUOTA_EXCEEDED'],
  ['billing_hard_limit_reached', 'QUOTA_EXCEEDED'],
  ['invalid_api_key', 'INVALID_API_KEY'],
  ['authentication_error', 'INVALID_API_KEY'],
  ['permission_denied', 'PERMISSION_DENIED'],
  ['permission_error', 'PERMISSION_DENIED'],
  ['unsupported_country_region_territory', 'PERMISSION_DENIED'],
  ['model_not_found', 'MODEL_NOT_FOUND'],
  ['DeploymentNotFound', 'MODEL_NOT_FOUND'],
  ['context_length_exceeded', 'CONTEXT_TOO_LONG'],
  ['exceed_context_size_error', 'CONTEXT_TOO_LONG'],
  ['content_policy_violation', 'CONTENT_FILTERED'],
  ['content_filter', 'CONTENT_FILTERED'],
  ['ResponsibleAIPolicyViolation', 'CONTENT_FILTERED'],
  // The Responses API's word for a prompt that was flagged.
  ['invalid_prompt', 'CONTENT_FILTERED'],
  ['bio_policy', 'CONTENT_FILTERED'],
  ['misalignment_policy_violation', 'CONTENT_FILTERED'],
  ['image_content_policy_violation', 'CONTENT_FILTERED'],
  ['unsupported_parameter', 'UNSUPPORTED_PARAMETER'],
  ['unsupported_value', 'UNSUPPORTED_PARAMETER'],
  ['unknown_parameter', 'UNSUPPORTED_PARAMETER'],
  ['invalid_value', 'INVALID_REQUEST'],
  ...IMAGE_FAULTS.map((word): [string, ErrorReason] => [word, 'INVALID_REQUEST']),
  ['server_error', 'SERVICE_UNAVAILABLE'],
  ['internal_error', 'SERVICE_UNAVAILABLE'],
  ['internal_server_error', 'SERVICE_UNAVAILABLE'],
  ['InternalServerError', 'SERVICE_UNAVAILABLE'],
  ['api_error', 'SERVICE_UNAVAILABLE'],
  ['server_is_overloaded', 'SERVICE_UNAVAILABLE'],
  ['overloaded_error', 'SERVICE_UNAVAILABLE'],
  ['service_unavailable', 'SERVICE_UNAVAILABLE'],
  ['invalid_request_error', 'INVALID_REQUEST'],
  ['BadRequestError', 'INVALID_REQUEST'],
]);

/** Families of codes: `project_spend_limit_exceeded`, `organization_usage_limit_exceeded`. */
const QUOTA_SUFFIXES = ['_spend_limit_exceeded', '_usage_limit_exceeded'] as const;

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
  ],
};

const RULE_OF_STATUS: ReadonlyMap<number, StatusRule> = new Map<number, StatusRule>([
  [400, REFUSED],
  [401, { reason: 'INVALID_API_KEY' }],
  // Payment required: how several compatible services say that the credit is used up.
  [402, { reason: 'QUOTA_EXCEEDED' }],
  // A project without access to a model; content that is refused.
  [403, { reason: 'PERMISSION_DENIED', unless: ['MODEL_NOT_FOUND', 'CONTENT_FILTERED'] }],
  [404, { reason: 'MODEL_NOT_FOUND' }],
  [408, { reason: 'SERVICE_UNAVAILABLE' }],
  [409, { reason: 'SERVICE_UNAVAILABLE' }],
  [413, { reason: 'INVALID_REQUEST', unless: ['CONTEXT_TOO_LONG'] }],
  [422, REFUSED],
  [429, { reason: 'RATE_LIMIT_EXCEEDED', unless: ['QUOTA_EXCEEDED'] }],
]);

/**
 * The reason of an error that the upstream told us of.
 *
 * @param status of the HTTP response; undefined if the error came inside a stream or a 200 body
 */
export function reasonOf(body: UpstreamErrorBody, status: number | undefined): ErrorReason {
  const effective = status ?? body.statusCode;
  if (effective === undefined) return reasonOfBody(body) ?? 'PROVIDER_ERROR';
  if (effective >= 500 && effective <= 599) return 'SERVICE_UNAVAILABLE';
  const rule = RULE_OF_STATUS.get(effective);
  if (rule === undefined) return 'PROVIDER_ERROR';
  const named = rule.unless && reasonOfBody(body);
  return named !== undefined && rule.unless?.includes(named) ? named : rule.reason;
}

function reasonOfBody(body: UpstreamErrorBody): ErrorReason | undefined {
  const named = reasonOfWord(body.innerCode) ?? reasonOfWord(body.code) ?? reasonOfWord(body.type);
  // "invalid" is the least that can be said: the message may know more.
  if (named !== undefined && named !== 'INVALID_REQUEST') return named;
  if (matchContextOverflow(body.message) !== undefined) return 'CONTEXT_TOO_LONG';
  return saysUnsupported(body) ? 'UNSUPPORTED_PARAMETER' : named;
}

function reasonOfWord(word: string): ErrorReason | undefined {
  if (QUOTA_SUFFIXES.some((suffix) => word.endsWith(suffix))) return 'QUOTA_EXCEEDED';
  return REASON_OF_WORD.get(word);
}

/** Refusals of a combination of parameters come without a code, with `param` and a sentence. */
function saysUnsupported({ code, param, message }: UpstreamErrorBody): boolean {
  return code === '' && param !== '' && /^unsupported\b|\bnot supported\b/i.test(message);
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
