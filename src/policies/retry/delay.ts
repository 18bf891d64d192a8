import { type ErrorFacts, ProviderError } from '../../core/errors.ts';
import type { RetryOptions } from './options.ts';

/** Share of a wait that was asked for, by which callers are spread behind it. */
const SPREAD = 0.1;

/** Longest wait that an upstream's fault is taken to last, in ms. */
const LONGEST_CREDIBLE_MS = 60_000;

/** How much longer than others an attempt waits whose upstream asks to be sent less. */
const SLOW_DOWN = 4;

/**
 * How long to wait before the next attempt, in whole ms: what the upstream asks for and a little
 * more, so that many callers do not come back in the same millisecond; else exponential back-off
 * with full jitter. https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
 *
 * @param attempts made so far, 1 or more
 * @param random in [0, 1)
 */
export function retryDelayMs(
  facts: Pick<ErrorFacts, 'retryAfterMs' | 'slowDown' | 'upstreamStatus'>,
  attempts: number,
  options: Pick<RetryOptions, 'baseDelayMs' | 'maxDelayMs'>,
  random: () => number,
): number {
  const ceiling = Math.min(options.maxDelayMs, options.baseDelayMs * 2 ** (attempts - 1));
  if (isFault(facts)) return lengthened(facts.retryAfterMs ?? 0, ceiling, options, random);
  const asked = facts.retryAfterMs ?? 0;
  const honoured = asked + random() * Math.min(asked * SPREAD, options.baseDelayMs);
  if (facts.slowDown === true) return Math.ceil(Math.max(honoured, slow(ceiling, random)));
  // A wait of 0 is none: all callers would come back at once.
  return Math.ceil(asked > 0 ? honoured : random() * ceiling);
}

/**
 * Whether the upstream failed, rather than refused: a limit comes round when the upstream says, but of
 * its recovery it knows no more than anybody.
 */
function isFault({ upstreamStatus = 0 }: ErrorFacts): boolean {
  return upstreamStatus >= 500;
}

/**
 * The error as callers see it: after a fault they are told to wait no longer than a minute, whatever the
 * upstream asks for.
 */
export function withCredibleWait(error: ProviderError): ProviderError {
  const { retryAfterMs = 0 } = error.facts;
  if (!isFault(error.facts) || retryAfterMs <= LONGEST_CREDIBLE_MS) return error;
  return new ProviderError(error.reason, { ...error.facts, retryAfterMs: LONGEST_CREDIBLE_MS });
}

/** The back-off, or what is asked for where that is longer, yet no longer than a back-off may be. */
function lengthened(
  asked: number,
  ceiling: number,
  { maxDelayMs }: Pick<RetryOptions, 'maxDelayMs'>,
  random: () => number,
): number {
  const share = random();
  const honoured = Math.min(maxDelayMs, asked + share * asked * SPREAD);
  return Math.ceil(Math.max(honoured, share * ceiling));
}

/** What of a wait was asked for or chosen, without the spread that callers are given behind it. */
export function withoutSpread(waitMs: number, { retryAfterMs }: ErrorFacts): number {
  return retryAfterMs !== undefined && waitMs <= retryAfterMs * (1 + SPREAD) + 1
    ? Math.min(waitMs, retryAfterMs)
    : waitMs;
}

/** Between half of the longer wait and the whole: no caller is lucky. */
function slow(ceiling: number, random: () => number): number {
  return SLOW_DOWN * ceiling * (0.5 + random() / 2);
}
