import type { Load, Upstream } from './load.ts';
import { atRate, base, type Row } from './row.ts';
import {
  alwaysAsking,
  atOnce,
  between,
  bucket,
  byKey,
  eachMinute,
  FAILS,
  good,
  knee,
  limited,
  ofProject,
  plentiful,
  sometimes,
  unavailable,
  usedUp,
} from './upstreams.ts';

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
    what: 'the same limit, beside headers that tell of plenty',
    load: () => ({
      ...base,
      deadlineMs: 15_000,
      upstreams: { default: plentiful(limited(15, good(1_000))) },
    }),
    ideal: atRate(15, 15),
  },
  {
    what: 'the same limit, beside headers that tell of plenty and refusals that tell nothing',
    load: () => ({
      ...base,
      deadlineMs: 15_000,
      upstreams: { default: plentiful(limited(15, good(1_000), false)) },
    }),
    ideal: atRate(15, 15),
  },
  {
    what: 'the same limit, of which the refusals are 503s',
    load: () => ({
      ...base,
      deadlineMs: 15_000,
      upstreams: { default: unavailable(limited(15, good(1_000))) },
    }),
    ideal: atRate(15, 15),
  },
  ...[2, 20].map((seconds) => ({
    what: `the same limit, of which the refusals always ask for ${seconds} s`,
    load: (): Load => ({
      ...base,
      deadlineMs: 15_000,
      upstreams: { default: alwaysAsking(seconds * 1_000, limited(15, good(1_000))) },
    }),
    ideal: atRate(15, 15),
    // The first wait is tried after a second; whether it was meant shows when the answer begins.
    learning: 0.015,
  })),
  {
    what: '2 s of 429s that ask for a minute, callers with 30 s',
    load: () => ({
      ...base,
      deadlineMs: 30_000,
      upstreams: {
        default: between(
          10_000,
          12_000,
          () => ({ fails: 'RATE_LIMIT_EXCEEDED', retryAfterMs: 60_000 }),
          good(1_000),
        ),
      },
    }),
    ideal: 1,
  },
  {
    what: 'a limit of 300 requests in each minute, of which the refusals tell truly',
    load: () => ({
      ...base,
      callsPerSecond: 6,
      seconds: 300,
      deadlineMs: 120_000,
      upstreams: { default: eachMinute(300, good(1_000)) },
    }),
    // As many again can wait for the next two minutes.
    ideal: 1,
    also: { 'what is refused is a twentieth': ({ requests, calls }) => requests < 1.05 * calls },
  },
  {
    what: 'a limit of 15 requests a second that two keys of one project share',
    load: () => ({
      ...base,
      deadlineMs: 15_000,
      keys: 2,
      upstreams: { default: ofProject('proj_1', limited(15, good(1_000))) },
    }),
    ideal: atRate(15, 15),
  },
  ...[125, 625].map((offset) => ({
    what: `429s that tell nothing from ${offset} ms of a second on, for 2 s, under 40 calls a second`,
    load: (): Load => ({
      ...base,
      callsPerSecond: 40,
      deadlineMs: 15_000,
      upstreams: {
        default: between(
          10_000 + offset,
          12_000 + offset,
          () => ({ fails: 'RATE_LIMIT_EXCEEDED' }),
          good(1_000),
        ),
      },
    }),
    ideal: 1,
  })),
  {
    what: 'every third request is refused with a 429, whatever is sent',
    load: () => ({
      ...base,
      upstreams: {
        default: sometimes(1 / 3, { fails: 'RATE_LIMIT_EXCEEDED' }, good(1_000)),
      },
    }),
    // Three attempts: all but a twenty-seventh.
    ideal: 0.963,
  },
  ...[0.5, 0.7].map((share) => ({
    what: `${100 * share}% are refused with a 429, whatever is sent`,
    load: (): Load => ({
      ...base,
      upstreams: { default: sometimes(share, { fails: 'RATE_LIMIT_EXCEEDED' }, good(1_000)) },
    }),
    ideal: 1 - share ** 3,
  })),
  {
    what: '30% are refused with a 429 that asks for 1 s, whatever is sent, under 100 calls a second',
    load: () => ({
      ...base,
      callsPerSecond: 100,
      deadlineMs: 15_000,
      upstreams: {
        default: sometimes(0.3, { fails: 'RATE_LIMIT_EXCEEDED', retryAfterMs: 1_000 }, good(1_000)),
      },
    }),
    ideal: 1 - 0.3 ** 3,
  },
  {
    what: 'a limit of 100 requests a second that falls to 10 for 20 s, under 60 calls a second',
    load: () => ({
      ...base,
      callsPerSecond: 60,
      deadlineMs: 15_000,
      upstreams: {
        default: between(20_000, 40_000, limited(10, good(1_000)), limited(100, good(1_000))),
      },
    }),
    // 50 a second too many; of those of the last 12.7 s as many can wait for what is granted behind it.
    ideal: (calls) => 1 - (50 * 20 - 40 * 12.7) / calls,
    // Nobody knows that there will be more: whose turn does not come in time at the rate of now is told so at once.
    learning: 0.1,
  },
  {
    what: 'a limit of 60 requests a second that refuses all for 8 s, under 80, with 429s that tell nothing',
    load: () => ({
      ...base,
      callsPerSecond: 80,
      deadlineMs: 30_000,
      upstreams: {
        default: between(
          20_000,
          28_000,
          () => ({ fails: 'RATE_LIMIT_EXCEEDED' }),
          limited(60, good(1_000), false),
        ),
      },
    }),
    // 60 a second but for the 8 s, until the last whose answer may take 2.3 s can still be answered.
    ideal: (calls) => Math.min(1, (60 * (base.seconds - 8 + 27.7)) / calls),
    // Who would wait for too long at the rate of before is told so, and three attempts may be used up until it is over.
    learning: 0.17,
  },
  {
    what: 'no more than 20 requests at once, under 20 calls a second',
    load: () => ({ ...base, deadlineMs: 15_000, upstreams: { default: atOnce(20, good(1_000)) } }),
    // They take 1.8 s each.
    ideal: atRate(20 / 1.8, 0),
    // Whether there is room for one more shows by asking.
    learning: 0.04,
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
    what: 'three keys, with one of which every request gets a 503',
    load: () => ({
      ...base,
      keys: 3,
      upstreams: { default: byKey(good(1_000), () => FAILS, good(1_000)) },
    }),
    ideal: 1,
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
    ideal: 1,
  },
  {
    what: '20 s of 429s whose headers tell of a limit that is used up for weeks, for 5 minutes',
    load: () => ({
      ...base,
      callsPerSecond: 5,
      seconds: 300,
      upstreams: {
        default: between(
          10_000,
          30_000,
          usedUp(() => ({ fails: 'RATE_LIMIT_EXCEEDED' })),
          good(2_000),
        ),
      },
    }),
    ideal: 1,
  },
  {
    what: 'the same headers on answers, which are good',
    load: () => ({
      ...base,
      callsPerSecond: 5,
      seconds: 300,
      upstreams: { default: usedUp(good(2_000)) },
    }),
    ideal: 1,
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
