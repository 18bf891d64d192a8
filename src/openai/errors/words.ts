import type { ErrorReason } from '../../core/error-kinds.ts';

/**
 * Words of upstreams for a failure, in lower case: codes, types and status words of OpenAI and of the
 * servers that are compatible with it. This file and error-sentences.ts are the only ones that hold them.
 */
const WORDS: Partial<Record<ErrorReason, readonly string[]>> = {
  RATE_LIMIT_EXCEEDED: [
    'rate_limit_exceeded',
    'rate_limit_error',
    'rate_limit_reached_error',
    'rate_limited',
    'ratelimiterror',
    'too_many_requests',
    'slow_down',
    'throttling',
    'throttling_error',
    'limit_requests',
    'limit_burst_rate',
    // Volcengine's Ark
    'ratelimitexceeded',
    'requestbursttoofast',
    // Zhipu
    '1302',
    '1303',
    // MiniMax: requests, tokens, connections, growth
    'minimax_1002',
    'minimax_1039',
    'minimax_1041',
    'minimax_2045',
    // Amazon
    'throttlingexception',
    'resource_exhausted',
    'requests',
    'tokens',
  ],
  QUOTA_EXCEEDED: [
    'insufficient_quota',
    'insufficient_user_quota',
    'pre_consume_token_quota_failed',
    // Sarvam
    'insufficient_quota_error',
    // watsonx
    'token_quota_reached',
    'insufficient_balance',
    'not_enough_balance',
    'insufficient_credits',
    'exceeded_current_quota_error',
    'quota_exceeded',
    'usage_limit_exceeded',
    'usage_limit_reached',
    'spend_limit_exceeded',
    'budget_exceeded',
    'credit_balance_exhausted',
    'billing_error',
    'billing_not_active',
    'billing_hard_limit_reached',
    'payment_required',
    'arrearage',
    'accountoverdueerror',
    // Baidu
    'account_overdue',
    'quotaexceeded',
    'setlimitexceeded',
    // Tencent
    'exceed_token_quota_limit',
    // Zhipu: no balance, and the limits of its plans
    '1113',
    '1304',
    '1308',
    '1309',
    '1310',
    // MiniMax: no balance, and the limit of its plans
    'minimax_1008',
    'minimax_2056',
    // DashScope's free tier
    'allocationquota',
    'servicequotaexceededexception',
  ],
  INVALID_API_KEY: [
    'invalid_api_key',
    'api_key_invalid',
    'incorrect_api_key_error',
    'authentication_error',
    'authenticationerror',
    'invalid_authentication_error',
    'unauthenticated',
    'unauthorized',
    'unrecognizedclientexception',
    'expiredtokenexception',
    // MiniMax
    'minimax_1004',
    'minimax_2049',
  ],
  PERMISSION_DENIED: [
    'permission_denied',
    'permission_denied_error',
    'permission_error',
    'access_denied',
    'accessdenied',
    'accessdeniedexception',
    'forbidden',
    'unsupported_country_region_territory',
    'model_terms_required',
  ],
  MODEL_NOT_FOUND: [
    'model_not_found',
    'model_not_exist',
    'model_not_available',
    'model_not_supported',
    'invalid_model',
    'model_decommissioned',
    'modelnotfound',
    'deploymentnotfound',
    'unknown_model',
    // GitHub Models
    'unavailable_model',
    'modelnotopen',
    'invalidendpointormodel',
    'invalidendpoint',
    '1211',
    // Zhipu: not in the account's plan
    '1311',
  ],
  CONTEXT_TOO_LONG: [
    'context_length_exceeded',
    'context_window_exceeded',
    'contextwindowexceedederror',
    'model_context_window_exceeded',
    'exceed_context_size_error',
    'tokens_limit_reached',
    'context_overflow',
    'context_exceeded',
    'prompt_too_long',
    // Baidu
    'tokens_too_long',
    'characters_too_long',
    // GitHub Copilot
    'model_max_prompt_tokens_exceeded',
    // Perplexity
    'too_many_prompt_tokens',
    // Zhipu
    '1261',
  ],
  CONTENT_FILTERED: [
    'content_policy_violation',
    'contentpolicyviolationerror',
    'content_filter',
    'responsibleaipolicyviolation',
    'data_inspection_failed',
    'datainspectionfailed',
    'sensitive_words_detected',
    'sensitivecontentdetected',
    'safety_check_failed',
    // Baidu
    'unsafe_request',
    // StepFun
    'censorship_blocked',
    '1301',
    // MiniMax: the prompt, and the answer
    'minimax_1026',
    'minimax_1027',
    // The Responses API's words for a prompt that was flagged.
    'invalid_prompt',
    'bio_policy',
    'cyber_policy',
    'misalignment_policy_violation',
    'image_content_policy_violation',
  ],
  UNSUPPORTED_PARAMETER: [
    'unsupported_parameter',
    'unsupported_value',
    'unsupported_operation',
    'unknown_parameter',
    'operationnotsupported',
    'not_supported_error',
    // LMDeploy
    'unsupported_feature',
  ],
  SERVICE_UNAVAILABLE: [
    'server_error',
    'internal',
    'internal_error',
    'internal_server_error',
    'internalservererror',
    'api_error',
    'upstream_error',
    // Open Responses, LMDeploy
    'model_error',
    'engine_unavailable',
    'bad_gateway',
    'unavailable',
    // MiniMax
    'minimax_1000',
    'minimax_1001',
    'minimax_1024',
    'minimax_1033',
    // TGI
    'generation',
    'incomplete_generation',
  ],
  INVALID_REQUEST: [
    'invalid_value',
    'invalid_argument',
    'invalid_request',
    'invalid_request_error',
    'badrequesterror',
    'validation_error',
    'preprocess_failed',
    // MiniMax
    'minimax_1042',
    'minimax_2013',
    // A failed Responses answer whose image could not be used.
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
  ],
};

