import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { ErrorReason } from '../../../src/core/error-kinds.ts';
import type { ProviderError } from '../../../src/core/errors.ts';
import { fromErrorObject, fromHttpResponse } from '../../../src/openai/errors/map-error.ts';

const NOW = Date.UTC(2026, 10, 20);

interface Wire {
  readonly message?: unknown;
  readonly type?: unknown;
  readonly code?: unknown;
  readonly param?: unknown;
  readonly innererror?: unknown;
  readonly metadata?: unknown;
}

function http(status: number, error: Wire = {}, headers: Record<string, string> = {}) {
  return fromHttpResponse(status, headers, JSON.stringify({ error }), 'gpt-test', NOW);
}

function inStream(error: unknown, status?: number) {
  const facts = { requestId: 'req_1', model: 'gpt-test' };
  return fromErrorObject(error, status === undefined ? facts : { ...facts, status });
}

describe('fromHttpResponse: reason by status', () => {
  it.each<[number, ErrorReason]>([
    [302, 'PROVIDER_ERROR'],
    [400, 'INVALID_REQUEST'],
    [401, 'INVALID_API_KEY'],
    [402, 'QUOTA_EXCEEDED'],
    [403, 'PERMISSION_DENIED'],
    [404, 'PROVIDER_ERROR'],
    [405, 'PROVIDER_ERROR'],
    [407, 'PROVIDER_ERROR'],
    [408, 'SERVICE_UNAVAILABLE'],
    [409, 'SERVICE_UNAVAILABLE'],
    [413, 'INVALID_REQUEST'],
    [418, 'PROVIDER_ERROR'],
    [422, 'INVALID_REQUEST'],
    [424, 'SERVICE_UNAVAILABLE'],
    [425, 'SERVICE_UNAVAILABLE'],
    [429, 'RATE_LIMIT_EXCEEDED'],
    [451, 'PERMISSION_DENIED'],
    [498, 'SERVICE_UNAVAILABLE'],
    [500, 'SERVICE_UNAVAILABLE'],
    [503, 'SERVICE_UNAVAILABLE'],
    [504, 'SERVICE_UNAVAILABLE'],
    [524, 'SERVICE_UNAVAILABLE'],
    [600, 'PROVIDER_ERROR'],
  ])('reads %i as %s', (status, reason) => {
    expect(http(status).reason).toBe(reason);
    expect(fromHttpResponse(status, {}, '<html>Bad</html>', 'gpt-test').reason).toBe(reason);
    expect(http(status).facts).toMatchObject({ upstreamStatus: status, model: 'gpt-test' });
  });
});

it('a 407 is said to come from the proxy on the way, which alone sends it', () => {
  expect(http(407).message).toBe('The proxy on the way to the upstream wants other credentials.');
});

