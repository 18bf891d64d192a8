import { group, inMs } from './fields.ts';
import { byteSize, duration, wholeNumber } from './quantities.ts';
import { DAY, HOUR, MIB, MINUTE, SECOND } from './units.ts';

/** Batches need dataDir. */
export const batchSchema = group({
  retention: duration('How long a batch and its results are kept once it has ended.', {
    min: HOUR,
    max: 3650 * DAY,
    default: 30 * DAY,
  }),
  maxItems: wholeNumber('Requests of one batch.', { min: 1, max: 10_000_000, default: 1_000_000 }),
  maxRequestsPerFile: wholeNumber(
    'Requests of one file at the upstream, into which a batch is split.',
    { min: 1, max: 1_000_000, default: 50_000 },
  ),
  maxBytesPerFile: byteSize('Size of such a file.', {
    min: 1_024,
    max: 512 * MIB,
    default: 190 * MIB,
  }),
  pollInterval: duration(
    'How often the upstream is asked at first how far it is; ever more seldom while nothing happens.',
    { min: 10, max: HOUR, default: 10 * SECOND },
  ),
  maxPollInterval: duration('How seldom the upstream is asked at most.', {
    min: 10,
    max: HOUR,
    default: 5 * MINUTE,
  }),
  lookFor: duration(
    'How long what was perhaps sent is looked for at the upstream before it is sent again.',
    { min: 1, max: HOUR, default: MINUTE },
  ),
  maxLocalCalls: wholeNumber(
    'Calls at once, over all batches, for upstreams without a batch API.',
    { min: 1, max: 1_000, default: 8 },
  ),
}).transform(({ maxItems, maxRequestsPerFile, maxBytesPerFile, maxLocalCalls, ...times }) => ({
  maxItems,
  maxRequestsPerFile,
  maxBytesPerFile,
  maxLocalCalls,
  ...inMs(times),
}));
