import { InvalidArgumentError, Option } from 'commander';

/** A day, which begins at midnight UTC, or a time with its zone: nobody should have to guess it. */
const ISO_8601 = /^(\d{4}-\d{2}-\d{2})(T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2}))?$/;

/** An option whose value is a time; parsed to epoch ms. */
export function timeOption(flags: string, description: string): Option {
  return new Option(
    flags,
    `${description} (ISO 8601: 2026-11-01 or 2026-11-01T10:00:00Z)`,
  ).argParser(readTime);
}

function readTime(text: string): number {
  const day = ISO_8601.exec(text)?.[1];
  const epochMs = Date.parse(text);
  if (day === undefined || Number.isNaN(epochMs) || !isDay(day)) {
    throw new InvalidArgumentError(
      'It must be a day such as 2026-11-01 or a time with its zone such as 2026-11-01T10:00:00Z.',
    );
  }
  return epochMs;
}

/** Date.parse takes February 30 for March 2. */
function isDay(day: string): boolean {
  return new Date(Date.parse(day)).toISOString().startsWith(day);
}