describe('fromHttpResponse: reason by code and type', () => {
  it.each<[number, Wire, ErrorReason]>([
    [429, { code: 'rate_limit_exceeded', type: 'tokens' }, 'RATE_LIMIT_EXCEEDED'],
    [429, { code: 'slow_down' }, 'RATE_LIMIT_EXCEEDED'],
    [429, { message: 'Usage limit reached for requests per minute.' }, 'RATE_LIMIT_EXCEEDED'],
    [429, { message: 'Too many requests. Your usage limit: 60.' }, 'RATE_LIMIT_EXCEEDED'],
    [400, { message: 'The thinking budget has been exceeded: 32768.' }, 'INVALID_REQUEST'],
    [429, { code: 'insufficient_quota', type: 'insufficient_quota' }, 'QUOTA_EXCEEDED'],
    [429, { code: null, type: 'insufficient_quota' }, 'QUOTA_EXCEEDED'],
    [429, { code: 'credit_balance_exhausted' }, 'QUOTA_EXCEEDED'],
    [429, { code: 'billing_not_active' }, 'QUOTA_EXCEEDED'],
    [429, { code: 'billing_hard_limit_reached' }, 'QUOTA_EXCEEDED'],
    [429, { code: 'project_spend_limit_exceeded' }, 'QUOTA_EXCEEDED'],
    [429, { code: 'organization_usage_limit_exceeded' }, 'QUOTA_EXCEEDED'],
    [429, { code: 'context_length_exceeded' }, 'RATE_LIMIT_EXCEEDED'],
    [400, { code: 'context_length_exceeded' }, 'CONTEXT_TOO_LONG'],
    [400, { type: 'exceed_context_size_error', code: 400 }, 'CONTEXT_TOO_LONG'],
    [413, { message: 'maximum context length is 10 tokens' }, 'CONTEXT_TOO_LONG'],
    [400, { code: 'content_policy_violation' }, 'CONTENT_FILTERED'],
    [400, { code: 'content_filter' }, 'CONTENT_FILTERED'],
    [400, { innererror: { code: 'ResponsibleAIPolicyViolation' } }, 'CONTENT_FILTERED'],
    [400, { code: 'unsupported_parameter', param: 'seed' }, 'UNSUPPORTED_PARAMETER'],
    [422, { code: 'unsupported_value', param: 'seed' }, 'UNSUPPORTED_PARAMETER'],
    [
      400,
      { code: null, type: 'invalid_request_error', param: 'seed', message: 'Unsupported value' },
      'UNSUPPORTED_PARAMETER',
    ],
    [
      400,
      { code: null, param: 'reasoning_effort', message: 'Tools are not supported with it.' },
      'UNSUPPORTED_PARAMETER',
    ],
    [400, { code: null, message: 'Unsupported file' }, 'INVALID_REQUEST'],
    [400, { code: 'invalid_value', param: 'seed' }, 'INVALID_REQUEST'],
    [400, { code: 'model_not_found' }, 'MODEL_NOT_FOUND'],
    [400, { code: 'model_not_available' }, 'MODEL_NOT_FOUND'],
    [400, { type: 'invalid_model', message: 'Invalid model: foo' }, 'MODEL_NOT_FOUND'],
    [400, { message: 'The provided model identifier is invalid.' }, 'MODEL_NOT_FOUND'],
    [410, { message: 'gone' }, 'PROVIDER_ERROR'],
    [400, { code: 'server_error' }, 'INVALID_REQUEST'],
    [400, { code: 'invalid_prompt' }, 'CONTENT_FILTERED'],
    [400, { code: 'image_content_policy_violation' }, 'CONTENT_FILTERED'],
    [400, { code: 'failed_to_download_image' }, 'INVALID_REQUEST'],
    [401, { code: 'insufficient_quota' }, 'INVALID_API_KEY'],
    [404, { code: 'model_not_found' }, 'MODEL_NOT_FOUND'],
    [500, { code: 'invalid_api_key' }, 'SERVICE_UNAVAILABLE'],
  ])('reads %i %j as %s', (status, error, reason) => {
    expect(http(status, error).reason).toBe(reason);
  });

  it.each<[string, ErrorReason]>([
    ['{"error":"model \'x\' not found"}', 'MODEL_NOT_FOUND'],
    ['[{"error":{"code":404,"message":"gpt-test is unknown"}}]', 'MODEL_NOT_FOUND'],
    ['{"object":"error","message":"no","param":"model","code":404}', 'MODEL_NOT_FOUND'],
    ['{"error":{"message":"no item","param":"input"}}', 'INVALID_REQUEST'],
    ['{"detail":"Not Found"}', 'PROVIDER_ERROR'],
    ['<html><title>No such model</title></html>', 'PROVIDER_ERROR'],
    ['"no"', 'PROVIDER_ERROR'],
    ['null', 'PROVIDER_ERROR'],
    ['[]', 'PROVIDER_ERROR'],
    ['', 'PROVIDER_ERROR'],
    ['x'.repeat(100_000), 'PROVIDER_ERROR'],
  ])('tells a model that is unknown from a path that is: %.60s', (body, reason) => {
    const error = fromHttpResponse(404, {}, body, 'gpt-test');
    expect(error.reason).toBe(reason);
    if (reason === 'PROVIDER_ERROR') expect(error.message).toMatch(/base URL .* ends in \/v1/);
  });
});

