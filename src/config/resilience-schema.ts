import { z } from 'zod';
import { byModel, flag, group, inMs, onceRight, overrides, token } from './fields.ts';
import {
  duration,
  MAX_INT32,
  numberWithin,
  optionalWholeNumber,
  share,
  wholeNumber,
} from './quantities.ts';
import { HOUR, LONGEST, MINUTE, SECOND } from './units.ts';

const MOST_ROUTES = 8;

/** Failures that say nothing against the request, and CONTEXT_TOO_LONG: some models take more. */
const DEFAULT_FALLBACK_ON = [
  'RATE_LIMIT_EXCEEDED',
  'QUOTA_EXCEEDED',
  'INVALID_API_KEY',
  'PERMISSION_DENIED',
  'MODEL_NOT_FOUND',
  'CONTEXT_TOO_LONG',
  'CIRCUIT_OPEN',
  'SERVICE_UNAVAILABLE',
  'NETWORK_ERROR',
  'TIMEOUT',
  'PROVIDER_ERROR',
] as const;

/** And two for those who want it. What was refused for its content or its form stays refused. */
const FALLBACK_ON = [...DEFAULT_FALLBACK_ON, 'BUDGET_EXCEEDED', 'UNSUPPORTED_PARAMETER'] as const;

export const retryPolicySchema = group({
  maxAttempts: wholeNumber(
    'Attempts at one target within one call, the first one included; probes of an open circuit that the call waits for come on top.',
    {
      min: 1,
      max: 10,
      default: 3,
    },
  ),
  baseDelay: duration(
    'Longest wait before the second attempt; it doubles from attempt to attempt.',
    { min: 1, max: LONGEST, default: 500 },
  ),
  maxDelay: duration('Longest wait, unless the upstream asks for a longer one.', {
    min: 1,
    max: LONGEST,
    default: 8 * SECOND,
  }),
  budget: group({
    ratio: numberWithin(0, 1)
      .default(0.2)
      .describe('Retries per call, over all calls. A number from 0 to 1; default 0.2.'),
    minimum: wholeNumber('Retries per second that may be made whatever the ratio says.', {
      min: 0,
      max: 1000,
      default: 10,
    }),
  })
    .prefault({})
    .describe('How many retries there may be, so that they do not add to an outage.'),
})
  .refine(({ baseDelay, maxDelay }) => baseDelay <= maxDelay, {
    path: ['maxDelay'],
    error: 'must not be shorter than retryPolicy.baseDelay',
    when: onceRight('baseDelay', 'maxDelay'),
  })
  .transform(({ maxAttempts, budget, ...delays }) => ({ maxAttempts, ...inMs(delays), budget }));

const breaker = {
  enabled: flag('Whether a target that fails is given time to recover.', true),
  failureShare: share()
    .default(0.5)
    .describe(
      'Share of failed attempts that opens the circuit. A number above 0, at most 1; default 0.5.',
    ),
  minimumAttempts: wholeNumber('Attempts within the window below which it stays closed.', {
    min: 1,
    max: 100_000,
    default: 10,
  }),
  window: duration('Time over which attempts are counted.', {
    min: SECOND,
    max: 24 * HOUR,
    default: 30 * SECOND,
  }),
  firstOpenFor: duration(
    'From a first opening of the circuit to the next probe, and up to twice as long; doubled with each opening that follows.',
    { min: 1, max: LONGEST, default: SECOND },
  ),
  openFor: duration('Longest time from an opening of the circuit to the next probe.', {
    min: 1,
    max: LONGEST,
    default: 10 * SECOND,
  }),
};

const maxWait = duration(
  'Longest wait of a call for open circuits that leave it nowhere to go; 0: it fails at once.',
  { min: 0, max: LONGEST, default: 5 * SECOND },
);

export const circuitBreakerSchema = group({ ...breaker, maxWait }).transform(
  ({ window, firstOpenFor, openFor, maxWait: longest, ...same }) => ({
    ...same,
    ...inMs({ window, firstOpenFor, openFor, maxWait: longest }),
  }),
);

/** What a target has other than everybody else. */
export const targetCircuitBreakerSchema = group(overrides(breaker)).transform(
  ({ window, firstOpenFor, openFor, ...same }) => ({
    ...same,
    ...(window === undefined ? {} : inMs({ window })),
    ...(firstOpenFor === undefined ? {} : inMs({ firstOpenFor })),
    ...(openFor === undefined ? {} : inMs({ openFor })),
  }),
);

const rateLimiting = {
  enabled: flag("Whether attempts wait where the upstream's limits would refuse them.", true),
  requestsPerMinute: optionalWholeNumber(
    'Requests per minute and model; left out: learned from the upstream.',
    { min: 1, max: MAX_INT32 },
  ),
  tokensPerMinute: optionalWholeNumber(
    'Tokens per minute and model, of input and expected output; left out: learned from the upstream.',
    { min: 1, max: MAX_INT32 },
  ),
  requestsPerDay: optionalWholeNumber(
    'Requests per day and model; left out: learned from the upstream.',
    { min: 1, max: MAX_INT32 },
  ),
  maxConcurrent: wholeNumber('Attempts per model that may run at once.', {
    min: 1,
    max: 100_000,
    default: 1000,
  }),
  maxQueued: wholeNumber('Attempts per model that may wait; one more is refused.', {
    min: 0,
    max: 100_000,
    default: 1000,
  }),
  maxHold: duration(
    'Longest wait that an upstream may mean; how long a longer one lasts is seen by trying, at least this often.',
    { min: SECOND, max: HOUR, default: 2 * MINUTE },
  ),
};

export const rateLimitingSchema = group(rateLimiting).transform(({ maxHold, ...same }) => ({
  ...same,
  ...inMs({ maxHold }),
}));

const routesError = `must be a list of at most ${MOST_ROUTES} routes`;

export const fallbackSchema = group({
  on: z
    .array(z.enum(FALLBACK_ON, `must be one of ${FALLBACK_ON.join(', ')}`), 'must be a list')
    .default([...DEFAULT_FALLBACK_ON])
    .describe(
      `Failures after which the next route is tried. A list of ${FALLBACK_ON.join(', ')}; default ${DEFAULT_FALLBACK_ON.join(', ')}.`,
    ),
  chains: byModel(z.array(token(), routesError).max(MOST_ROUTES, routesError))
    .default({})
    .describe(
      'Where calls go on that name no fallback_models, by model or pattern of models; the first that fits counts, and an empty one takes its models out of those behind it. A route is a model, the name of a target, or both: target/model; default {}.',
    ),
  maxWait: duration(
    'Longest wait for the same target while there is somewhere else to go; a longer one sends the call on.',
    { min: 0, max: LONGEST, default: 2 * SECOND },
  ),
}).transform(({ maxWait, ...same }) => ({ ...same, ...inMs({ maxWait }) }));
