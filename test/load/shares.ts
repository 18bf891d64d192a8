import { base, type Row } from './row.ts';
import { FAILS, good, limited } from './upstreams.ts';

function isShare(part = 0, whole: number, share: number, tolerance: number): boolean {
  return Math.abs(part / whole - share) < tolerance;
}

/** Calls that are spread over targets. */
export const SHARES: readonly Row[] = [
  {
    what: 'two targets with shares of 3 to 1',
    load: () => ({
      ...base,
      weights: { default: 3, azure: 1 },
      upstreams: { default: good(2_000), azure: good(2_000) },
    }),
    ideal: 1,
    also: {
      'the shares are kept': ({ requestsOf, requests }) =>
        isShare(requestsOf.azure, requests, 0.25, 0.01),
    },
  },
  {
    what: 'the same, of which the larger is down for 20 s',
    load: () => ({
      ...base,
      weights: { default: 3, azure: 1 },
      upstreams: {
        default: (at, ...rest) => (at > 20_000 && at < 40_000 ? FAILS : good(2_000)(at, ...rest)),
        azure: good(2_000),
      },
    }),
    ideal: 1,
  },
  {
    what: 'shares of 1 to 1, of which one takes 5 requests a second',
    load: () => ({
      ...base,
      weights: { default: 1, azure: 1 },
      upstreams: { default: good(2_000), azure: limited(5, good(2_000)) },
    }),
    ideal: 1,
  },
];