describe('fromHttpResponse: facts', () => {
  it.each<[string, number | undefined, number | undefined]>([
    [
      "This model's maximum context length is 128000 tokens. However, your messages resulted in 130000 tokens.",
      130_000,
      128_000,
    ],
    [
      "This model's maximum context length is 4097 tokens, however you requested 4116 tokens (3860 in your prompt; 256 for the completion).",
      4_116,
      4_097,
    ],
    [
      'The decoder prompt (length 5000) is longer than the maximum model length of 4096.',
      5_000,
      4_096,
    ],
    [
      'request (5000 tokens) exceeds the available context size (4096 tokens), try increasing it',
      5_000,
      4_096,
    ],
    ['Requested tokens (2065) exceed context window of 1800', 2_065, 1_800],
    ['prompt is too long: 210000 tokens > 200000 maximum', 210_000, 200_000],
    ['The input token count (9) exceeds the maximum number of tokens allowed (8).', 9, 8],
    [
      'input length and `max_tokens` exceed context limit: 187254 + 20000 > 204798, decrease input length or `max_tokens` and try again',
      187_254,
      204_798,
    ],
    [
      "You passed 5000 input tokens and requested 100 output tokens. However, the model's context length is only 4096 tokens, resulting in a maximum input length of 3996 tokens.",
      5_000,
      4_096,
    ],
    [
      "This model's maximum context length is 262144 tokens. However, you requested 0 output tokens and your prompt contains at least 262145 input tokens.",
      262_145,
      262_144,
    ],
    [
      'Input tokens exceed the configured limit of 272000 tokens. Your messages resulted in 300000 tokens.',
      300_000,
      272_000,
    ],
    ['The prompt is too long: 140000, model maximum context length: 131071', 140_000, 131_071],
    ['prompt token count of 140000 exceeds the limit of 128000', 140_000, 128_000],
    ['Requested input length 33333 exceeds maximum input length 32767', 33_333, 32_767],
    [
      'too many tokens: total number of tokens in the prompt cannot exceed 4081 - received 5000.',
      5_000,
      4_081,
    ],
    [
      'Reached context length of 4096 tokens with this model, but this model does not currently support mid-generation context overflow',
      undefined,
      4_096,
    ],
    ['Tokens to keep are greater than the context length', undefined, undefined],
    ['prompt too long; exceeded max context length by 4 tokens', undefined, undefined],
    ['total message size 10176584 exceeds limit 2097152', undefined, undefined],
    ['prompt is too long', undefined, undefined],
    ['Input is too long for requested model.', undefined, undefined],
    ['Please reduce the length of the messages or completion.', undefined, undefined],
    ['invalid params, context window exceeds limit (2013)', undefined, undefined],
    ['Prompt exceeds max length', undefined, undefined],
    ['litellm.ContextWindowExceededError: too long', undefined, undefined],
    ['Your input exceeds the context window of this model.', undefined, undefined],
    ['maximum context length is 9999999999 tokens', undefined, undefined],
  ])('finds the sizes in %j', (message, countedTokens, tokenLimit) => {
    const { reason, facts } = http(400, { message });
    expect(reason).toBe('CONTEXT_TOO_LONG');
    expect(facts.countedTokens).toBe(countedTokens);
    expect(facts.tokenLimit).toBe(tokenLimit);
  });

  it('takes the sizes from fields of their own', () => {
    const error = { code: 400, type: 'exceed_context_size_error', n_prompt_tokens: 50, n_ctx: 40 };
    expect(http(400, error).facts).toMatchObject({ countedTokens: 50, tokenLimit: 40 });
  });

  it('keeps code, request id and wait', () => {
    const headers = { 'x-request-id': 'req_abc-1', 'retry-after': 'Fri, 20 Nov 2026 00:00:02 GMT' };
    expect(
      http(429, { code: 'rate_limit_exceeded', type: 'requests' }, headers).facts,
    ).toMatchObject({
      upstreamStatus: 429,
      upstreamCode: 'rate_limit_exceeded',
      upstreamRequestId: 'req_abc-1',
      retryAfterMs: 2_000,
      quotaSubject: 'upstream requests',
    });
  });

  it('keeps when a limit comes round, and of no other failure', () => {
    const metadata = { headers: { 'X-RateLimit-Reset': String(NOW + 9_000) } };
    const error = { code: 429, metadata };
    expect(http(429, error).facts.retryAfterMs).toBe(9_000);
    expect(http(503, error).facts).not.toHaveProperty('retryAfterMs');
    expect(http(429, error, { 'retry-after': '2' }).facts.retryAfterMs).toBe(2_000);
  });

  it('keeps what the upstream says of another try', () => {
    expect(http(500, {}, { 'x-should-retry': 'false' }).facts.shouldRetry).toBe(false);
    expect(http(400, {}, { 'x-should-retry': 'true' }).facts.shouldRetry).toBe(true);
    expect(http(500).facts).not.toHaveProperty('shouldRetry');
  });

  it('knows when it is asked to send less', () => {
    expect(http(429, { code: 'slow_down' }).facts.slowDown).toBe(true);
    expect(http(503, { code: null, type: 'slow_down' }).facts.slowDown).toBe(true);
    expect(inStream({ code: 'slow_down' }).facts.slowDown).toBe(true);
    expect(http(429, { code: 'rate_limit_exceeded' }).facts).not.toHaveProperty('slowDown');
  });

  it('knows a request that is larger than the tokens of a minute, with the numbers', () => {
    const message =
      'Request too large for gpt-4o in organization org-acme on tokens per min (TPM): Limit 30000, ' +
      'Requested 36055. The input or output tokens must be reduced in order to run successfully.';
    const error = http(429, { type: 'tokens', code: 'rate_limit_exceeded', message });
    expect(error).toMatchObject({
      reason: 'RATE_LIMIT_EXCEEDED',
      retryable: false,
      message: expect.stringMatching(/36055 tokens.*30000 a minute/),
      facts: { countedTokens: 36_055, tokenLimit: 30_000, neverFits: true, shouldRetry: false },
    });
    expect(error.message).not.toContain('acme');
  });

  it.each([
    'Rate limit reached for gpt-4o on tokens per min (TPM): Limit 30000, Used 29000, Requested 2000.',
    'Rate limit reached for gpt-4o on requests per min (RPM): Limit 3, Used 3, Requested 4.',
    'Request too large for gpt-4o on tokens per min (TPM).',
  ])('takes for a limit that passes: %s', (message) => {
    const error = http(429, { type: 'tokens', code: 'rate_limit_exceeded', message });
    expect(error.retryable).toBe(true);
    expect(error.facts).not.toHaveProperty('neverFits');
  });

  it('takes a lack of flex capacity for a limit that passes', () => {
    const error = http(429, { code: 'resource_unavailable', message: 'Resource unavailable' });
    expect(error.reason).toBe('RATE_LIMIT_EXCEEDED');
    expect(error.kind.retryable).toBe(true);
  });

  it('names the type where there is no code', () => {
    expect(http(500, { code: null, type: 'server_error' }).facts.upstreamCode).toBe('server_error');
  });

  it.each(['has space', 'x'.repeat(65), 'sk-abcdefgh12345678', 'näh', ''])(
    'drops a code that is no plain identifier: %j',
    (code) => {
      expect(http(400, { code }).facts).not.toHaveProperty('upstreamCode');
    },
  );

  it.each(['a b', 'x'.repeat(129), 'a.b', ''])('drops a request id such as %j', (id) => {
    expect(http(400, {}, { 'x-request-id': id }).facts).not.toHaveProperty('upstreamRequestId');
  });

  it.each([
    ['max_completion_tokens', 'request.max_tokens'],
    ['max_tokens', 'request.max_tokens'],
    ['temperature', 'request.temperature'],
    ['reasoning_effort', 'request.reasoning_effort'],
    ['reasoning.effort', 'request.reasoning_effort'],
    ['messages', 'request.messages'],
    ['messages[2].content', 'request.messages[2].content'],
    ['messages.[2].content', 'request.messages[2].content'],
    ['messages.2.role', 'request.messages[2].role'],
    ['messages[2]', 'request.messages[2]'],
    ['messages.[0].content.[1].image_url.url', 'request.messages[0].parts[1].image'],
    ['messages[0].content[1].text', 'request.messages[0].parts[1].text'],
    ['messages[0].content[1].type', 'request.messages[0].parts[1]'],
    ['messages[1].tool_calls[0].function.arguments', 'request.messages[1].tool_calls[0].arguments'],
    ['messages[1].tool_calls[0].id', 'request.messages[1].tool_calls[0].id'],
    ['messages[1].tool_calls[0].type', 'request.messages[1].tool_calls[0]'],
    ['messages[3].tool_call_id', 'request.messages[3].tool_call_id'],
    ['tools[0].function.parameters', 'request.tools[0].input_schema'],
    ['tools[0].function.parameters.properties.a', 'request.tools[0].input_schema'],
    ['tools[0].function.name', 'request.tools[0].name'],
    ['tools[0].type', 'request.tools[0]'],
    ['tool_choice', 'request.tool_choice'],
    ['tool_choice.function.name', 'request.tool_choice.function_name'],
    ['response_format', 'request.response_format'],
    ['response_format.json_schema.schema', 'request.response_format.json_schema.schema'],
    ['response_format.json_schema', 'request.response_format.json_schema'],
    ['logit_bias.50256', 'request.logit_bias'],
    ['stop[1]', 'request.stop[1]'],
    ['max_output_tokens', 'request.max_tokens'],
    ['input', 'request.messages'],
    ['input[3].content[0].image_url', 'request.messages'],
    ['tools[1].parameters', 'request.tools[1].input_schema'],
    ['tools[1].strict', 'request.tools[1].strict'],
    ['tool_choice.name', 'request.tool_choice.function_name'],
    ['text.format.schema', 'request.response_format.json_schema.schema'],
    ['text.format.type', 'request.response_format'],
    ['text.format', 'request.response_format'],
    ['text.verbosity', 'request.verbosity'],
  ])('reads param %s as %s', (param, field) => {
    const refused = http(400, { code: 'invalid_value', param }).facts.fieldViolations;
    expect(refused).toEqual([{ field, description: 'was refused by the upstream' }]);
    const unsupported = http(400, { code: 'unsupported_parameter', param }).facts.fieldViolations;
    expect(unsupported).toEqual([
      { field, description: 'is not supported by the model or the upstream' },
    ]);
  });

  it('names a parameter of which the contract knows nothing', () => {
    expect(http(400, { param: 'stream_options.x[1]' }).facts.fieldViolations).toEqual([
      {
        field: 'request',
        description: 'was refused by the upstream: its parameter stream_options.x[1]',
      },
    ]);
  });

  it.each(['your prompt said secret', 'x'.repeat(65), 'sk-abcdefgh12345678'])(
    'does not repeat a parameter such as %j',
    (param) => {
      expect(http(400, { param }).facts.fieldViolations).toEqual([
        { field: 'request', description: 'was refused by the upstream' },
      ]);
    },
  );

  it('names the request where no parameter was named', () => {
    expect(http(400, { param: null }).facts.fieldViolations).toEqual([
      { field: 'request', description: 'was refused by the upstream' },
    ]);
  });
});

