import type { Load } from './load.ts';
import { base, type Row } from './row.ts';
import {
  between,
  collapsing,
  deployed,
  FAILS,
  good,
  limited,
  RESETS,
  sometimes,
  turns,
} from './upstreams.ts';

/** Upstreams that fail, fall silent or break off. */
export const TROUBLE: readonly Row[] = [
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
  ...[1, 2, 3, 5, 7, 11, 30].map((seconds) => ({
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
        default: (at, ...rest) => (at > 20_000 && at < 23_000 ? RESETS : good(2_000)(at, ...rest)),
      },
    }),
    ideal: 1,
  },
  {
    what: 'an outage of 20 s',
    load: () => ({
      ...base,
      upstreams: { default: between(10_000, 30_000, () => FAILS, good(2_000)) },
    }),
    // A call waits for `circuitBreaker.maxWait`, 5 s: who comes in the first 15 s is not served.
    ideal: (calls) => 1 - (15 * base.callsPerSecond) / calls,
    // The end is seen by the next probe, which waits for a second.
    learning: 0.03,
  },
  {
    what: 'the same, callers who wait for half a minute',
    load: () => ({
      ...base,
      breaker: { maxWaitMs: 30_000 },
      upstreams: { default: between(10_000, 30_000, () => FAILS, good(2_000)) },
    }),
    ideal: 1,
  },
  {
    what: 'outages of 2 s every 30 s, of which requests get no answer',
    load: () => ({
      ...base,
      seconds: 120,
      upstreams: {
        default: (at, ...rest) => (at % 30_000 < 28_000 ? good(1_000)(at, ...rest) : 'silence'),
      },
    }),
    // Time-outs of 30 s: the other attempt of those comes into the next one.
    ideal: 0.933,
  },
  {
    what: 'an outage of one server of five after the other, each for 3 s, in which its answers break off',
    load: () => ({ ...base, upstreams: { default: deployed(5, 10_000, 8_000, 3_000) } }),
    // Answers are of 8 s: the purse has no retry for every one that breaks.
    ideal: 0.94,
  },
  {
    what: 'an outage of 30 s, beside a backup that takes 5 requests a second',
    load: () => ({
      ...base,
      deadlineMs: 20_000,
      upstreams: {
        default: between(10_000, 40_000, () => FAILS, good(1_000)),
        azure: limited(5, good(1_000)),
      },
    }),
    // Who comes in the last 5 s is served when it is over.
    ideal: (calls) => 1 - (25 * (base.callsPerSecond - 5)) / calls,
    learning: 0.02,
  },
  {
    what: 'an upstream that always fails',
    load: () => ({ ...base, upstreams: { default: () => FAILS } }),
    ideal: 0,
    also: {
      'it is asked by every fifth call at most': ({ requests, calls }) => requests < calls / 5,
    },
  },
  {
    what: 'an upstream that flaps: up for 4 s, down for 1 s, callers with 30 s',
    load: () => ({
      ...base,
      deadlineMs: 30_000,
      upstreams: {
        default: (at, ...rest) => (at % 5_000 < 4_000 ? good(2_000)(at, ...rest) : FAILS),
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
    what: 'half of the requests get a 503, without a backup',
    load: () => ({ ...base, upstreams: { default: sometimes(0.5, FAILS, good(2_000)) } }),
    // Three attempts leave an eighth.
    ideal: 0.875,
  },
  {
    what: 'the same of seven tenths',
    load: () => ({ ...base, upstreams: { default: sometimes(0.7, FAILS, good(2_000)) } }),
    ideal: 0.657,
  },
  {
    what: 'half of the requests get a 503 after 1 to 5 s, under 60 calls a second',
    load: () => ({
      ...base,
      callsPerSecond: 60,
      upstreams: {
        default: (at, random, asked) =>
          random() < 0.5
            ? { ...FAILS, afterMs: 1_000 + 4_000 * random() }
            : good(2_000)(at, random, asked),
      },
    }),
    ideal: 0.875,
  },
  {
    what: 'nine of ten requests get a 503, without a backup',
    load: () => ({ ...base, upstreams: { default: sometimes(0.9, FAILS, good(2_000)) } }),
    ideal: 0.271,
  },
  {
    what: '30% of errors without a backup, under 100 calls a second',
    load: () => ({
      ...base,
      callsPerSecond: 100,
      upstreams: { default: sometimes(0.3, FAILS, good(1_000)) },
    }),
    ideal: 0.973,
  },
  {
    what: 'an upstream that answers the fewer the more it is sent above 40 requests a second, under 60, with 503s',
    load: () => ({
      ...base,
      callsPerSecond: 60,
      deadlineMs: 15_000,
      upstreams: { default: collapsing(40, good(1_000)) },
    }),
    // 40 a second until the last whose answer may take 2.3 s can still be answered.
    ideal: (calls) => (40 * (base.seconds + 12.7)) / calls,
    // Where it collapses shows when it does; four in ten are answered without retries.
    learning: 0.2,
    // Of one seed in two; over many 2%.
    costs: { retries: 0.06 },
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
  {
    what: 'an upstream that fails after 8 s, with a backup',
    load: () => ({
      ...base,
      deadlineMs: 30_000,
      upstreams: {
        default: () => ({ fails: 'SERVICE_UNAVAILABLE', afterMs: 8_000 }),
        azure: good(2_000),
      },
    }),
    ideal: 1,
    also: {
      'no call asks it twice': ({ requestsOf, calls }) => (requestsOf.default ?? 0) <= calls,
    },
  },
];
