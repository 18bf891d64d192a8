import type { Headroom } from '../../src/core/rate-headroom.ts';
import type { Conduct, Upstream } from './load.ts';

/** A good answer: first output after 300 to 800 ms, the end `longMs` to 1.5 times that later. */
export const good =
  (longMs: number): Upstream =>
  (_at, random) => {
    const firstMs = 300 + 500 * random();
    return { firstMs, totalMs: firstMs + longMs * (1 + random() / 2) };
  };

export const FAILS = { fails: 'SERVICE_UNAVAILABLE' } satisfies Conduct;
export const RESETS: Conduct = { fails: 'NETWORK_ERROR', afterMs: 5 };

export const sometimes =
  (share: number, worse: Conduct, better: Upstream): Upstream =>
  (at, random, asked) =>
    random() < share ? worse : better(at, random, asked);

/** Up and down by turns, up first. */
export const turns =
  (everyMs: number, up: Upstream, down: Conduct, offset = 0): Upstream =>
  (at, random, asked) =>
    Math.floor(at / everyMs) % 2 === offset ? up(at, random, asked) : down;

/** Takes so many requests a second, and refuses the others; it may say when to come back. */
export function limited(perSecond: number, up: Upstream, tells = true): Upstream {
  let tokens = perSecond;
  let last = 0;
  return (at, random, asked) => {
    tokens = Math.min(perSecond, tokens + ((at - last) / 1_000) * perSecond);
    last = at;
    if (tokens < 1) {
      return {
        fails: 'RATE_LIMIT_EXCEEDED',
        ...(tells && { retryAfterMs: Math.ceil(((1 - tokens) / perSecond) * 1_000) }),
      };
    }
    tokens -= 1;
    return up(at, random, asked);
  };
}

/** Refuses with 503s, which do not say when to come back. */
export const unavailable =
  (up: Upstream): Upstream =>
  (at, random, asked) => {
    const conduct = up(at, random, asked);
    return conduct !== 'silence' && 'fails' in conduct ? FAILS : conduct;
  };

/** Answers all of so many requests within a second, and of more the fewer the more there are: what fails is work, too. */
export function collapsing(perSecond: number, up: Upstream): Upstream {
  const sent: number[] = [];
  return (at, random, asked) => {
    while ((sent[0] ?? at) < at - 1_000) sent.shift();
    sent.push(at);
    const load = sent.length / perSecond;
    return load > 1 && random() >= Math.exp(1 - load) / load ? FAILS : up(at, random, asked);
  };
}

/**
 * A bucket of so many requests a minute, full at first, of which its headers tell. A refusal says when the next
 * request is taken.
 */
export function bucket(perMinute: number, up: Upstream): Upstream {
  let level = perMinute;
  let last = 0;
  return (at, random, asked) => {
    level = Math.min(perMinute, level + ((at - last) * perMinute) / 60_000);
    last = at;
    const isTaken = level >= 1;
    if (isTaken) level -= 1;
    const headroom = {
      limit: perMinute,
      remaining: Math.floor(level),
      resetMs: Math.ceil(((perMinute - level) / perMinute) * 60_000),
    };
    const conduct = up(at, random, asked);
    if (isTaken && typeof conduct === 'object') return { ...conduct, headroom };
    const retryAfterMs = Math.ceil(((1 - level) * 60_000) / perMinute);
    return { fails: 'RATE_LIMIT_EXCEEDED', retryAfterMs, headroom };
  };
}

/** Each key has an upstream of its own behind it, in the order of the keys. */
export const byKey =
  (...ups: readonly Upstream[]): Upstream =>
  (at, random, asked) =>
    (ups[asked.key] as Upstream)(at, random, asked);

/** Works on `knee` requests at full speed, and shares that among more: all take as much longer. */
export const knee =
  (many: number, longMs: number): Upstream =>
  (_at, random, { running }) => {
    const slowness = Math.max(1, running / many);
    const totalMs = longMs * (0.8 + 0.4 * random()) * slowness;
    return { firstMs: totalMs / 2, totalMs };
  };

