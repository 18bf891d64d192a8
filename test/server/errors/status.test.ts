import { status as grpcStatus } from '@grpc/grpc-js';
import { describe, expect, it } from '@jest/globals';
import { newCallRecord } from '../../../src/core/call-record.ts';
import { ERROR_KINDS, type ErrorReason } from '../../../src/core/error-kinds.ts';
import { ProviderError } from '../../../src/core/errors.ts';
import { toStatus } from '../../../src/server/errors/status.ts';
import { decodeStatus, detailsOf } from './decode-status.ts';

const facts = { callId: 'call-1', traceId: 'trace-1', lastSequence: 3 };
const REASONS = Object.keys(ERROR_KINDS) as ErrorReason[];

const pushbackOf = (error: ProviderError) =>
  toStatus(error, facts).metadata.get('grpc-retry-pushback-ms');

describe.each(REASONS)('%s', (reason) => {
  const kind = ERROR_KINDS[reason];

  it('has the code and the message of its kind, in the status and in the details', () => {
    const sent = toStatus(new ProviderError(reason), facts);
    const code = grpcStatus[kind.code];
    expect(sent).toMatchObject({ code, details: kind.message });
    expect(decodeStatus(sent)).toMatchObject({ code, message: kind.message });
  });

  it('always brings ErrorInfo, RequestInfo and FailureInfo, then those of its kind', () => {
    const sent = decodeStatus(toStatus(new ProviderError(reason), facts));
    expect(sent.names).toEqual(['ErrorInfo', 'RequestInfo', 'FailureInfo', ...kind.details]);
    expect(sent.errorInfo).toEqual({
      reason,
      domain: 'provider.tamma.dev',
      metadata: {
        provider: 'openai',
        retryable: String(kind.retryable),
        severity: kind.severity,
        attempts: '0',
        trace_id: 'trace-1',
      },
    });
    expect(sent.requestInfo).toEqual({ requestId: 'call-1', servingData: '' });
    expect(sent.failureInfo).toMatchObject({ attempts: 0, lastSequence: 3, failedAttempts: [] });
  });
});

describe("the upstream's words", () => {
  const words = 'The image is too small. It has 2 pixels.';

  it('are in FailureInfo, and their first sentence in the message', () => {
    const error = new ProviderError('INVALID_REQUEST', { upstreamMessage: words });
    const sent = toStatus(error, facts);
    expect(sent.details).toBe(
      'The request is not valid. The upstream says: The image is too small.',
    );
    expect(decodeStatus(sent).failureInfo?.upstreamMessage).toBe(words);
  });

  it('are quoted as far as 256 bytes where they have no end', () => {
    const endless = 'word '.repeat(100).trim();
    const error = new ProviderError('INVALID_REQUEST', { upstreamMessage: endless });
    const { details } = toStatus(error, facts);
    expect(details).toBe(`The request is not valid. The upstream says: ${endless.slice(0, 256)}`);
  });

  it('are left out of what a bug is told with', () => {
    const sent = toStatus(new ProviderError('INTERNAL', { upstreamMessage: words }), facts);
    expect(sent.details).toBe(ERROR_KINDS.INTERNAL.message);
  });
});

it('tells clients not to retry what never fits', () => {
  const error = new ProviderError('RATE_LIMIT_EXCEEDED', {
    neverFits: true,
    countedTokens: 36_055,
    tokenLimit: 30_000,
  });
  const status = toStatus(error, facts);
  expect(status.metadata.get('grpc-retry-pushback-ms')).toEqual(['-1']);
  const sent = decodeStatus(status);
  expect(sent.names).toEqual(['ErrorInfo', 'RequestInfo', 'FailureInfo', 'QuotaFailure']);
  expect(sent.errorInfo?.metadata.retryable).toBe('false');
  expect(sent.failureInfo).toMatchObject({ countedTokens: 36_055, tokenLimit: 30_000 });
});

describe('ErrorInfo', () => {
  it('tells all that is known', () => {
    const record = { ...newCallRecord(0), model: 'of the record', attempts: 2 };
    const error = new ProviderError('TIMEOUT', {
      model: 'gpt-5',
      upstreamStatus: 504,
      upstreamCode: 'gateway_timeout',
      upstreamRequestId: 'req_1',
      timeoutPhase: 'first_token',
    });
    expect(decodeStatus(toStatus(error, { ...facts, record })).errorInfo?.metadata).toEqual({
      provider: 'openai',
      model: 'gpt-5',
      retryable: 'true',
      severity: 'high',
      attempts: '2',
      upstream_status: '504',
      upstream_code: 'gateway_timeout',
      upstream_request_id: 'req_1',
      trace_id: 'trace-1',
      timeout_phase: 'first_token',
    });
  });

  it('takes from the record what the error does not know', () => {
    const record = { ...newCallRecord(0), model: 'gpt-5', upstreamRequestId: 'req_2' };
    const sent = decodeStatus(
      toStatus(new ProviderError('CANCELLED'), { ...facts, traceId: '', record }),
    );
    expect(sent.errorInfo?.metadata).toMatchObject({
      model: 'gpt-5',
      upstream_request_id: 'req_2',
    });
    expect(sent.errorInfo?.metadata).not.toHaveProperty('trace_id');
  });
});