describe('fromHttpResponse: cause', () => {
  const causeOf = (error: ProviderError) => (error.cause as Error).message;

  it('tells the log what came, and not what it said: servers quote prompts and keys', () => {
    const body = JSON.stringify({ error: { message: 'XYZZY', code: 'bad_gateway', type: 'oops' } });
    expect(causeOf(fromHttpResponse(500, {}, body, 'm'))).toBe(
      `HTTP 500 bad_gateway oops, ${body.length} characters`,
    );
    expect(causeOf(fromHttpResponse(502, {}, '<html>', 'm'))).toBe('HTTP 502, 6 characters');
  });
});

describe('fromErrorObject', () => {
  it.each<[unknown, ErrorReason]>([
    [{ type: 'server_error', code: null }, 'SERVICE_UNAVAILABLE'],
    [{ code: 'server_error' }, 'SERVICE_UNAVAILABLE'],
    [{ code: 'server_is_overloaded' }, 'SERVICE_UNAVAILABLE'],
    [{ type: 'server_error', code: 'never_seen' }, 'SERVICE_UNAVAILABLE'],
    [{ code: 502, message: 'Provider returned error' }, 'SERVICE_UNAVAILABLE'],
    [{ code: 'engine_unavailable' }, 'SERVICE_UNAVAILABLE'],
    [{ type: 'model_error' }, 'SERVICE_UNAVAILABLE'],
    [{ code: 'rate_limit_exceeded' }, 'RATE_LIMIT_EXCEEDED'],
    [{ type: 'requests_rate_limit_exceeded' }, 'RATE_LIMIT_EXCEEDED'],
    [{ code: 'unsupported_feature' }, 'UNSUPPORTED_PARAMETER'],
    [{ type: 'validation_error' }, 'INVALID_REQUEST'],
    [{ code: 'preprocess_failed' }, 'INVALID_REQUEST'],
    [{ code: 10013, message: '输入内容审核不通过，涉嫌违规' }, 'CONTENT_FILTERED'],
    [{ code: 'slow_down' }, 'RATE_LIMIT_EXCEEDED'],
    [{ code: 'insufficient_quota' }, 'QUOTA_EXCEEDED'],
    [{ code: 'invalid_api_key' }, 'INVALID_API_KEY'],
    [{ error: { code: 'content_filter' } }, 'CONTENT_FILTERED'],
    [{ message: 'maximum context length is 9 tokens' }, 'CONTEXT_TOO_LONG'],
    [{ type: 'invalid_request_error' }, 'INVALID_REQUEST'],
    [{ code: 'never_seen' }, 'PROVIDER_ERROR'],
    ['it broke', 'PROVIDER_ERROR'],
    [undefined, 'PROVIDER_ERROR'],
    [null, 'PROVIDER_ERROR'],
  ])('reads %j as %s', (error, reason) => {
    expect(inStream(error).reason).toBe(reason);
    expect(inStream(error, 200).reason).toBe(reason);
  });

  it('lets the status of a failed response decide', () => {
    const error = inStream({ code: 'never_seen' }, 503);
    expect(error.reason).toBe('SERVICE_UNAVAILABLE');
    expect(error.facts).toMatchObject({ upstreamStatus: 503, upstreamRequestId: 'req_1' });
  });

  it('takes the status that stands in the error, where the response has none', () => {
    const error = inStream({ object: 'error', message: 'slower', code: 429 });
    expect(error).toMatchObject({ reason: 'RATE_LIMIT_EXCEEDED', facts: { upstreamStatus: 429 } });
    expect(inStream({ code: 502 }, 200).facts.upstreamStatus).toBe(200);
  });

  it('tells the log its code and type, and not what it said', () => {
    const error = { message: 'XYZZY', code: 'bad code!', type: 'server_error' };
    expect(inStream(error).cause).toMatchObject({
      message: 'an error object server_error, 5 characters',
    });
    expect(inStream(undefined).cause).toMatchObject({ message: 'an error object, 0 characters' });
  });
});