/** Its headers tell this, whatever it does. */
const telling =
  (headroom: Headroom) =>
  (up: Upstream): Upstream =>
  (at, random, asked) => {
    const conduct = up(at, random, asked);
    return conduct === 'silence' ? conduct : { ...conduct, headroom };
  };

/** Nearly all of a large limit is left. */
export const plentiful = telling({ limit: 10_000, remaining: 9_900, resetMs: 600 });

/** Nothing is left for weeks. */
export const usedUp = telling({ limit: 1_000, remaining: 0, resetMs: 3_600_000_000 });

/** It names one project for whatever key. */
export const ofProject =
  (account: string, up: Upstream): Upstream =>
  (at, random, asked) => {
    const conduct = up(at, random, asked);
    return conduct === 'silence' ? conduct : { ...conduct, account };
  };

/** Works on so many requests at once, and refuses the others without a word about when to come back. */
export const atOnce =
  (many: number, up: Upstream): Upstream =>
  (at, random, asked) =>
    asked.running > many ? { fails: 'RATE_LIMIT_EXCEEDED' } : up(at, random, asked);

/** Another one between two times. */
export const between =
  (fromMs: number, toMs: number, during: Upstream, otherwise: Upstream): Upstream =>
  (at, random, asked) =>
    (at > fromMs && at < toMs ? during : otherwise)(at, random, asked);

/** Models have an upstream of their own behind it. */
export const byModel =
  (ups: Readonly<Record<string, Upstream>>, otherwise: Upstream): Upstream =>
  (at, random, asked) =>
    (ups[asked.model] ?? otherwise)(at, random, asked);

/** As `up`, so many times slower. */
export const slower =
  (times: number, up: Upstream): Upstream =>
  (at, random, asked) => {
    const conduct = up(at, random, asked);
    if (conduct === 'silence' || 'fails' in conduct) return conduct;
    return { ...conduct, firstMs: times * conduct.firstMs, totalMs: times * conduct.totalMs };
  };

/** As `up`, but for its first output, which comes so many times as late. */
export const late =
  (times: number, up: Upstream): Upstream =>
  (at, random, asked) => {
    const conduct = up(at, random, asked);
    if (conduct === 'silence' || 'fails' in conduct) return conduct;
    const firstMs = times * conduct.firstMs;
    return { ...conduct, firstMs, totalMs: conduct.totalMs + firstMs - conduct.firstMs };
  };

/** So many servers behind one address, of which one after the other is away for a while; its answers, of 8 s, break off. */
export const deployed =
  (servers: number, sinceMs: number, everyMs: number, awayMs: number): Upstream =>
  (at, random) => {
    const goneAt = sinceMs + Math.floor(random() * servers) * everyMs;
    if (at >= goneAt && at < goneAt + awayMs) return RESETS;
    const firstMs = 300 + 500 * random();
    const totalMs = firstMs + 8_000;
    const breaksMs = goneAt - at;
    return breaksMs > 0 && breaksMs < totalMs
      ? { firstMs, totalMs, breaksMs }
      : { firstMs, totalMs };
  };

/** Its refusals ask for this wait, whatever is meant. */
export const alwaysAsking =
  (retryAfterMs: number, up: Upstream): Upstream =>
  (at, random, asked) => {
    const conduct = up(at, random, asked);
    return conduct !== 'silence' && 'fails' in conduct ? { ...conduct, retryAfterMs } : conduct;
  };

/** Takes so many requests in each minute of the clock; a refusal tells, in whole seconds, when the next begins. */
export function eachMinute(many: number, up: Upstream): Upstream {
  let minute = 0;
  let taken = 0;
  return (at, random, asked) => {
    const now = Math.floor(at / 60_000);
    if (now > minute) {
      minute = now;
      taken = 0;
    }
    taken += 1;
    if (taken <= many) return up(at, random, asked);
    const retryAfterMs = 1_000 * Math.ceil(60 * (now + 1) - at / 1_000);
    return { fails: 'RATE_LIMIT_EXCEEDED', retryAfterMs };
  };
}
