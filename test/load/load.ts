import type { ErrorReason } from '../../src/core/error-kinds.ts';
import type { Headroom } from '../../src/core/rate-headroom.ts';
import type { BreakerOptions } from '../../src/policies/breaker/options.ts';
import type { HedgeOptions } from '../../src/policies/hedge/options.ts';
import type { RateLimitOptions } from '../../src/policies/rate-limit/options.ts';
import type { RetryOptions } from '../../src/policies/retry/options.ts';
import type { TimeoutOptions } from '../../src/policies/timeouts/options.ts';

/** What an upstream does with one request, at a moment. */
export type Conduct =
  /** First output and end, each after so many ms from the request. */
  | {
      readonly firstMs: number;
      readonly totalMs: number;
      readonly breaksMs?: number;
      /** What its headers say of the limit on requests. */
      readonly headroom?: Headroom;
    }
  | {
      readonly fails: ErrorReason;
      readonly afterMs?: number;
      readonly retryAfterMs?: number;
      readonly headroom?: Headroom;
    }
  /** Takes the request and says nothing. */
  | 'silence';

/** A request as its upstream sees it. */
export interface Asked {
  /** Position of the API key. */
  readonly key: number;
  /** Requests that this upstream works on, this one included. */
  readonly running: number;
}

/** @param atMs since the beginning of the load. @param random in [0, 1) */
export type Upstream = (atMs: number, random: () => number, asked: Asked) => Conduct;

/** A load on upstreams. Everything that is not said is as a user has it who configured nothing. */
export interface Load {
  /** The first is named `default`. Without `weights` the others are its fallbacks, in their order. */
  readonly upstreams: Readonly<Record<string, Upstream>>;
  readonly callsPerSecond: number;
  readonly seconds: number;
  readonly deadlineMs: number;
  readonly seed?: number;
  /** API keys of each upstream. Default: one. */
  readonly keys?: number;
  /** By upstream: the calls are spread over them, as `routes` does. */
  readonly weights?: Readonly<Record<string, number>>;
  /** For ablations. */
  readonly breaker?: Partial<BreakerOptions>;
  readonly rateLimit?: Partial<RateLimitOptions>;
  readonly retry?: Partial<RetryOptions>;
  readonly hedge?: Partial<HedgeOptions>;
  readonly timeouts?: Partial<TimeoutOptions>;
}

/** What became of one call. */
export interface CallEnd {
  /** `OK`, or why not. */
  readonly reason: string;
  /** It succeeded, and its answer was not whole, or said twice. */
  readonly spoiled: boolean;
  /** ms until its first output; NaN if there was none. */
  readonly firstMs: number;
}

export interface Result {
  readonly calls: number;
  readonly succeeded: number;
  /** Of the calls, 0 to 1. */
  readonly share: number;
  readonly reasons: Readonly<Record<string, number>>;
  readonly requests: number;
  /** By upstream. */
  readonly requestsOf: Readonly<Record<string, number>>;
  /** Answers that were not whole, or said twice. Must be 0. */
  readonly spoiled: number;
  /** Of those that succeeded, ms until 99 of a hundred had their first output. */
  readonly firstP99Ms: number;
}

const FIRST = 'Hello';
const LAST = ' you';
const WHOLE = /^Hello\.* you$/;
/** Between two pieces of an answer. */
const PIECE_MS = 5_000;

export const isWhole = (text: string): boolean => WHOLE.test(text);

/** The pieces of an answer, and after how many ms from the request each comes. */
export function* piecesOf({
  firstMs,
  totalMs,
}: {
  readonly firstMs: number;
  readonly totalMs: number;
}): Generator<{ readonly atMs: number; readonly text: string }> {
  yield { atMs: firstMs, text: FIRST };
  const count = Math.max(1, Math.ceil((totalMs - firstMs) / PIECE_MS));
  for (let piece = 1; piece <= count; piece += 1) {
    const atMs = firstMs + ((totalMs - firstMs) * piece) / count;
    yield { atMs, text: piece === count ? LAST : '.' };
  }
}

/** Until the headers of an answer, in ms. */
export const headersMs = ({ firstMs }: { readonly firstMs: number }): number =>
  Math.min(100, firstMs);

/** Poisson arrivals, in ms from the beginning. */
export function arrivals({ callsPerSecond, seconds }: Load, random: () => number): number[] {
  const times: number[] = [];
  for (let at = 0; ; ) {
    at += (-Math.log(1 - random()) * 1_000) / callsPerSecond;
    if (at >= seconds * 1_000) return times;
    times.push(at);
  }
}

/** @param requestsOf by upstream */
export function sum(
  ends: readonly CallEnd[],
  requestsOf: Readonly<Record<string, number>>,
): Result {
  const reasons: Record<string, number> = {};
  for (const { reason } of ends) reasons[reason] = (reasons[reason] ?? 0) + 1;
  const succeeded = reasons.OK ?? 0;
  const firsts = ends
    .filter(({ reason }) => reason === 'OK')
    .map(({ firstMs }) => firstMs)
    .sort((a, b) => a - b);
  return {
    calls: ends.length,
    succeeded,
    share: succeeded / ends.length,
    reasons,
    requests: Object.values(requestsOf).reduce((all, requests) => all + requests, 0),
    requestsOf,
    spoiled: ends.filter(({ spoiled }) => spoiled).length,
    firstP99Ms: Math.round(firsts[Math.floor(firsts.length * 0.99)] ?? Number.NaN),
  };
}
