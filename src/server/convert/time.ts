import type { Duration } from '../../gen/google/protobuf/duration.ts';
import type { Timestamp } from '../../gen/google/protobuf/timestamp.ts';
import type { WireViolations } from './violations.ts';

/** The limits of google.protobuf.Duration and Timestamp; see their proto files. */
const MAX_DURATION_SECONDS = 315_576_000_000;
const MAX_TIMESTAMP_SECONDS = 253_402_300_799;
const MAX_NANOS = 999_999_999;

/** A span of `ms`, to the microsecond. Negative or not a number: zero. */
export function toDuration(ms: number): Duration {
  return splitSeconds(ms, MAX_DURATION_SECONDS);
}

/** The moment `epochMs`, to the microsecond. Before 1970 or not a number: 1970. */
export function toTimestamp(epochMs: number): Timestamp {
  return splitSeconds(epochMs, MAX_TIMESTAMP_SECONDS);
}

/** The span in ms, or undefined if it breaks the rules of google.protobuf.Duration. */
export function fromDuration(duration: Duration): number | undefined {
  const seconds = Number(duration.seconds);
  const { nanos } = duration;
  if (Math.abs(seconds) > MAX_DURATION_SECONDS || Math.abs(nanos) > MAX_NANOS) return undefined;
  if (seconds * nanos < 0) return undefined;
  return seconds * 1000 + nanos / 1e6;
}

/**
 * The moment in epoch ms, or undefined if it breaks the rules of google.protobuf.Timestamp or is
 * before 1970.
 */
export function fromTimestamp({ seconds, nanos }: Timestamp): number | undefined {
  const valid =
    seconds >= 0n && seconds <= MAX_TIMESTAMP_SECONDS && nanos >= 0 && nanos <= MAX_NANOS;
  return valid ? Number(seconds) * 1000 + nanos / 1e6 : undefined;
}

/** Microseconds: what lies below them is noise of the floating-point clock. */
function splitSeconds(ms: number, maxSeconds: number): { seconds: bigint; nanos: number } {
  const micros = Math.min(Math.round(Math.max(ms || 0, 0) * 1000), maxSeconds * 1e6);
  return { seconds: BigInt(Math.floor(micros / 1e6)), nanos: (micros % 1e6) * 1000 };
}

/** A duration of a request, in ms. */
export function fromWireDuration(
  duration: Duration | undefined,
  field: string,
  violations: WireViolations,
): number | undefined {
  if (duration === undefined) return undefined;
  return (
    fromDuration(duration) ??
    violations.add(field, 'must be a valid duration: at most 10,000 years, one sign')
  );
}