describe('hostile upstreams', () => {
  const visible = (error: ProviderError) => {
    // The caller alone sees its words.
    const { cause: _cause, upstreamMessage: _words, ...facts } = error.facts;
    return JSON.stringify([error.message, facts]);
  };

  it('never makes the translation throw', () => {
    const body = fc.oneof(
      fc.string(),
      fc.json(),
      fc.anything().map((v) => `${JSON.stringify({ error: v })}`),
    );
    fc.assert(
      fc.property(fc.integer(), body, fc.anything(), (status, text, object) => {
        expect(fromHttpResponse(status, {}, text, 'm').reason).toMatch(/^[A-Z_]+$/);
        expect(inStream(object).reason).toMatch(/^[A-Z_]+$/);
      }),
    );
  });

  it('shows nothing of what it says but numbers and identifiers', () => {
    // A marker that no sentence of this provider contains, in words that are recognised.
    const secret = fc.string({ unit: 'grapheme', minLength: 8 }).map((s) => `¶${s.slice(0, 7)}¶ `);
    const words = fc.constantFrom(
      'maximum context length is 10 tokens',
      'Unsupported',
      'not supported',
      'sk-abcdefgh12345678',
    );
    const text = fc.tuple(secret, words).map(([s, w]) => `${w} ${s}`);
    const status = fc.constantFrom(200, 400, 401, 404, 413, 422, 429, 500);
    const error = fc.record({ message: text, type: text, code: text, param: text });
    fc.assert(
      fc.property(status, error, text, (code, wire, id) => {
        const headers = { 'x-request-id': id, 'retry-after': id };
        for (const shown of [
          visible(fromHttpResponse(code, headers, JSON.stringify({ error: wire }), 'm')),
          visible(fromHttpResponse(code, headers, wire.message, 'm')),
          visible(fromErrorObject(wire, { requestId: id, model: 'm', status: code })),
        ]) {
          expect(shown).not.toContain('¶');
          expect(shown).not.toContain('sk-');
        }
      }),
    );
  });

  it('shows no 8 characters of its message', () => {
    const message = fc.string({ minLength: 8, maxLength: 200 });
    fc.assert(
      fc.property(fc.integer({ min: 200, max: 599 }), message, (status, said) => {
        const own = visible(http(status, { message: '' }));
        const shown = visible(http(status, { message: said }));
        for (let i = 0; i + 8 <= said.length; i++) {
          const piece = said.slice(i, i + 8);
          if (!own.includes(piece)) expect(shown).not.toContain(piece);
        }
      }),
    );
  });
});
