import { describe, expect, it } from '@jest/globals';
import { ERROR_KINDS } from '../../src/core/error-kinds.ts';
import { FALLBACK_REASONS } from '../../src/request/route/options.ts';
import { load, problems } from '../support/config.ts';

describe('time-outs', () => {
  it.each([
    ['auto', 'auto'],
    ['10s', 10_000],
    ['1500', 1_500],
  ])('take %s for the first token', (written, ms) => {
    expect(load(`timeouts: {firstToken: ${written}}`).timeouts.firstTokenMs).toBe(ms);
  });

  it('have other values for some models, in the order of the file', () => {
    const yaml =
      'timeouts: {models: {"o*": {firstToken: 20m, connect: 1s}, a: {}, "*": {idle: 1s}}}';
    const { models } = load(yaml).timeouts;
    expect(Object.entries(models)).toEqual([
      ['o*', { firstTokenMs: 1_200_000, connectMs: 1_000 }],
      ['a', {}],
      ['*', { idleMs: 1_000 }],
    ]);
  });

  it.each([
    ['firstToken: 0', 'firstToken', 'must be auto, or a duration from 1ms to 24d'],
    ['firstToken: automatic', 'firstToken', 'must be auto, or a duration from 1ms to 24d'],
    ['models: {a: {idle: 25d}}', 'models.a.idle', 'must be auto, or a duration from 1ms to 24d'],
    ['models: {a: {models: {}}}', 'models.a.models', 'unknown key'],
    ['models: {"a b": {}}', 'models."a b"', 'must have the name or a pattern of models'],
    ['models: []', 'models', 'must be a group of keys'],
  ])('are explained where they are wrong (%s)', (yaml, path, message) => {
    expect(problems(`timeouts: {${yaml}}`)).toEqual([
      {
        path: `timeouts.${path}`,
        message: expect.stringContaining(message),
        source: 'config.yaml',
      },
    ]);
  });
});

describe('hedging', () => {
  it.each([
    ['off', 'off'],
    ['p95', { share: 0.95 }],
    ['p50', { share: 0.5 }],
    ['2s', { ms: 2_000 }],
    ['1500', { ms: 1_500 }],
  ])('takes %s for how long an attempt may be silent', (written, after) => {
    expect(load(`hedge: {after: ${written}}`).hedge).toEqual({
      after,
      to: 'chain',
      maxShare: 0.05,
      models: {},
    });
  });

  it('is off unless it is configured, and other for some models', () => {
    expect(load('').hedge.after).toBe('off');
    const yaml = 'hedge: {to: same, maxShare: 1, models: {"o*": {after: p99}, "*": {to: chain}}}';
    expect(load(yaml).hedge).toEqual({
      after: 'off',
      to: 'same',
      maxShare: 1,
      models: { 'o*': { after: { share: 0.99 } }, '*': { to: 'chain' } },
    });
  });

  it.each([
    ['after: p100', 'after', 'must be off, a percentile from p50 to p99, or a duration from 1ms'],
    ['after: p49', 'after', 'must be off, a percentile'],
    ['after: 0', 'after', 'must be off, a percentile'],
    ['to: elsewhere', 'to', 'must be one of chain, same'],
    ['maxShare: 0', 'maxShare', 'must be a number above 0, at most 1'],
    ['maxShare: 5', 'maxShare', 'must be a number above 0, at most 1'],
    ['models: {a: {maxShare: 1}}', 'models.a.maxShare', 'unknown key'],
    ['models: {a: {after: true}}', 'models.a.after', 'must be off, a percentile'],
  ])('is explained where it is wrong (%s)', (yaml, path, message) => {
    expect(problems(`hedge: {${yaml}}`)).toEqual([
      { path: `hedge.${path}`, message: expect.stringContaining(message), source: 'config.yaml' },
    ]);
  });
});

