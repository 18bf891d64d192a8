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
      /** What it says then. Default: the connection breaks. */
      readonly breaksWith?: ErrorReason;
      /** What its headers say of the limit on requests. */
      readonly headroom?: Headroom;
      /** The project that it names for the key. */
      readonly account?: string;
    }
  | {
      readonly fails: ErrorReason;
      readonly afterMs?: number;
      readonly retryAfterMs?: number;
      readonly headroom?: Headroom;
      readonly account?: string;
    }
  /** Takes the request and says nothing. */
  | 'silence';

/** A request as its upstream sees it. */
export interface Asked {
  /** Position of the API key. */
  readonly key: number;
  /** Requests that this upstream works on, this one included. */
  readonly running: number;
  readonly model: string;
  /** For whom the call is made, which no request over HTTP tells. Undefined: nobody is named. */
  readonly user?: string | undefined;
}

/** Some of the calls of a load, who are not like the others. */
export interface CallKind {
  readonly name: string;
  /** Of the calls, 0 to 1. */
  readonly share: number;
  /** Default: `MODEL`. */
  readonly model?: string;
  /** Default: that of the load. */
  readonly deadlineMs?: number;
  /** For whom the calls are made. Default: nobody is named. */
  readonly user?: string;
}

/** What calls ask for if nothing is said, another one, and one that reasons. */
export const MODEL = 'gpt-4o';
export const OTHER_MODEL = 'gpt-4o-mini';
export const REASONING_MODEL = 'o4-mini';

/** @param atMs since the beginning of the load. @param random in [0, 1) */
export type Upstream = (atMs: number, random: () => number, asked: Asked) => Conduct;

/** A load on upstreams. Everything that is not said is as a user has it who configured nothing. */
export interface Load {
  /** The first is named `default`. Without `weights` the others are its fallbacks, in their order. */
  readonly upstreams: Readonly<Record<string, Upstream>>;
  readonly callsPerSecond: number;
  readonly seconds: number;
  readonly deadlineMs: number;
  /** What share of `callsPerSecond` comes at a time, 0 to 1. Default: all. */
  readonly pace?: (atMs: number) => number;
  /** So many calls at once, beside the others. */
  readonly burst?: { readonly atMs: number; readonly calls: number };
  /** The rest are ordinary. */
  readonly kinds?: readonly CallKind[];
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
  readonly kind: string;
}

export interface Result {
  readonly calls: number;
  readonly succeeded: number;
  /** Of the calls, 0 to 1. */
  readonly share: number;
  /** The same of each kind, and of the `ordinary` calls. */
  readonly shareOf: Readonly<Record<string, number>>;
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

const ORDINARY: CallKind = { name: 'ordinary', share: 1 };

/** A call that is to come. */
export interface Arrival {
  /** From the beginning of the load. */
  readonly atMs: number;
  readonly kind: CallKind;
}

/** Poisson arrivals, in their order. */
export function arrivals(load: Load, random: () => number): Arrival[] {
  const { callsPerSecond, seconds, pace, burst } = load;
  const times: number[] = Array.from({ length: burst?.calls ?? 0 }, () => burst?.atMs ?? 0);
  for (let at = 0; ; ) {
    at += (-Math.log(1 - random()) * 1_000) / callsPerSecond;
    if (at >= seconds * 1_000) break;
    if (pace === undefined || random() < pace(at)) times.push(at);
  }
  return times
    .sort((a, b) => a - b)
    .map((atMs) => ({ atMs, kind: load.kinds ? kindOf(load.kinds, random()) : ORDINARY }));
}

function kindOf(kinds: readonly CallKind[], chance: number): CallKind {
  let from = 0;
  for (const kind of kinds) {
    from += kind.share;
    if (chance < from) return kind;
  }
  return ORDINARY;
}

/** @param requestsOf by upstream */
export function sum(
  ends: readonly CallEnd[],
  requestsOf: Readonly<Record<string, number>>,
): Result {
  const reasons: Record<string, number> = {};
  for (const { reason } of ends) reasons[reason] = (reasons[reason] ?? 0) + 1;
  const succeeded = reasons.OK ?? 0;
  const shareOf: Record<string, number> = {};
  for (const [kind, all] of Map.groupBy(ends, ({ kind }) => kind)) {
    shareOf[kind] = all.filter(({ reason }) => reason === 'OK').length / all.length;
  }
  const firsts = ends
    .filter(({ reason }) => reason === 'OK')
    .map(({ firstMs }) => firstMs)
    .sort((a, b) => a - b);
  return {
    calls: ends.length,
    succeeded,
    share: succeeded / ends.length,
    shareOf,
    reasons,
    requests: Object.values(requestsOf).reduce((all, requests) => all + requests, 0),
    requestsOf,
    spoiled: ends.filter(({ spoiled }) => spoiled).length,
    firstP99Ms: Math.round(firsts[Math.floor(firsts.length * 0.99)] ?? Number.NaN),
  };
}
