import type { ErrorFacts } from '../../core/errors.ts';
import type { RetryOptions } from './options.ts';

/** Share of a wait that was asked for, by which callers are spread behind it. */
const SPREAD = 0.1;

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
  facts: Pick<ErrorFacts, 'retryAfterMs' | 'slowDown' | 'staleConnection'>,
  attempts: number,
  options: Pick<RetryOptions, 'baseDelayMs' | 'maxDelayMs'>,
  random: () => number,
): number {
  if (isFree(facts, attempts)) return 0;
  const asked = facts.retryAfterMs ?? 0;
  const honoured = asked + random() * Math.min(asked * SPREAD, options.baseDelayMs);
  const ceiling = Math.min(options.maxDelayMs, options.baseDelayMs * 2 ** (attempts - 1));
  if (facts.slowDown === true) return Math.ceil(Math.max(honoured, slow(ceiling, random)));
  // A wait of 0 is none: all callers would come back at once.
  return Math.ceil(asked > 0 ? honoured : random() * ceiling);
}

/**
 * Whether another attempt costs the upstream nothing: the one before met a connection that the server
 * had closed for being idle. A second such failure is no coincidence any more.
 */
export function isFree({ staleConnection }: ErrorFacts, attempts: number): boolean {
  return staleConnection === true && attempts === 1;
}

/** Between half of the longer wait and the whole: no caller is lucky. */
function slow(ceiling: number, random: () => number): number {
  return SLOW_DOWN * ceiling * (0.5 + random() / 2);
}
