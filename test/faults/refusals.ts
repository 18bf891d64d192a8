import { type ExpectedError, type Fault, UPSTREAM_TEXT } from '../support/fault.ts';
import { errorBodyWith200, httpError } from '../support/upstream/index.ts';
import { once } from './once.ts';

type Refusal = NonNullable<Parameters<typeof httpError>[1]>;

/** OpenAI says when to come back, and is taken at its word. */
const rateLimit: Fault = {
  what: 'limits the rate for ever',
  retried: true,
  waitMs: 7000,
  ...refused(
    429,
    { type: 'requests', code: 'rate_limit_exceeded', headers: { 'retry-after': '7' } },
    {
      code: 'RESOURCE_EXHAUSTED',
      reason: 'RATE_LIMIT_EXCEEDED',
      info: { retryable: 'true' },
      details: {
        'google.rpc.RetryInfo': { retryDelay: { seconds: 7, nanos: 0 } },
        'google.rpc.QuotaFailure': { violations: [{ subject: 'upstream requests' }] },
      },
    },
  ),
};

/** OpenAI at fault. */
const serverError: Fault = {
  what: 'fails with 500 for ever',
  retried: true,
  ...refused(
    500,
    { code: 'server_error' },
    {
      code: 'UNAVAILABLE',
      reason: 'SERVICE_UNAVAILABLE',
      info: { retryable: 'true' },
      details: { 'google.rpc.RetryInfo': {} },
    },
  ),
};

/** The upstream says no: mostly by an HTTP status. */
export const REFUSALS: readonly Fault[] = [
  rateLimit,
  // One wait, and all is well.
  once(rateLimit, 'limits the rate once'),
  {
    // Also a 429, but waiting does not help.
    what: 'says that the quota is used up',
    ...refused(
      429,
      { type: 'insufficient_quota', code: 'insufficient_quota' },
      { code: 'RESOURCE_EXHAUSTED', reason: 'QUOTA_EXCEEDED', info: { retryable: 'false' } },
    ),
  },
  {
    // OpenAI quotes the key in its message.
    what: 'refuses the key',
    ...refused(
      401,
      { message: `Incorrect API key provided: ${UPSTREAM_TEXT}.`, code: 'invalid_api_key' },
      { code: 'UNAUTHENTICATED', reason: 'INVALID_API_KEY', info: { severity: 'critical' } },
    ),
  },
  {
    // A country, a project or a model that is not permitted.
    what: 'forbids the request',
    ...refused(
      403,
      { code: 'unsupported_country_region_territory' },
      { code: 'PERMISSION_DENIED', reason: 'PERMISSION_DENIED' },
    ),
  },
  {
    // The model is unknown, or not of this account.
    what: 'does not know the model',
    config: 'defaultModel: gpt-imaginary',
    ...refused(
      404,
      { code: 'model_not_found', param: null },
      {
        code: 'NOT_FOUND',
        reason: 'MODEL_NOT_FOUND',
        info: { model: 'gpt-imaginary' },
        details: {
          'google.rpc.ResourceInfo': { resourceType: 'model', resourceName: 'gpt-imaginary' },
        },
      },
    ),
  },
  {
    // The sizes stand in the message alone.
    what: 'finds the conversation too long',
    ...refused(
      400,
      {
        message: `This model's maximum context length is 4096 tokens. However, your messages resulted in 5000 tokens. ${UPSTREAM_TEXT}`,
        code: 'context_length_exceeded',
        param: 'messages',
      },
      {
        code: 'INVALID_ARGUMENT',
        reason: 'CONTEXT_TOO_LONG',
        details: { 'tamma.provider.v1.FailureInfo': { countedTokens: 5000, tokenLimit: 4096 } },
      },
    ),
  },
  {
    // The prompt is refused; a filtered answer would be no error.
    what: 'refuses the prompt by its policy',
    ...refused(
      400,
      { code: 'content_policy_violation' },
      { code: 'INVALID_ARGUMENT', reason: 'CONTENT_FILTERED' },
    ),
  },
  {
    // OpenAI names its own field, the caller hears of his.
    what: 'does not support a parameter',
    ...refused(
      400,
      { code: 'unsupported_parameter', param: 'max_completion_tokens' },
      {
        code: 'INVALID_ARGUMENT',
        reason: 'UNSUPPORTED_PARAMETER',
        details: {
          'google.rpc.BadRequest': { fieldViolations: [{ field: 'request.max_tokens' }] },
        },
      },
    ),
  },
  serverError,
  // As most failures of large services are.
  once(serverError, 'fails with 500 once'),
  {
    // OpenAI with too much to do.
    what: 'is overloaded for ever',
    retried: true,
    waitMs: 1500,
    ...refused(
      503,
      { code: 'server_is_overloaded', headers: { 'retry-after-ms': '1500' } },
      {
        code: 'UNAVAILABLE',
        reason: 'SERVICE_UNAVAILABLE',
        details: { 'google.rpc.RetryInfo': { retryDelay: { seconds: 1, nanos: 500_000_000 } } },
      },
    ),
  },
  {
    // `x-should-retry: false` comes before what the status says.
    what: 'fails and forbids another try',
    ...refused(
      503,
      { headers: { 'x-should-retry': 'false' } },
      {
        code: 'UNAVAILABLE',
        reason: 'SERVICE_UNAVAILABLE',
        details: { 'google.rpc.RetryInfo': {} },
      },
    ),
  },
  {
    // A server that knows one status only.
    what: 'answers 200 with an error in it',
    upstream: errorBodyWith200({ message: UPSTREAM_TEXT, code: 'insufficient_quota' }),
    error: {
      code: 'RESOURCE_EXHAUSTED',
      reason: 'QUOTA_EXCEEDED',
      info: { upstream_status: '200', upstream_code: 'insufficient_quota' },
    },
  },
];

/** An error answer; the caller is told its status and, if it has one, its code. */
function refused(
  status: number,
  answer: Refusal,
  { info, ...error }: ExpectedError,
): Pick<Fault, 'upstream' | 'error'> {
  const told = {
    upstream_status: String(status),
    ...(answer.code && { upstream_code: answer.code }),
  };
  return {
    upstream: httpError(status, { message: UPSTREAM_TEXT, ...answer }),
    error: { ...error, info: { ...told, ...info } },
  };
}
