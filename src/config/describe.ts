import { createHash } from 'node:crypto';
import { stringify } from 'yaml';
import type { Config } from './schema.ts';
import { BYTE_UNITS, DURATION_UNITS, formatQuantity } from './units.ts';

/** The effective configuration as a configuration file. Secrets are only said to be there. */
export function describeConfig(config: Config): string {
  const { apiKey: _, timeoutMs, timeouts, limits, drain, ...same } = config;
  const settings = {
    ...same,
    timeout: duration(timeoutMs),
    timeouts: {
      connect: duration(timeouts.connectMs),
      headers: duration(timeouts.headersMs),
      firstToken: duration(timeouts.firstTokenMs),
      idle: duration(timeouts.idleMs),
    },
    limits: {
      maxMessageSize: formatQuantity(limits.maxMessageBytes, BYTE_UNITS),
      maxConcurrentStreams: limits.maxConcurrentStreams,
      maxDeadline: duration(limits.maxDeadlineMs),
    },
    drain: { gracePeriod: duration(drain.gracePeriodMs) },
  };
  return `# revision: ${configRevision(config)}\n# API key: (set)\n${stringify(settings)}`;
}

/**
 * Tells configurations apart: 12 hexadecimal digits of a hash over everything but the secrets, the
 * same in every process that runs with the same configuration.
 */
export function configRevision(config: Config): string {
  const { apiKey: _, ...open } = config;
  return createHash('sha256').update(canonicalJson(open)).digest('hex').slice(0, 12);
}

/** Keys in order, so that the text depends on the content alone. */
function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_, member: unknown) =>
    typeof member === 'object' && member !== null && !Array.isArray(member)
      ? Object.fromEntries(Object.entries(member).sort(([a], [b]) => (a < b ? -1 : 1)))
      : member,
  );
}

function duration(ms: number): string {
  return formatQuantity(ms, DURATION_UNITS);
}
