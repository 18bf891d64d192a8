import { describe, expect, it } from '@jest/globals';
import { readErrorObject } from '../../../src/openai/errors/error-object.ts';

describe('what an error says beside its words', () => {
  it.each<[object, object]>([
    [{ code: 429 }, { statusCode: 429 }],
    [{ code: '503' }, { statusCode: 503 }],
    [{ status_code: 400.5, http_status: 500 }, { statusCode: 500 }],
    [{ raw_status_code: 404 }, { statusCode: 404 }],
    [
      { n_prompt_tokens: 9000, n_ctx: '8192' },
      { promptTokens: 9000, contextTokens: 8192 },
    ],
    [{ details: [{ reason: 'API_KEY_INVALID' }] }, { innerCode: 'API_KEY_INVALID' }],
    [{ details: [{}, { retryDelay: '1.5s' }] }, { retryAfterMs: 1500 }],
    [{ retry_after_ms: 250 }, { retryAfterMs: 250 }],
    [{ metadata: { retry_after_seconds: 9 } }, { retryAfterMs: 9_000 }],
    [{ retryAfter: '2025-05-02T12:00:00Z' }, { resetAt: 1_746_187_200_000 }],
  ])('%j', (error, read) => {
    expect(readErrorObject({ message: 'm', ...error }, {})).toMatchObject(read);
  });

  it.each<object>([
    { code: 200 },
    { code: '42' },
    { status: 'NOT_FOUND' },
    { n_prompt_tokens: 0, n_ctx: 2 ** 31 },
    { n_ctx: true },
    { n_ctx: { toString: 1, valueOf: 1 } },
    { n_prompt_tokens: [{ toString: 1 }] },
    { details: [{ retryDelay: 'soon' }, {}] },
  ])('says none of it: %j', (error) => {
    const read = readErrorObject({ message: 'm', ...error }, {});
    for (const name of ['statusCode', 'promptTokens', 'contextTokens', 'retryAfterMs']) {
      expect(read).not.toHaveProperty(name);
    }
    expect(read.innerCode).toBe('');
  });

  it('is no way to a field through what is neither a name nor a number', () => {
    const detail = [{ msg: 'm', loc: ['body', { toString: 1 }, 'messages', [[1]], 0] }];
    expect(readErrorObject({ detail }, {})).toMatchObject({
      message: 'messages.0: m',
      param: 'messages.0',
    });
  });

  it('is no more than the status outside', () => {
    expect(readErrorObject({ message: 'm' }, { status: 404 })).toMatchObject({
      statusCode: 404,
    });
  });
});