describe('FailureInfo', () => {
  it('tells what happened before the failure', () => {
    const usage = {
      inputTokens: 5,
      outputTokens: 2 ** 33,
      totalTokens: 2 ** 33,
      cacheReadTokens: 0,
      cacheWriteTokens: 0,
      reasoningTokens: 0,
      estimated: true,
    };
    const failedAttempts = Array.from({ length: 11 }, (_, i) => ({
      attempt: i + 1,
      target: 'default',
      model: 'gpt-5',
      reason: 'NETWORK_ERROR' as const,
      durationMs: 5,
    }));
    const record = { ...newCallRecord(0), attempts: 12, usage, failedAttempts };
    const error = new ProviderError('TIMEOUT', {
      timeoutPhase: 'idle',
      countedTokens: 9,
      tokenLimit: 8,
    });
    const { failureInfo } = decodeStatus(toStatus(error, { ...facts, record }));
    expect(failureInfo).toMatchObject({
      reason: 15,
      attempts: 12,
      lastSequence: 3,
      partialUsage: { ...usage, outputTokens: 2 ** 31 - 1, totalTokens: 2 ** 31 - 1 },
      timeoutPhase: 4,
      countedTokens: 9,
      tokenLimit: 8,
    });
    expect(failureInfo?.failedAttempts.map(({ attempt }) => attempt)).toEqual([
      4, 5, 6, 7, 8, 9, 10, 11,
    ]);
  });
});

describe('RetryInfo and the pushback trailer', () => {
  it.each([
    [0, '0', { seconds: 0n, nanos: 0 }],
    [1500, '1500', { seconds: 1n, nanos: 500_000_000 }],
    [0.2, '1', { seconds: 0n, nanos: 1_000_000 }],
    [-3, '0', { seconds: 0n, nanos: 0 }],
    [1e12, '2147483647', { seconds: 2_147_483n, nanos: 647_000_000 }],
  ])('say %p ms alike, whole and within int32', (retryAfterMs, pushback, retryDelay) => {
    const error = new ProviderError('SERVICE_UNAVAILABLE', { retryAfterMs });
    expect(decodeStatus(toStatus(error, facts)).retryInfo).toEqual({ retryDelay });
    expect(pushbackOf(error)).toEqual([pushback]);
  });

  it.each([undefined, Number.NaN])(
    'guess a second for the delay %p and leave clients their own back-off',
    (retryAfterMs) => {
      const known = retryAfterMs === undefined ? {} : { retryAfterMs };
      const error = new ProviderError('CIRCUIT_OPEN', known);
      const { retryInfo } = decodeStatus(toStatus(error, facts));
      expect(retryInfo).toEqual({ retryDelay: { seconds: 1n, nanos: 0 } });
      expect(pushbackOf(error)).toEqual([]);
    },
  );

  it.each<ErrorReason>(['QUOTA_EXCEEDED', 'BUDGET_EXCEEDED'])('forbid to retry %s', (reason) => {
    expect(pushbackOf(new ProviderError(reason, { retryAfterMs: 5 }))).toEqual(['-1']);
  });

  it('are not sent with what does not get better by waiting', () => {
    expect(pushbackOf(new ProviderError('STREAM_INTERRUPTED', { retryAfterMs: 5 }))).toEqual([]);
  });
});

describe('QuotaFailure', () => {
  it.each<[ErrorReason, string | undefined, string]>([
    ['RATE_LIMIT_EXCEEDED', undefined, 'upstream rate limit'],
    ['RATE_LIMIT_EXCEEDED', 'requests per minute', 'requests per minute'],
    ['BUDGET_EXCEEDED', undefined, 'budget'],
    ['BUDGET_EXCEEDED', 'team-a', 'team-a'],
  ])('of %s with the subject %p names %p', (reason, quotaSubject, subject) => {
    const known = quotaSubject === undefined ? {} : { quotaSubject };
    const error = new ProviderError(reason, { message: 'It is spent.', ...known });
    const { quotaFailure } = decodeStatus(toStatus(error, facts));
    expect(quotaFailure?.violations).toEqual([
      expect.objectContaining({ subject, description: 'It is spent.' }),
    ]);
  });
});

describe('ResourceInfo', () => {
  it('names the model and its replacement', () => {
    const error = new ProviderError('MODEL_NOT_FOUND', { model: 'gpt-1', replacement: 'gpt-5' });
    expect(decodeStatus(toStatus(error, facts)).resourceInfo).toEqual({
      resourceType: 'model',
      resourceName: 'gpt-1',
      owner: '',
      description: 'Use gpt-5 instead.',
    });
  });

  it('repeats the message where no replacement is known', () => {
    const error = new ProviderError('MODEL_NOT_FOUND', { model: 'gpt-1' });
    expect(decodeStatus(toStatus(error, facts)).resourceInfo).toMatchObject({
      description: ERROR_KINDS.MODEL_NOT_FOUND.message,
    });
  });
});

it('reports every bad field', () => {
  const fieldViolations = [
    { field: 'request.seed', description: 'must be between -(2^53-1) and 2^53-1' },
    { field: 'request.messages[0].role', description: 'must be set' },
  ];
  const error = new ProviderError('INVALID_REQUEST', { fieldViolations });
  expect(decodeStatus(toStatus(error, facts)).badRequest?.fieldViolations).toEqual(
    fieldViolations.map((v) => ({ ...v, reason: '', localizedMessage: undefined })),
  );
});

describe('a bug of ours', () => {
  it('says nothing but that it is one', () => {
    const thrown = new TypeError('secret of the cause');
    for (const error of [
      ProviderError.from(thrown),
      new ProviderError('INTERNAL', { message: 'secret of the message', cause: thrown }),
    ]) {
      const sent = toStatus(error, facts);
      expect(sent).toMatchObject({ code: 13, details: ERROR_KINDS.INTERNAL.message });
      expect(detailsOf(sent).includes('secret')).toBe(false);
      expect(decodeStatus(sent).message).toBe(ERROR_KINDS.INTERNAL.message);
    }
  });
});
