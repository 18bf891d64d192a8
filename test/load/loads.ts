import type { Conduct, Load, Upstream } from './world.ts';

/** A good answer: first output after 300 to 800 ms, the end `longMs` to 1.5 times that later. */
const good =
  (longMs: number): Upstream =>
  (_at, random) => {
    const firstMs = 300 + 500 * random();
    return { firstMs, totalMs: firstMs + longMs * (1 + random() / 2) };
  };

const FAILS: Conduct = { fails: 'SERVICE_UNAVAILABLE' };
const RESETS: Conduct = { fails: 'NETWORK_ERROR', afterMs: 5 };

const sometimes =
  (share: number, worse: Conduct, better: Upstream): Upstream =>
  (at, random) =>
    random() < share ? worse : better(at, random);

/** Up and down by turns, up first. */
const turns =
  (everyMs: number, up: Upstream, down: Conduct, offset = 0): Upstream =>
  (at, random) =>
    Math.floor(at / everyMs) % 2 === offset ? up(at, random) : down;

/** Takes so many requests a second, and refuses the others; it may say when to come back. */
function limited(perSecond: number, up: Upstream, tells = true): Upstream {
  let tokens = perSecond;
  let last = 0;
  return (at, random) => {
    tokens = Math.min(perSecond, tokens + ((at - last) / 1_000) * perSecond);
    last = at;
    if (tokens < 1) {
      return {
        fails: 'RATE_LIMIT_EXCEEDED',
        ...(tells && { retryAfterMs: Math.ceil(((1 - tokens) / perSecond) * 1_000) }),
      };
    }
    tokens -= 1;
    return up(at, random);
  };
}

/** A load, what a client that knows everything would reach, and why. */
export interface Row {
  readonly what: string;
  readonly load: () => Load;
  /** Share of calls that an ideal client serves, within its deadline. */
  readonly ideal: number;
}

const base = { callsPerSecond: 20, seconds: 60, deadlineMs: 60_000 };

export const ROWS: readonly Row[] = [
  {
    what: 'answers of 8 to 12 s, of which every tenth request gets an instant 503',
    load: () => ({ ...base, upstreams: { default: sometimes(0.1, FAILS, good(8_000)) } }),
    ideal: 0.999,
  },
  {
    what: 'the same, with the first output only at the end',
    load: () => ({
      ...base,
      upstreams: {
        default: sometimes(0.1, FAILS, (_at, random) => {
          const totalMs = 8_000 + 4_000 * random();
          return { firstMs: totalMs - 10, totalMs };
        }),
      },
    }),
    ideal: 0.999,
  },
  {
    what: 'a silent primary with a healthy backup, callers with 30 s',
    load: () => ({
      ...base,
      deadlineMs: 30_000,
      upstreams: { default: () => 'silence', azure: good(2_000) },
    }),
    ideal: 1,
  },
  {
    what: 'a silent primary with a healthy backup, callers with 15 s',
    load: () => ({
      ...base,
      deadlineMs: 15_000,
      upstreams: { default: () => 'silence', azure: good(2_000) },
    }),
    ideal: 1,
  },
  ...[2, 3, 5, 7, 11, 30].map((seconds) => ({
    what: `two targets, one of them always up, changing every ${seconds} s`,
    load: (): Load => ({
      ...base,
      upstreams: {
        default: turns(seconds * 1_000, good(1_000), FAILS, 0),
        azure: turns(seconds * 1_000, good(1_000), FAILS, 1),
      },
    }),
    ideal: 1,
  })),
  {
    what: '3 s of resets in an otherwise healthy upstream, callers with 30 s',
    load: () => ({
      ...base,
      deadlineMs: 30_000,
      upstreams: {
        default: (at, random) => (at > 20_000 && at < 23_000 ? RESETS : good(2_000)(at, random)),
      },
    }),
    ideal: 1,
  },
  {
    what: 'an upstream that flaps: up for 4 s, down for 1 s, callers with 30 s',
    load: () => ({
      ...base,
      deadlineMs: 30_000,
      upstreams: {
        default: (at, random) => (at % 5_000 < 4_000 ? good(2_000)(at, random) : FAILS),
      },
    }),
    // Who comes in the first third of a down second, before ten failures tell of it, and has spent three
    // attempts with random waits by then, could not know: 0.3% of the calls.
    ideal: 0.997,
  },
  {
    what: '30% of errors without a backup',
    load: () => ({ ...base, upstreams: { default: sometimes(0.3, FAILS, good(2_000)) } }),
    // Three attempts: all but 2.7% of the calls.
    ideal: 0.973,
  },
  {
    what: '30% of errors without a backup, callers with 5 s',
    load: () => ({
      ...base,
      deadlineMs: 5_000,
      upstreams: { default: sometimes(0.3, FAILS, good(1_000)) },
    }),
    ideal: 0.973,
  },
  {
    what: '40% of errors, and answers of 5 to 7 s',
    load: () => ({ ...base, upstreams: { default: sometimes(0.4, FAILS, good(5_000)) } }),
    // Three attempts: all but 6.4%.
    ideal: 0.936,
  },
  {
    what: 'three targets, one silent, one that fails, one healthy',
    load: () => ({
      ...base,
      deadlineMs: 30_000,
      upstreams: { default: () => 'silence', azure: () => FAILS, third: good(2_000) },
    }),
    ideal: 1,
  },
  {
    what: '30% of errors with a backup',
    load: () => ({
      ...base,
      upstreams: { default: sometimes(0.3, FAILS, good(2_000)), azure: good(2_000) },
    }),
    ideal: 1,
  },
  {
    what: 'a limit of 15 requests a second under 20 calls a second',
    load: () => ({
      ...base,
      deadlineMs: 15_000,
      upstreams: { default: limited(15, good(1_000)) },
    }),
    // 15 of 20, and the deadline of the last.
    ideal: 0.75,
  },
  {
    what: 'the same limit, of which the refusals tell nothing',
    load: () => ({
      ...base,
      deadlineMs: 15_000,
      upstreams: { default: limited(15, good(1_000), false) },
    }),
    ideal: 0.75,
  },
  {
    what: 'slow tokens: answers of a minute',
    load: () => ({ ...base, deadlineMs: 600_000, upstreams: { default: good(60_000) } }),
    ideal: 1,
  },
  {
    what: 'every second request is met with silence, with a healthy backup',
    load: () => ({
      ...base,
      deadlineMs: 30_000,
      upstreams: { default: sometimes(0.5, 'silence', good(2_000)), azure: good(2_000) },
    }),
    ideal: 1,
  },
  {
    what: 'every fifth answer breaks off in the middle',
    load: () => ({
      ...base,
      upstreams: {
        default: sometimes(0.2, { firstMs: 400, totalMs: 2_000, breaksMs: 1_000 }, good(2_000)),
      },
    }),
    ideal: 0.992,
  },
];
