import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { BudgetState } from '../../../src/core/budget-state.ts';
import { type CallRecord, newCallRecord } from '../../../src/core/call-record.ts';
import { ERROR_KINDS, type ErrorReason } from '../../../src/core/error-kinds.ts';
import { type ErrorFacts, ProviderError } from '../../../src/core/errors.ts';
import type { StatusFacts } from '../../../src/server/errors/details.ts';
import { toStatus } from '../../../src/server/errors/status.ts';
import { codePoint } from '../../support/code-points.ts';
import { fewOrMany } from '../../support/long.ts';
import { decodeStatus, detailsOf } from './decode-status.ts';

const REASONS = Object.keys(ERROR_KINDS) as ErrorReason[];
const facts = { callId: 'call-1', traceId: 'trace-1', lastSequence: 0 };

const messageOf = (message: string) =>
  toStatus(new ProviderError('PROVIDER_ERROR', { message }), facts).details;

describe('the message', () => {
  it.each([
    ['exactly the cap', 'x'.repeat(1024), 'x'.repeat(1024)],
    ['one byte too many', 'x'.repeat(1025), 'x'.repeat(1024)],
    ['an emoji across the cap', `${'x'.repeat(1021)}😀`, 'x'.repeat(1021)],
    ['an emoji right before the cap', `${'x'.repeat(1020)}😀`, `${'x'.repeat(1020)}😀`],
    ['an emoji that slicing by units would split', `${'x'.repeat(1023)}😀`, 'x'.repeat(1023)],
    ['a lone surrogate', 'cut \ud83d here', 'cut \ufffd here'],
    ['line breaks and control characters', 'a\r\nb\u0000c\u2028d\u007f', 'a  b c d '],
  ])('with %s stays sendable', (_case, message, expected) => {
    expect(messageOf(message)).toBe(expected);
  });

  it('is shorter where percent-encoding would blow it up', () => {
    expect(messageOf('€'.repeat(1000))).toBe('€'.repeat(227));
  });
});

describe('field violations', () => {
  const violations = (length: number, description = 'must be between 0 and 2') =>
    Array.from({ length }, (_, i) => ({ field: `request.messages[${i}].role`, description }));

  function sent(fieldViolations: ErrorFacts['fieldViolations'], record = newCallRecord(0)) {
    const error = new ProviderError('INVALID_REQUEST', { fieldViolations: fieldViolations ?? [] });
    const status = toStatus(error, { ...facts, record });
    expect(detailsOf(status).length).toBeLessThanOrEqual(4096);
    return decodeStatus(status);
  }

  it('of which there are too many keep the first ones and say how many more there are', () => {
    const fitted = sent(violations(1000)).badRequest?.fieldViolations ?? [];
    const kept = fitted.slice(0, -1);
    expect(kept.length).toBeGreaterThan(40);
    expect(kept.map(({ field }) => field)).toEqual(
      violations(kept.length).map(({ field }) => field),
    );
    expect(fitted.at(-1)).toMatchObject({ field: '', description: `${1000 - kept.length} more` });
  });

  it('use the room there is', () => {
    const error = new ProviderError('INVALID_REQUEST', { fieldViolations: violations(1000) });
    expect(detailsOf(toStatus(error, facts)).length).toBeGreaterThan(3900);
  });

  it('are all sent up to the last that fits', () => {
    for (let length = 1; length < 100; length += 1) {
      const fitted = sent(violations(length)).badRequest?.fieldViolations ?? [];
      const last = fitted.at(-1)?.description ?? '';
      const more = last.endsWith(' more') ? Number.parseInt(last, 10) - 1 : 0;
      expect(fitted.length + more).toBe(length);
      expect(more).not.toBe(-1);
    }
  });

  it('keep the first even if it is enormous, and each is cut between code points', () => {
    const [first, second] =
      sent([
        { field: '😀'.repeat(5000), description: `${'é'.repeat(5000)}\ud83d` },
        { field: 'x'.repeat(10_000), description: 'second' },
      ]).badRequest?.fieldViolations ?? [];
    expect(first).toMatchObject({ field: '😀'.repeat(64), description: 'é'.repeat(128) });
    expect(second).toMatchObject({ field: 'x'.repeat(256), description: 'second' });
  });

  it('push the failed attempts out if not even the first has room beside them', () => {
    const huge = 'x'.repeat(10_000);
    const record = { ...newCallRecord(0), model: huge, failedAttempts: hugeAttempts() };
    const fieldViolations = Array(3).fill({ field: huge, description: huge });
    const error = new ProviderError('INVALID_REQUEST', { message: huge, fieldViolations });
    const status = toStatus(error, { ...facts, traceId: huge, record });
    expect(detailsOf(status).length).toBeLessThanOrEqual(4096);
    const { badRequest, failureInfo } = decodeStatus(status);
    expect(failureInfo?.failedAttempts).toEqual([]);
    expect(badRequest?.fieldViolations.length).toBe(3);
  });
});

function hugeAttempts(): CallRecord['failedAttempts'] {
  return Array.from({ length: 20 }, (_, i) => ({
    attempt: i + 1,
    target: 't'.repeat(10_000),
    model: 'm'.repeat(10_000),
    reason: 'TIMEOUT' as const,
    upstreamStatus: 504,
    upstreamRequestId: 'r'.repeat(10_000),
    durationMs: 1e12,
  }));
}

