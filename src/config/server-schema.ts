import { choice, group, inMs } from './fields.ts';
import { byteSize, duration, share, wholeNumber } from './quantities.ts';
import { GIB, HOUR, KIB, LONGEST, MIB, SECOND } from './units.ts';

export const limitsSchema = group({
  maxMessageSize: byteSize('Largest gRPC message, in either direction.', {
    min: 64 * KIB,
    max: GIB,
    default: 32 * MIB,
  }),
  maxConnections: wholeNumber(
    'Connections of callers at once; at most half of the files that the process may open. The one without a call for longest makes room for one more.',
    { min: 1, max: 100_000, default: 2000 },
  ),
  idleTimeout: duration('How long a connection may be without a call.', {
    min: SECOND,
    max: LONGEST,
    default: HOUR,
  }),
  maxConnectionAge: duration(
    'How long a connection may stand, give or take a tenth; its calls go on, new ones take another.',
    { min: SECOND, max: LONGEST, default: LONGEST },
  ),
  maxConcurrentStreams: wholeNumber('Calls that may run at once on one connection.', {
    min: 1,
    max: 100_000,
    default: 1000,
  }),
  maxDeadline: duration('Longest deadline; a longer one is cut to it.', {
    min: SECOND,
    max: LONGEST,
    default: HOUR,
  }),
  stallTimeout: duration('How long a request may take to arrive, and a caller to read on.', {
    min: SECOND,
    max: LONGEST,
    default: 60 * SECOND,
  }),
}).transform(
  ({ maxMessageSize, maxDeadline, stallTimeout, idleTimeout, maxConnectionAge, ...same }) => ({
    ...same,
    maxMessageBytes: maxMessageSize,
    ...inMs({ maxDeadline, stallTimeout, idleTimeout, maxConnectionAge }),
  }),
);

export const errorsSchema = group({
  upstreamMessages: choice(
    "Whether callers see the upstream's own words for a failure; they may quote the caller's prompt.",
    ['on', 'off'],
    'on',
  ),
});

export const drainSchema = group({
  gracePeriod: duration('How long running calls may go on once the process was told to stop.', {
    min: 0,
    max: LONGEST,
    default: 30 * SECOND,
  }),
}).transform(inMs);

export const overloadSchema = group({
  maxCalls: wholeNumber('Calls that may run or wait at once; one more is refused.', {
    min: 1,
    max: 1_000_000,
    default: 5000,
  }),
  maxConnectionShare: share()
    .default(0.5)
    .describe(
      'Share of maxCalls, and of the bytes of requests, that one connection may have. A number above 0, at most 1; default 0.5.',
    ),
  maxEventLoopDelay: duration('Delay of the event loop above which new calls are refused.', {
    min: 1,
    max: LONGEST,
    default: SECOND,
  }),
  maxRequestsSize: byteSize('Bytes of requests that may be held before more are refused.', {
    min: MIB,
    max: 1024 * GIB,
    default: 96 * MIB,
  }),
  maxRequestShare: share()
    .default(0.25)
    .describe(
      'Share of the memory of this process, or of twice the heap where that is less, that requests may take before more are refused. A number above 0, at most 1; default 0.25.',
    ),
  maxHeapShare: share()
    .default(0.9)
    .describe(
      'Share of the heap that may be in use before new calls are refused. A number above 0, at most 1; default 0.9.',
    ),
  maxMemoryShare: share()
    .default(0.9)
    .describe(
      'Share of the memory of this process that it may have taken before new calls are refused, what is not in the heap included. A number above 0, at most 1; default 0.9.',
    ),
}).transform(({ maxEventLoopDelay, maxRequestsSize, ...same }) => ({
  ...same,
  maxRequestsBytes: maxRequestsSize,
  ...inMs({ maxEventLoopDelay }),
}));
