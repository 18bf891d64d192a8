import { OTHER_MODEL, REASONING_MODEL } from './load.ts';
import { atRate, base, type Row } from './row.ts';
import {
  atOnce,
  between,
  byModel,
  FAILS,
  good,
  late,
  limited,
  RESETS,
  slower,
  sometimes,
} from './upstreams.ts';

/** Callers and models that are not like one another, and calls that do not come evenly. */
export const TRAFFIC: readonly Row[] = [
  {
    what: 'a brownout: 30% of the answers are ten times as slow',
    load: () => ({
      ...base,
      upstreams: {
        default: (at, random, asked) =>
          (random() < 0.3 ? slower(10, good(2_000)) : good(2_000))(at, random, asked),
      },
    }),
    ideal: 1,
  },
  {
    what: 'first words that come fifteen times as late for half a minute, callers with 30 s',
    load: () => ({
      ...base,
      deadlineMs: 30_000,
      seed: 4,
      upstreams: { default: between(20_000, 50_000, late(15, good(1_000)), good(1_000)) },
    }),
    ideal: 1,
  },
  {
    what: 'every fifth answer ends with an error event behind its first words',
    load: () => ({
      ...base,
      upstreams: {
        default: sometimes(
          0.2,
          { firstMs: 400, totalMs: 2_000, breaksMs: 1_000, breaksWith: 'SERVICE_UNAVAILABLE' },
          good(2_000),
        ),
      },
    }),
    ideal: 0.992,
  },
  {
    what: 'every tenth request gets a 503 that asks for a minute',
    load: () => ({
      ...base,
      upstreams: {
        default: sometimes(
          0.1,
          { fails: 'SERVICE_UNAVAILABLE', retryAfterMs: 60_000 },
          good(2_000),
        ),
      },
    }),
    ideal: 0.999,
  },
  {
    what: 'one connection in twenty is reset',
    load: () => ({ ...base, upstreams: { default: sometimes(0.05, RESETS, good(2_000)) } }),
    ideal: 1,
  },
  {
    what: 'one of two models fails, of the same upstream',
    load: () => ({
      ...base,
      kinds: [{ name: 'broken', share: 0.5, model: OTHER_MODEL }],
      upstreams: { default: byModel({ [OTHER_MODEL]: () => FAILS }, good(2_000)) },
    }),
    ideal: 0.5,
    also: { 'the other one is served': ({ shareOf }) => shareOf.ordinary === 1 },
  },
  {
    what: 'a model that is silent for three minutes while it reasons, beside quick calls, with a backup',
    load: () => ({
      ...base,
      deadlineMs: 600_000,
      kinds: [{ name: 'reasons', share: 0.2, model: REASONING_MODEL }],
      upstreams: {
        default: byModel(
          {
            [REASONING_MODEL]: (_at, random) => {
              const firstMs = 150_000 + 60_000 * random();
              return { firstMs, totalMs: firstMs + 2_000 };
            },
          },
          good(2_000),
        ),
        azure: () => FAILS,
      },
    }),
    ideal: 1,
    also: {
      'nobody is sent elsewhere for it': ({ requestsOf }) => requestsOf.azure === 0,
    },
  },
  {
    what: 'an outage of 20 s, behind which those who come are more than a limit of 30 requests a second takes at once',
    load: () => ({
      ...base,
      deadlineMs: 30_000,
      upstreams: { default: between(10_000, 30_000, () => FAILS, limited(30, good(2_000))) },
    }),
    // A call waits for an outage for `circuitBreaker.maxWait`, 5 s: who comes in the first 15 s is not served.
    ideal: (calls) => 1 - (15 * base.callsPerSecond) / calls,
    // The end is seen by the next probe, which waits for a second; those who waited follow in a ramp.
    learning: 0.06,
  },
  {
    what: 'a hundred calls at once after a quiet time, to a limit of 10 requests a second',
    load: () => ({
      ...base,
      callsPerSecond: 1,
      burst: { atMs: 30_000, calls: 100 },
      upstreams: { default: limited(10, good(1_000)) },
    }),
    ideal: 1,
  },
  {
    what: 'five hundred at once, to a limit of 15',
    load: () => ({
      ...base,
      callsPerSecond: 1,
      burst: { atMs: 30_000, calls: 500 },
      upstreams: { default: limited(15, good(1_000)) },
    }),
    ideal: 1,
  },
  {
    what: 'a limit of 15 requests a second, under 19 calls a second of one caller and one of another with 4 s',
    load: () => ({
      ...base,
      deadlineMs: 15_000,
      kinds: [{ name: 'few', share: 0.05, deadlineMs: 4_000, user: 'few' }],
      upstreams: { default: limited(15, good(1_000)) },
    }),
    ideal: atRate(15, 15),
    also: { 'the few are served': ({ shareOf }) => (shareOf.few ?? 0) > 0.98 },
  },
  {
    what: 'a limit of 15 requests a second, callers with 2 s, of which an answer takes 1.3',
    load: () => ({ ...base, deadlineMs: 2_000, upstreams: { default: limited(15, good(600)) } }),
    ideal: atRate(15, 15, 2_300),
  },
  {
    what: 'the same limit, every second caller with 2 s beside others with 60',
    load: () => ({
      ...base,
      kinds: [{ name: 'hasty', share: 0.5, deadlineMs: 2_000 }],
      upstreams: { default: limited(15, good(600)) },
    }),
    ideal: atRate(15, 15, 2_300),
  },
  {
    what: 'no more than 15 requests at once, callers with 2 s, of which an answer takes 1.3',
    load: () => ({ ...base, deadlineMs: 2_000, upstreams: { default: atOnce(15, good(600)) } }),
    ideal: atRate(15 / 1.3, 0, 2_300),
    learning: 0.04,
  },
  {
    what: 'ten seconds of calls between silences of two minutes, of which one changes the limit',
    load: () => ({
      ...base,
      seconds: 270,
      deadlineMs: 15_000,
      pace: (at) => (at % 130_000 < 10_000 ? 1 : 0),
      upstreams: {
        default: between(100_000, 200_000, limited(15, good(1_000)), limited(60, good(1_000))),
      },
    }),
    ideal: 1,
  },
  {
    what: 'shares of 1 to 1, of which one is twenty times as slow',
    load: () => ({
      ...base,
      deadlineMs: 120_000,
      weights: { default: 1, azure: 1 },
      upstreams: { default: good(1_000), azure: slower(20, good(1_000)) },
    }),
    ideal: 1,
  },
];

/** Loads whose upstream sees for whom a call is made: on the simulated clock alone. */
export const OF_USERS: readonly Row[] = [
  {
    what: 'answers of two to three minutes to one of five, another caller, where no more than 100 run at once',
    load: () => ({
      ...base,
      callsPerSecond: 5,
      seconds: 300,
      kinds: [{ name: 'long', share: 0.2, user: 'long', deadlineMs: 600_000 }],
      upstreams: {
        default: atOnce(100, (at, random, asked) =>
          good(asked.user === 'long' ? 120_000 : 1_000)(at, random, asked),
        ),
      },
    }),
    ideal: 1,
    // One place in a second and a half comes free, and whether there is room for one more shows by asking.
    learning: 0.25,
    also: { 'the others have their places': ({ shareOf }) => (shareOf.ordinary ?? 0) > 0.65 },
  },
];