/** Too much to do, or too slow: SERVICE_UNAVAILABLE, even under a 429. */
const OVERLOAD: readonly string[] = [
  'server_is_overloaded',
  'server_overloaded',
  'server_overload',
  'serveroverloaded',
  // Zhipu
  '1305',
  '1312',
  // Cerebras, Azure
  'queue_exceeded',
  'nocapacity',
  // Amazon
  'modelnotreadyexception',
  'modeltimeoutexception',
  'serviceunavailableexception',
  'overloaded',
  'overloaded_error',
  'engine_overloaded',
  'engine_overloaded_error',
  'model_overloaded',
  'model_capacity_exhausted',
  'capacity_exceeded',
  'service_tier_capacity_exceeded',
  'flex_unavailable',
  'service_unavailable',
  'service_unavailable_error',
  'serviceunavailable',
  'unavailable_error',
  'request_timeout',
  'vector_store_timeout',
  'timeout',
  'timeout_error',
  'gateway_timeout',
  'operation_timeout',
  'deadline_exceeded',
];

const REASON_OF_WORD: ReadonlyMap<string, ErrorReason> = new Map([
  ...Object.entries(WORDS).flatMap(([reason, words]) =>
    words.map((word): [string, ErrorReason] => [word, reason as ErrorReason]),
  ),
  ...OVERLOAD.map((word): [string, ErrorReason] => [word, 'SERVICE_UNAVAILABLE']),
]);

/** Families of codes: `project_spend_limit_exceeded`, Ark's `ModelAccountTpmRateLimitExceeded`. */
const SUFFIXES: readonly (readonly [suffix: string, reason: ErrorReason])[] = [
  // Of requests, of tokens
  ['_rate_limit_exceeded', 'RATE_LIMIT_EXCEEDED'],
  ['_spend_limit_exceeded', 'QUOTA_EXCEEDED'],
  ['_usage_limit_exceeded', 'QUOTA_EXCEEDED'],
  ['ratelimitexceeded', 'RATE_LIMIT_EXCEEDED'],
  // LiteLLM: of a key, a team, an organization
  ['_model_access_denied', 'MODEL_NOT_FOUND'],
  ['sensitivecontentdetected', 'CONTENT_FILTERED'],
  ['riskdetection', 'CONTENT_FILTERED'],
];

/** What a word means by itself; undefined if it is not known. */
export function reasonOfWord(word: string): ErrorReason | undefined {
  const known = generalOf(word);
  const family = SUFFIXES.find(([suffix]) => known.endsWith(suffix));
  return family?.[1] ?? REASON_OF_WORD.get(known);
}

export function isOverloadWord(word: string): boolean {
  return OVERLOAD.includes(generalOf(word));
}

/** Without the namespace that Amazon has in front, and what Ark says more precisely: `InvalidEndpoint.NotFound`. */
function generalOf(word: string): string {
  return word.toLowerCase().replace(/^.*#/, '').replace(/\..*$/s, '');
}
