import type { Load, Upstream } from './load.ts';

/** First output after 300 to 800 ms, and of a share of the requests 10 s later. */
export const slowTail =
  (share: number): Upstream =>
  (_at, random) => {
    const firstMs = 300 + 500 * random() + (random() < share ? 10_000 : 0);
    return { firstMs, totalMs: firstMs + 1_000 };
  };

/** First outputs spread as in life, log-normally around 500 ms, and a share of them 20 times as late. */
export const spreadTail =
  (share: number): Upstream =>
  (_at, random) => {
    const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
    const firstMs = 500 * Math.exp(normal / 2) * (random() < share ? 20 : 1);
    return { firstMs, totalMs: firstMs + 3_000 };
  };

/** `slowTail(0)` for a while, then ten times as slow for everybody. */
export const slowdown =
  (fromMs: number): Upstream =>
  (at, random) => {
    const firstMs = (300 + 500 * random()) * (at < fromMs ? 1 : 10);
    return { firstMs, totalMs: firstMs + 1_000 };
  };

export const LOAD: Omit<Load, 'upstreams'> = {
  callsPerSecond: 20,
  seconds: 120,
  deadlineMs: 60_000,
};

/** As `hedge: { after: p95, to: same }` says it. */
export const SAME = { after: { share: 0.95 }, to: 'same' } as const;
export const CHAIN = { after: { share: 0.95 }, to: 'chain' } as const;
