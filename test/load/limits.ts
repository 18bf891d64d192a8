import type { Upstream } from './load.ts';
import { atRate, base, type Row } from './row.ts';
import { bucket, byKey, good, knee, limited } from './upstreams.ts';

/** Refuses everything for 20 s from the tenth on, and asks for such a wait. */
const asking =
  (retryAfterMs: number): Upstream =>
  (at, ...rest) =>
    at < 10_000 || at > 30_000
      ? good(2_000)(at, ...rest)
      : { fails: 'RATE_LIMIT_EXCEEDED', retryAfterMs };

/** Upstreams that take so much and no more, and several keys. */
export const LIMITS: readonly Row[] = [
  {
    what: 'a limit of 15 requests a second under 20 calls a second',
    load: () => ({
      ...base,
      deadlineMs: 15_000,
      upstreams: { default: limited(15, good(1_000)) },
    }),
    ideal: atRate(15, 15),
  },
  {
    what: 'the same limit, of which the refusals tell nothing',
    load: () => ({
      ...base,
      deadlineMs: 15_000,
      upstreams: { default: limited(15, good(1_000), false) },
    }),
    ideal: atRate(15, 15),
  },
  {
    what: 'two keys, each with a limit of 12 requests a second',
    load: () => ({
      ...base,
      deadlineMs: 15_000,
      keys: 2,
      upstreams: { default: byKey(limited(12, good(1_000)), limited(12, good(1_000))) },
    }),
    ideal: 1,
  },
  {
    what: 'two keys, one of which is refused with a wait of half a minute whenever it is used',
    load: () => ({
      ...base,
      deadlineMs: 15_000,
      keys: 2,
      upstreams: {
        default: byKey(() => ({ fails: 'RATE_LIMIT_EXCEEDED', retryAfterMs: 30_000 }), good(1_000)),
      },
    }),
    ideal: 1,
    also: {
      'the refused one is asked once in 30 s': ({ requests, calls }) => requests - calls < 30,
    },
  },
  {
    what: 'a limit of 300 requests a minute of which the headers tell',
    load: () => ({
      ...base,
      deadlineMs: 15_000,
      upstreams: { default: bucket(300, good(1_000)) },
    }),
    ideal: atRate(5, 300),
    also: { 'hardly one is refused': ({ requests, succeeded }) => requests - succeeded < 10 },
  },
  {
    what: '20 s of 429s that ask for a day, with a backup',
    load: () => ({
      ...base,
      upstreams: { default: asking(86_400_000), azure: good(2_000) },
    }),
    ideal: 1,
  },
  {
    what: '20 s of 429s that ask for a day, without one, for 5 minutes',
    load: () => ({
      ...base,
      callsPerSecond: 5,
      seconds: 300,
      upstreams: { default: asking(86_400_000) },
    }),
    // It is believed for two minutes: who comes in the first of these cannot wait for the end.
    ideal: 0.8,
    // One or two 429s are taken for stray ones.
    learning: 0.02,
  },
  {
    what: 'twice what an upstream can do that shares its speed among all requests above 20',
    load: () => ({
      ...base,
      callsPerSecond: 40,
      deadlineMs: 15_000,
      upstreams: { default: knee(20, 1_000) },
    }),
    ideal: atRate(20, 20),
    // First outputs that take four times as long come from 160 at once; twice as many were sent when they come.
    learning: 0.06,
  },
];