it('caps model names and ids of any length', () => {
  const huge = 'm'.repeat(10_240);
  const record = { ...newCallRecord(0), model: huge, upstreamRequestId: huge };
  const error = new ProviderError('MODEL_NOT_FOUND', { upstreamCode: huge, replacement: huge });
  const status = toStatus(error, { ...facts, callId: huge, traceId: huge, record });
  const { errorInfo, requestInfo, resourceInfo } = decodeStatus(status);
  const capped = 'm'.repeat(128);
  expect(errorInfo?.metadata).toMatchObject({
    model: capped,
    upstream_code: capped,
    upstream_request_id: capped,
    trace_id: capped,
  });
  expect(requestInfo?.requestId).toBe(capped);
  expect(resourceInfo).toMatchObject({
    resourceName: capped,
    description: `Use ${capped} instead.`,
  });
});

const MARK = '\u2603CAUSE';
const text = fc.oneof(
  fc.string({ unit: codePoint, maxLength: 40 }),
  fc.constantFrom('', '😀'.repeat(3000), 'x'.repeat(10_240), `${'x'.repeat(1023)}\ud83d`, '\n\0'),
);
const number = fc.oneof(fc.integer(), fc.double(), fc.constantFrom(2 ** 53, -1, 0));

const money = fc.bigInt({ min: 0n, max: 10n ** 24n });
const shares = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 1000 });

const budget: fc.Arbitrary<BudgetState> = fc.record({
  name: text,
  scope: fc.constantFrom('all', 'user', 'project', 'model'),
  subject: text,
  period: fc.constantFrom('day', 'month', 'total'),
  limit: money,
  spent: money,
  reserved: money,
  startsAt: number,
  resetsAt: number,
  alertThresholds: shares,
  alertsRaised: shares,
  shared: fc.boolean(),
});

const errorFacts: fc.Arbitrary<ErrorFacts> = fc.record(
  {
    message: text,
    upstreamMessage: text,
    fieldViolations: fc.array(fc.record({ field: text, description: text }), { maxLength: 300 }),
    retryAfterMs: number,
    upstreamStatus: number,
    upstreamCode: text,
    upstreamRequestId: text,
    model: text,
    replacement: text,
    timeoutPhase: fc.constantFrom('connect', 'headers', 'first_token', 'idle'),
    countedTokens: number,
    tokenLimit: number,
    quotaSubject: text,
    budget,
    cause: fc.constant(new Error(MARK, { cause: MARK })),
  },
  { requiredKeys: ['cause'] },
);

const failedAttempt = fc.record({
  attempt: number,
  target: text,
  model: text,
  reason: fc.constantFrom(...REASONS),
  upstreamStatus: number,
  upstreamRequestId: text,
  durationMs: number,
});

const statusFacts: fc.Arbitrary<StatusFacts> = fc.record(
  {
    callId: text,
    traceId: text,
    lastSequence: number,
    record: fc.record({
      startedAt: number,
      target: text,
      model: text,
      attempts: number,
      numbers: fc.record({ last: number }),
      upstreamRequestId: text,
      upstreamStatus: number,
      queuedMs: number,
      backoffMs: number,
      charges: fc.constant([]),
      warnings: fc.constant([]),
      attemptLog: fc.constant([]),
      failedAttempts: fc.array(failedAttempt, { maxLength: 20 }),
      usage: fc.record({
        inputTokens: number,
        outputTokens: number,
        totalTokens: number,
        cacheReadTokens: number,
        cacheWriteTokens: number,
        reasoningTokens: number,
        estimated: fc.boolean(),
      }),
      cost: fc.record({
        picoDollars: money,
        catalogueVersion: text,
        estimated: fc.boolean(),
        unpriced: fc.boolean(),
      }),
    }),
  },
  { requiredKeys: ['callId', 'traceId', 'lastSequence'] },
);

it('keeps every failure within the caps, well-formed and without its cause', () => {
  fc.assert(
    fc.property(fc.constantFrom(...REASONS), errorFacts, statusFacts, (reason, known, call) => {
      const status = toStatus(new ProviderError(reason, known), call);
      const { details: message, metadata } = status;
      const bytes = detailsOf(status);
      expect(bytes.length).toBeLessThanOrEqual(4096);
      expect(Buffer.byteLength(message)).toBeLessThanOrEqual(1024);
      expect(
        encodeURI(message).length + JSON.stringify(metadata.toHttp2Headers()).length,
      ).toBeLessThan(8192);
      expect(message.isWellFormed()).toBe(true);
      expect(message).not.toMatch(/\p{Cc}/u);
      expect(bytes.includes(MARK) || message.includes(MARK)).toBe(false);
      const decoded = decodeStatus(status);
      expect(decoded.names).toEqual([
        'ErrorInfo',
        'RequestInfo',
        'FailureInfo',
        ...ERROR_KINDS[reason].details,
      ]);
      expect(decoded.errorInfo?.reason).toBe(reason);
    }),
    { numRuns: fewOrMany(200, 1000) },
  );
});