describe('retries, circuits and rates', () => {
  it('are read as they are written', () => {
    const yaml = `
retryPolicy: {maxAttempts: 1, baseDelay: 1s, maxDelay: 1s, budget: {ratio: 0, minimum: 0}}
circuitBreaker: {enabled: false, failureShare: 1, minimumAttempts: 1, window: 1d, openFor: 1ms}
rateLimiting: {enabled: false, requestsPerMinute: 1, tokensPerMinute: 2147483647, maxQueued: 0, maxHold: 30s}
overload: {maxCalls: 1, maxEventLoopDelay: 10ms, maxHeapShare: 1}
`;
    expect(load(yaml)).toMatchObject({
      retryPolicy: {
        maxAttempts: 1,
        baseDelayMs: 1_000,
        maxDelayMs: 1_000,
        budget: { ratio: 0, minimum: 0 },
      },
      circuitBreaker: {
        enabled: false,
        failureShare: 1,
        minimumAttempts: 1,
        windowMs: 86_400_000,
        openForMs: 1,
      },
      rateLimiting: {
        enabled: false,
        requestsPerMinute: 1,
        tokensPerMinute: 2_147_483_647,
        maxConcurrent: 1_000,
        maxQueued: 0,
        maxHoldMs: 30_000,
      },
      overload: { maxCalls: 1, maxEventLoopDelayMs: 10, maxRequestShare: 0.25, maxHeapShare: 1 },
    });
  });

  it.each([
    ['retryPolicy: {maxAttempts: 11}', 'retryPolicy.maxAttempts', 'a whole number from 1 to 10'],
    ['retryPolicy: {baseDelay: 0}', 'retryPolicy.baseDelay', 'a duration from 1ms to 24d'],
    ['retryPolicy: {budget: {ratio: 1.1}}', 'retryPolicy.budget.ratio', 'a number from 0 to 1'],
    ['circuitBreaker: {failureShare: 0}', 'circuitBreaker.failureShare', 'above 0, at most 1'],
    ['circuitBreaker: {failureShare: 50}', 'circuitBreaker.failureShare', 'above 0, at most 1'],
    ['circuitBreaker: {window: 999ms}', 'circuitBreaker.window', 'a duration from 1s to 1d'],
    ['rateLimiting: {requestsPerDay: 0}', 'rateLimiting.requestsPerDay', 'from 1 to 2147483647'],
    ['rateLimiting: {maxConcurrent: 0}', 'rateLimiting.maxConcurrent', 'from 1 to 100000'],
    ['overload: {maxHeapShare: 1.5}', 'overload.maxHeapShare', 'above 0, at most 1'],
    ['overload: {maxCalls: 0}', 'overload.maxCalls', 'a whole number from 1 to 1000000'],
  ])('are explained where they are wrong (%s)', (yaml, path, message) => {
    expect(problems(yaml)).toEqual([
      { path, message: expect.stringContaining(message), source: 'config.yaml' },
    ]);
  });

  it('keep the longest wait of a retry from being shorter than the first, beside other problems', () => {
    expect(problems('retryPolicy: {baseDelay: 9s, maxAttempts: 0, budgte: {}}')).toEqual([
      {
        path: 'retryPolicy.maxAttempts',
        message: 'must be a whole number from 1 to 10',
        source: 'config.yaml',
      },
      {
        path: 'retryPolicy.budgte',
        message: 'unknown key; did you mean budget?',
        source: 'config.yaml',
      },
      {
        path: 'retryPolicy.maxDelay',
        message: 'must not be shorter than retryPolicy.baseDelay',
        source: 'config.yaml',
      },
    ]);
  });
});

describe('fallback', () => {
  it('follows the failures that the provider goes on after by default', () => {
    expect(load('').fallback.on).toEqual(FALLBACK_REASONS);
    expect(load('fallback: {on: []}').fallback.on).toEqual([]);
  });

  it.each(Object.keys(ERROR_KINDS))('follows %s or refuses it by name', (reason) => {
    const isAllowed =
      FALLBACK_REASONS.some((allowed) => allowed === reason) ||
      ['BUDGET_EXCEEDED', 'UNSUPPORTED_PARAMETER'].includes(reason);
    expect(problems(`fallback: {on: [${reason}]}`)).toMatchObject(
      isAllowed
        ? []
        : [
            {
              path: 'fallback.on[0]',
              message: expect.stringMatching(/^must be one of RATE_LIMIT/),
            },
          ],
    );
  });

  it('has chains of routes, in the order of the file', () => {
    const yaml =
      'fallback: {chains: {"gpt-5-nano": [], "gpt-5*": [azure, meta-llama/llama-4], "*": [a/b]}}';
    expect(Object.entries(load(yaml).fallback.chains)).toEqual([
      ['gpt-5-nano', []],
      ['gpt-5*', ['azure', 'meta-llama/llama-4']],
      ['*', ['a/b']],
    ]);
  });

  it.each([
    [`{a: [${'b, '.repeat(9)}]}`, '.a', 'must be a list of at most 8 routes'],
    ['{a: b}', '.a', 'must be a list of at most 8 routes'],
    ['{a: [""]}', '.a[0]', 'must be visible ASCII characters without a space, at most 256'],
    ['{"": [b]}', '.""', 'must have the name or a pattern of models'],
    ['{a: azure/gpt-5.4}', '.a', 'must be a list of at most 8 routes'],
  ])('refuses the chains %s', (chains, path, message) => {
    expect(problems(`fallback: {chains: ${chains}}`)).toEqual([
      { path: `fallback.chains${path}`, message, source: 'config.yaml' },
    ]);
  });
});
